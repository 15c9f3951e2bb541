import { describe, expect, it } from "vitest";
import { expectClose, useReference } from "../../../test/values.js";
import * as t from "../index.js";
import { arange, ArgumentError, grad, IndexError, ShapeError, tensor, type Tensor } from "../index.js";

useReference();

const square = tensor([
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 9],
]);

describe("shapes", () => {
  it("works out one size", () => {
    expect(arange(12).reshape(3, -1).shape).toEqual([3, 4]);
    expect(arange(12).reshape([2, 3, -1]).shape).toEqual([2, 3, 2]);
    expect(t.zeros([0, 3]).reshape(0, 5).shape).toEqual([0, 5]);
    expect(() => arange(12).reshape(5, -1)).toThrow(ShapeError);
    expect(() => arange(12).reshape(-1, -1)).toThrow(ShapeError);
    expect(() => t.zeros([0]).reshape(0, -1)).toThrow(ShapeError);
    expect(() => arange(12).reshape(5)).toThrow("[reshape] [12] holds 12 elements, which [5] cannot");
  });

  it("joins and splits axes", () => {
    const x = t.zeros([2, 3, 4, 5]);
    expect(x.flatten().shape).toEqual([120]);
    expect(x.flatten(1).shape).toEqual([2, 60]);
    expect(x.flatten(1, 2).shape).toEqual([2, 12, 5]);
    expect(t.flatten(tensor(1)).shape).toEqual([1]);
    expect(x.unflatten(2, [2, -1]).shape).toEqual([2, 3, 2, 2, 5]);
    expect(() => x.flatten(2, 1)).toThrow(IndexError);
    expect(() => x.unflatten(1, [2, -1])).toThrow(ShapeError);
  });

  it("adds and drops axes of size 1", () => {
    const x = t.zeros([1, 3, 1]);
    expect(x.squeeze().shape).toEqual([3]);
    expect(x.squeeze(0).shape).toEqual([3, 1]);
    expect(x.squeeze([0, -1]).shape).toEqual([3]);
    expect(() => x.squeeze(1)).toThrow(ShapeError);
    expect(tensor([1, 2]).unsqueeze(0).shape).toEqual([1, 2]);
    expect(tensor([1, 2]).unsqueeze([0, -1]).shape).toEqual([1, 2, 1]);
    expect(() => tensor([1]).unsqueeze(2)).toThrow(IndexError);
  });

  it("reorders axes", async () => {
    const x = t.zeros([2, 3, 4]);
    expect(x.permute(2, 0, 1).shape).toEqual([4, 2, 3]);
    expect(t.permute(x).shape).toEqual([4, 3, 2]);
    expect(t.swapaxes(x, 0, -1).shape).toEqual([4, 3, 2]);
    expect(x.moveaxis(0, -1).shape).toEqual([3, 4, 2]);
    expect(x.moveaxis([0, 1], [1, 0]).shape).toEqual([3, 2, 4]);
    expect(() => x.permute(0, 1)).toThrow(IndexError);
    await expectClose(
      tensor([
        [1, 2],
        [3, 4],
      ]).transpose(),
      [
        [1, 3],
        [2, 4],
      ],
    );
  });

  it("expands", async () => {
    await expectClose(tensor([[1], [2]]).expand(2, 3), [
      [1, 1, 1],
      [2, 2, 2],
    ]);
    expect(tensor([[1], [2]]).expand(4, -1, 3).shape).toEqual([4, 2, 3]);
    expect(() => tensor([1, 2]).expand(3)).toThrow("[expand] [2] does not broadcast to [3]");
  });
});

describe("joining and cutting", () => {
  it("concatenates and stacks", async () => {
    await expectClose(t.concat([tensor([[1]]), tensor([[2], [3]])]), [[1], [2], [3]]);
    await expectClose(t.stack([tensor([1, 2]), tensor([3, 4])], -1), [
      [1, 3],
      [2, 4],
    ]);
    expect(t.concat([tensor([1], { dtype: "int32" }), tensor([0.5])]).dtype).toBe("float32");
    expect(() => t.concat([])).toThrow(ArgumentError);
    expect(() => t.concat([tensor([[1]]), tensor([1])])).toThrow(ShapeError);
    expect(() => t.stack([tensor([1]), tensor([1, 2])])).toThrow(ShapeError);
  });

  it("splits", async () => {
    const sizes = (parts: readonly Tensor[]): unknown => parts.map((part) => part.shape);
    expect(sizes(arange(7).split(3))).toEqual([[3], [3], [1]]);
    expect(sizes(arange(7).split([2, 5]))).toEqual([[2], [5]]);
    expect(sizes(arange(7).chunk(3))).toEqual([[3], [3], [1]]);
    expect(sizes(square.unbind(1))).toEqual([[3], [3], [3]]);
    await expectClose(square.unbind(1)[1] ?? square, [2, 5, 8]);
    await expectClose(arange(7).split([2, 5])[1] ?? square, [2, 3, 4, 5, 6]);
    expect(() => arange(7).split([2, 4])).toThrow(ShapeError);
    expect(() => arange(7).split(0)).toThrow(ArgumentError);
  });

  it("flips and rolls", async () => {
    await expectClose(square.flip(1), [
      [3, 2, 1],
      [6, 5, 4],
      [9, 8, 7],
    ]);
    await expectClose(square.flip(), [
      [9, 8, 7],
      [6, 5, 4],
      [3, 2, 1],
    ]);
    await expectClose(square.roll(1), [
      [9, 1, 2],
      [3, 4, 5],
      [6, 7, 8],
    ]);
    await expectClose(square.roll(-1, 0), [
      [4, 5, 6],
      [7, 8, 9],
      [1, 2, 3],
    ]);
    await expectClose(square.roll([1, 4], [0, 1]), [
      [9, 7, 8],
      [3, 1, 2],
      [6, 4, 5],
    ]);
    expect(() => square.roll([1, 2], 0)).toThrow(ArgumentError);
  });

  it("repeats", async () => {
    await expectClose(tensor([1, 2]).tile(2, 2), [
      [1, 2, 1, 2],
      [1, 2, 1, 2],
    ]);
    await expectClose(tensor([[1, 2]]).tile(2), [[1, 2, 1, 2]]);
    expect(tensor([1, 2]).tile(0).shape).toEqual([0]);
    await expectClose(
      tensor([
        [1, 2],
        [3, 4],
      ]).repeatInterleave(2, 1),
      [
        [1, 1, 2, 2],
        [3, 3, 4, 4],
      ],
    );
    await expectClose(
      tensor([
        [1, 2],
        [3, 4],
      ]).repeatInterleave(2),
      [1, 1, 2, 2, 3, 3, 4, 4],
    );
    await expectClose(
      grad((x: Tensor) =>
        x
          .repeatInterleave(3, 0)
          .mul(tensor([1, 2, 3, 4, 5, 6]))
          .sum(),
      )(tensor([1, 1])),
      [6, 15],
    );
  });
});

describe("triangles and diagonals", () => {
  it("keeps one side", async () => {
    await expectClose(square.tril(), [
      [1, 0, 0],
      [4, 5, 0],
      [7, 8, 9],
    ]);
    await expectClose(square.tril(-1), [
      [0, 0, 0],
      [4, 0, 0],
      [7, 8, 0],
    ]);
    await expectClose(square.triu(1), [
      [0, 2, 3],
      [0, 0, 6],
      [0, 0, 0],
    ]);
    expect(() => tensor([1]).triu()).toThrow(ShapeError);
  });

  it("takes and makes diagonals", async () => {
    await expectClose(t.diag(square), [1, 5, 9]);
    await expectClose(t.diag(square, 1), [2, 6]);
    await expectClose(t.diag(square, -2), [7]);
    expect(t.diag(square, 5).shape).toEqual([0]);
    await expectClose(t.diag(tensor([1, 2])), [
      [1, 0],
      [0, 2],
    ]);
    await expectClose(t.diag(tensor([1, 2]), -1), [
      [0, 0, 0],
      [1, 0, 0],
      [0, 2, 0],
    ]);
    await expectClose(t.diag(tensor([1, 2]), 1), [
      [0, 1, 0],
      [0, 0, 2],
      [0, 0, 0],
    ]);
    await expectClose(
      t.diagonal(
        tensor([
          [
            [1, 2],
            [3, 4],
          ],
          [
            [5, 6],
            [7, 8],
          ],
        ]),
        { axis1: 1, axis2: 2 },
      ),
      [
        [1, 4],
        [5, 8],
      ],
    );
    await expectClose(
      t.diagonal(
        tensor([
          [1, 2, 3],
          [4, 5, 6],
        ]),
      ),
      [1, 5],
    );
    await expectClose(grad((x: Tensor) => t.diag(x).square().sum())(square), [
      [2, 0, 0],
      [0, 10, 0],
      [0, 0, 18],
    ]);
  });
});

describe("pad", () => {
  it("fills, mirrors, repeats and wraps", async () => {
    const x = tensor([1, 2, 3]);
    await expectClose(x.pad([[1, 2]], { value: 9 }), [9, 1, 2, 3, 9, 9]);
    await expectClose(x.pad([[-1, 1]]), [2, 3, 0]);
    await expectClose(x.pad([[2, 2]], { mode: "reflect" }), [3, 2, 1, 2, 3, 2, 1]);
    await expectClose(x.pad([[2, 1]], { mode: "replicate" }), [1, 1, 1, 2, 3, 3]);
    await expectClose(x.pad([[2, 1]], { mode: "circular" }), [2, 3, 1, 2, 3, 1]);
    await expectClose(tensor([[1, 2]]).pad(1), [
      [0, 0, 0, 0],
      [0, 1, 2, 0],
      [0, 0, 0, 0],
    ]);
    await expectClose(
      tensor([
        [1, 2],
        [3, 4],
      ]).pad([[1, 0]]),
      [
        [0, 1, 2],
        [0, 3, 4],
      ],
    );
    await expectClose(grad((v: Tensor) => v.pad([[2, 2]], { mode: "reflect" }).sum())(x), [2, 3, 2]);
  });

  it("refuses what a mode cannot fill", () => {
    const x = tensor([1, 2, 3]);
    expect(() => x.pad([[3, 0]], { mode: "reflect" })).toThrow(ShapeError);
    expect(() => x.pad([[4, 0]], { mode: "circular" })).toThrow(ShapeError);
    expect(() => x.pad([[-1, 0]], { mode: "reflect" })).toThrow(ArgumentError);
    expect(() => x.pad([[-2, -2]])).toThrow(ShapeError);
    expect(() =>
      x.pad([
        [1, 1],
        [1, 1],
      ]),
    ).toThrow(ShapeError);
    expect(() => x.pad(0.5)).toThrow(ArgumentError);
  });
});
