import { describe, expect, it } from "vitest";
import { expectClose, useReference } from "../../../test/values.js";
import { crossEntropy, DTypeError, grad, mseLoss, ShapeError, tensor, type Tensor, zeros } from "../index.js";

useReference();

const ints = (values: number | number[] | number[][], dtype: "int32" | "uint8" = "int32"): Tensor =>
  tensor(values, { dtype });

/** −ln softmax(row)[target], by definition. */
function surprise(row: readonly number[], target: number): number {
  return Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0)) - (row[target] ?? NaN);
}

describe("crossEntropy", () => {
  const rows = [
    [1, 2, 3],
    [0.5, -1, 0],
  ];
  const logits = tensor(rows, { dtype: "float64" });
  const [first = [], second = []] = rows;
  const losses = [surprise(first, 2), surprise(second, 0)];
  const [l0 = 0, l1 = 0] = losses;

  it("of class indices", async () => {
    await expectClose(crossEntropy(logits, ints([2, 0])), (l0 + l1) / 2);
    await expectClose(crossEntropy(logits, ints([2, 0], "uint8"), { reduction: "sum" }), l0 + l1);
    await expectClose(crossEntropy(logits, ints([2, 0]), { reduction: "none" }), losses);
    await expectClose(crossEntropy(tensor(first), ints(2)), l0);
  });

  it("of maps [N, C, d…]", async () => {
    const maps = logits.transpose().unsqueeze(0);
    expect(maps.shape).toEqual([1, 3, 2]);
    await expectClose(crossEntropy(maps, ints([[2, 0]]), { reduction: "none" }), [losses]);
  });

  it("of probabilities", async () => {
    const target = tensor([
      [0, 0, 1],
      [0.5, 0.25, 0.25],
    ]);
    const expected = 0.5 * surprise(second, 0) + 0.25 * surprise(second, 1) + 0.25 * surprise(second, 2);
    await expectClose(crossEntropy(logits, target, { reduction: "none" }), [l0, expected]);
  });

  it("has the gradient (softmax − one-hot) / N", async () => {
    const gradient = grad((z: Tensor) => crossEntropy(z, ints([2, 0])))(logits);
    const softmax = rows.map((row) => row.map((v) => Math.exp(v) / row.reduce((sum, u) => sum + Math.exp(u), 0)));
    await expectClose(
      gradient,
      softmax.map((row, i) => row.map((p, j) => (p - (j === (i === 0 ? 2 : 0) ? 1 : 0)) / 2)),
    );
  });

  it("stays finite at ±1e4", async () => {
    const far = tensor([
      [1e4, -1e4],
      [1e4, -1e4],
    ]);
    await expectClose(crossEntropy(far, ints([0, 1]), { reduction: "none" }), [0, 2e4]);
    await expectClose(grad((z: Tensor) => crossEntropy(z, ints([0, 1]), { reduction: "sum" }))(far), [
      [0, 0],
      [1, -1],
    ]);
  });

  it("leaves out ignored examples", async () => {
    await expectClose(crossEntropy(logits, ints([2, -100])), l0);
    await expectClose(crossEntropy(logits, ints([2, 0]), { ignoreIndex: 0, reduction: "none" }), [l0, 0]);
    await expectClose(crossEntropy(logits, ints([2, 0], "uint8"), { ignoreIndex: 2 }), l1);
    await expectClose(crossEntropy(logits, ints([-100, -100])), NaN);
    await expectClose(crossEntropy(logits, ints([-100, -100]), { reduction: "sum" }), 0);
  });

  it("refuses options without a meaning", () => {
    expect(() => crossEntropy(logits, ints([2, 0]), { labelSmoothing: 1.5 })).toThrow("[crossEntropy] labelSmoothing 1.5");
    expect(() => crossEntropy(logits, ints([2, 0]), { ignoreIndex: 0.5 })).toThrow("[crossEntropy] ignoreIndex 0.5");
    expect(() => crossEntropy(logits, ints([2, 0]), { weight: zeros([2]) })).toThrow("[crossEntropy] weight [2] must be [3]");
  });

  it("refuses targets that do not fit", () => {
    expect(() => crossEntropy(logits, ints([0]))).toThrow(
      "[crossEntropy] logits [2, 3] and target [1] of int32: expected class indices of shape [2]",
    );
    expect(() => crossEntropy(logits, tensor([0, 1]))).toThrow(ShapeError);
    expect(() => crossEntropy(logits, tensor([true, false]))).toThrow(DTypeError);
    expect(() => crossEntropy(logits, ints([0, 0]), { reduction: "max" as never })).toThrow("[crossEntropy] reduction");
  });
});

describe("mseLoss", () => {
  it("is the mean square", async () => {
    await expectClose(mseLoss(tensor([1, 2]), tensor([3, 1])), 2.5);
    await expectClose(mseLoss(tensor([1, 2]), tensor([3, 1]), { reduction: "none" }), [4, 1]);
    await expectClose(mseLoss(tensor([1, 2]), tensor([3, 1]), { reduction: "sum" }), 5);
    await expectClose(grad((x: Tensor) => mseLoss(x, tensor([3, 1])))(tensor([1, 2])), [-2, 1]);
    expect(() => mseLoss(zeros([2, 1]), zeros([2]))).toThrow("[mseLoss] input [2, 1] and target [2] differ");
  });
});
