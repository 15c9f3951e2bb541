import { describe, expect, it } from "vitest";
import { expectClose, useReference } from "../../../test/values.js";
import {
  ArgumentError,
  binaryCrossEntropy,
  contrastiveLoss,
  cosineEmbeddingLoss,
  DTypeError,
  gaussianNllLoss,
  grad,
  huberLoss,
  infoNce,
  klDiv,
  l1Loss,
  mseLoss,
  multiMarginLoss,
  nllLoss,
  ntXentLoss,
  ShapeError,
  smoothL1Loss,
  tensor,
  tripletMarginLoss,
  type Tensor,
  zeros,
} from "../index.js";

useReference();

describe("binaryCrossEntropy", () => {
  it("is bounded where a probability is 0 or 1, in value and slope, as PyTorch's", async () => {
    const p = tensor([0, 0, 1, 1]);
    const t = tensor([0, 1, 0, 1]);
    await expectClose(binaryCrossEntropy(p, t, { reduction: "none" }), [0, 100, 100, 0]);
    const slope = await grad((x: Tensor) => binaryCrossEntropy(x, t, { reduction: "sum" }))(p).data();
    expect(slope[1]).toBeCloseTo(-1e12, -6);
    expect(slope[2]).toBeCloseTo(1e12, -6);
  });
});

describe("infoNce and ntXentLoss", () => {
  const x = tensor([
    [1, 0],
    [0, 2],
  ]);

  it("of equal views by hand", async () => {
    await expectClose(infoNce(x, x, { temperature: 1 }), Math.log(1 + Math.exp(-1)));
    await expectClose(ntXentLoss(x, x, { temperature: 1 }), Math.log(1 + 2 * Math.exp(-1)));
  });

  it("have a finite gradient at a vector of zeros", async () => {
    await expectClose(grad((v: Tensor) => ntXentLoss(v, v))(zeros([2, 2])), [
      [0, 0],
      [0, 0],
    ]);
  });

  it("refuse what does not fit", () => {
    expect(() => infoNce(x, x, { temperature: 0 })).toThrow(ArgumentError);
    expect(() => infoNce(x, x, { negatives: zeros([3, 4]) })).toThrow("[infoNce] negatives [3, 4] must be [M, 2]");
    expect(() => ntXentLoss(zeros([2]), zeros([2]))).toThrow("[ntXentLoss] [2] must be [N, D]");
  });
});

describe("distances", () => {
  it("of equal vectors have the gradient 0", async () => {
    const x = tensor([[1, 2]]);
    await expectClose(grad((v: Tensor) => contrastiveLoss(v, x, tensor([1])))(x), [[0, 0]]);
    await expectClose(grad((v: Tensor) => tripletMarginLoss(v, x, x, { eps: 0 }))(x), [[0, 0]]);
  });
});

describe("losses refuse", () => {
  const matrix = zeros([2, 3]);

  it("shapes that differ", () => {
    expect(() => l1Loss(zeros([2, 1]), zeros([2]))).toThrow("[l1Loss] input [2, 1] and target [2] differ");
    expect(() => klDiv(matrix, zeros([3]))).toThrow(ShapeError);
    expect(() => gaussianNllLoss(matrix, matrix, zeros([3]))).toThrow("[gaussianNllLoss] variance [3] does not fit");
    expect(() => tripletMarginLoss(matrix, matrix, zeros([2, 2]))).toThrow("anchor [2, 3] and positive [2, 3] and negative");
    expect(() => cosineEmbeddingLoss(matrix, matrix, zeros([3]))).toThrow("expected a label for each vector, [2]");
    expect(() => nllLoss(matrix, tensor([0, 1], { dtype: "int32" }), { weight: zeros([2]) })).toThrow("weight [2] must be [3]");
  });

  it("options without a meaning", () => {
    expect(() => huberLoss(matrix, matrix, { delta: 0 })).toThrow(ArgumentError);
    expect(() => smoothL1Loss(matrix, matrix, { beta: -1 })).toThrow("[smoothL1Loss] beta -1");
    expect(() => mseLoss(matrix, matrix, { reduction: "max" as never })).toThrow("[mseLoss] reduction");
    expect(() => multiMarginLoss(matrix, tensor([0, 1], { dtype: "int32" }), { p: 3 as never })).toThrow("p 3 must be 1 or 2");
    expect(() => multiMarginLoss(matrix, zeros([2]))).toThrow(DTypeError);
    expect(() => klDiv(zeros([]), zeros([]), { reduction: "batchMean" })).toThrow(ArgumentError);
  });
});
