import { describe, expect, it } from "vitest";
import { expectClose, useReference } from "../../../test/values.js";
import {
  arange,
  ArgumentError,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  grad,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  ones,
  randn,
  ShapeError,
  tensor,
  zeros,
  type Tensor,
} from "../index.js";

useReference();

const line = tensor([[[1, 2, 3, 4, 5]]]);

describe("convolution", () => {
  it("slides a window", async () => {
    await expectClose(conv1d(line, tensor([[[1, 0, -1]]])), [[[-2, -2, -2]]]);
    await expectClose(conv1d(line, tensor([[[1, 1]]]), tensor([10]), { stride: 2 }), [[[13, 17]]]);
    await expectClose(conv1d(line, tensor([[[1, 1]]]), undefined, { padding: 1, dilation: 2 }), [[[2, 4, 6, 8, 4]]]);
    await expectClose(conv1d(line, tensor([[[1, 1]]]), undefined, { padding: "same" }), [[[3, 5, 7, 9, 5]]]);
    await expectClose(conv1d(line, tensor([[[1, 1]]]), undefined, { padding: "valid" }), [[[3, 5, 7, 9]]]);
    await expectClose(conv1d(tensor([[1, 2, 3]]), tensor([[[2]], [[3]]])), [
      [2, 4, 6],
      [3, 6, 9],
    ]);
    await expectClose(conv2d(arange(9).reshape(1, 1, 3, 3).astype("float32"), ones([1, 1, 2, 2])), [
      [
        [
          [8, 12],
          [20, 24],
        ],
      ],
    ]);
    expect(
      conv2d(zeros([2, 3, 10, 12]), zeros([8, 3, 3, 5]), zeros([8]), { stride: [2, 1], padding: [1, 2] }).shape,
    ).toEqual([2, 8, 5, 12]);
    expect(conv3d(zeros([1, 2, 5, 6, 7]), zeros([4, 2, 1, 2, 3])).shape).toEqual([1, 4, 5, 5, 5]);
  });

  it("keeps groups apart", async () => {
    const x = tensor([
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    await expectClose(conv1d(x, tensor([[[10]], [[100]]]), undefined, { groups: 2 }), [
      [
        [10, 20],
        [300, 400],
      ],
    ]);
  });

  it("refuses what does not fit", () => {
    expect(() => conv2d(zeros([1, 3, 5, 5]), zeros([4, 2, 3, 3]))).toThrow(
      "[conv2d] input [1, 3, 5, 5] has 3 channels, and weight [4, 2, 3, 3] takes 2",
    );
    expect(() => conv2d(zeros([5, 5]), zeros([4, 2, 3, 3]))).toThrow(ShapeError);
    expect(() => conv1d(line, zeros([1, 1, 2]), zeros([2]))).toThrow(ShapeError);
    expect(() => conv1d(line, zeros([1, 1, 2]), undefined, { stride: 0 })).toThrow(ArgumentError);
    expect(() => conv1d(line, zeros([1, 1, 2]), undefined, { stride: [1, 1] })).toThrow(ArgumentError);
    expect(() => conv1d(line, zeros([1, 1, 2]), undefined, { stride: 2, padding: "same" })).toThrow(ArgumentError);
  });
});

describe("transposed convolution", () => {
  it("spreads each element", async () => {
    const x = tensor([[[1, 2]]]);
    const w = tensor([[[1, 10, 100]]]);
    await expectClose(convTranspose1d(x, w), [[[1, 12, 120, 200]]]);
    await expectClose(convTranspose1d(x, w, tensor([0.5]), { stride: 2 }), [[[1.5, 10.5, 102.5, 20.5, 200.5]]]);
    await expectClose(convTranspose1d(x, w, undefined, { stride: 2, padding: 1 }), [[[10, 102, 20]]]);
    await expectClose(convTranspose1d(x, w, undefined, { stride: 2, padding: 1, outputPadding: 1 }), [
      [[10, 102, 20, 200]],
    ]);
    await expectClose(convTranspose1d(x, w, undefined, { padding: 1 }), [[[12, 120]]]);
    await expectClose(convTranspose1d(tensor([[[1, 2, 3]]]), tensor([[[5]]]), undefined, { padding: 1 }), [[[10]]]);
    await expectClose(convTranspose1d(tensor([[[1], [2]]]), tensor([[[1, 2]], [[3, 4]]]), undefined, { groups: 2 }), [
      [
        [1, 2],
        [6, 8],
      ],
    ]);
    expect(() => convTranspose1d(x, w, undefined, { outputPadding: 1 })).toThrow(ArgumentError);
  });

  it("is the adjoint of the convolution", async () => {
    const options = { stride: 2, padding: 1, dilation: 2, groups: 2 };
    const x = randn([2, 4, 7, 6]);
    const w = randn([6, 2, 3, 2]);
    const y = conv2d(x, w, undefined, options);
    const dy = randn(y.shape);
    const back = convTranspose2d(dy, w, undefined, { ...options, outputPadding: [0, 1] });
    expect(back.shape).toEqual(x.shape);
    const dx = grad((v: Tensor) => conv2d(v, w, undefined, options).mul(dy).sum())(x);
    await expectClose(back.sub(dx).abs().max(), 0, 1e-5);
  });
});

describe("pooling", () => {
  const image = arange(16).reshape(1, 1, 4, 4).astype("float32");

  it("takes the largest and the mean", async () => {
    await expectClose(maxPool2d(image, 2), [
      [
        [
          [5, 7],
          [13, 15],
        ],
      ],
    ]);
    await expectClose(avgPool2d(image, 2), [
      [
        [
          [2.5, 4.5],
          [10.5, 12.5],
        ],
      ],
    ]);
    await expectClose(maxPool2d(image, [1, 2], { stride: [2, 2] }), [
      [
        [
          [1, 3],
          [9, 11],
        ],
      ],
    ]);
    await expectClose(maxPool1d(line, 2, { stride: 1, dilation: 2 }), [[[3, 4, 5]]]);
    await expectClose(maxPool1d(line.neg(), 3, { padding: 1 }), [[[-1, -3]]]);
    await expectClose(maxPool1d(tensor([[1, 5, 2]]), 2), [[5]]);
    expect(maxPool3d(zeros([1, 2, 4, 5, 6]), 2).shape).toEqual([1, 2, 2, 2, 3]);
    expect(avgPool3d(zeros([1, 2, 4, 5, 6]), [1, 2, 3]).shape).toEqual([1, 2, 4, 2, 2]);
  });

  it("counts padding, or not", async () => {
    await expectClose(avgPool1d(line, 2, { padding: 1 }), [[[0.5, 2.5, 4.5]]]);
    await expectClose(avgPool1d(line, 2, { padding: 1, countIncludePad: false }), [[[1, 2.5, 4.5]]]);
  });

  it("has derivatives", async () => {
    await expectClose(grad((v: Tensor) => maxPool1d(v, 2).sum())(tensor([[[1, 3, 2, 2]]])), [[[0, 1, 1, 0]]]);
    await expectClose(grad((v: Tensor) => avgPool1d(v, 2, { stride: 1 }).sum())(tensor([[[1, 3, 2]]])), [
      [[0.5, 1, 0.5]],
    ]);
  });

  it("refuses what does not fit", () => {
    expect(() => maxPool2d(image, 5)).toThrow("[maxPool2d] window [5, 5] does not fit into input [1, 1, 4, 4]");
    expect(() => maxPool2d(image, 2, { padding: 2 })).toThrow(ArgumentError);
    expect(() => maxPool2d(zeros([4, 4]), 2)).toThrow(ShapeError);
    expect(() => avgPool1d(line, 0)).toThrow(ArgumentError);
  });
});
