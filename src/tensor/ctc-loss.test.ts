import { describe, expect, it } from "vitest";
import { expectClose, useReference } from "../../test/values.js";
import { ctcLoss, grad, logSoftmax, manualSeed, randn, tensor, type Tensor } from "./index.js";

useReference();

const ints = (values: number[] | number[][]): Tensor => tensor(values, { dtype: "int32" });

/** −ln of the summed probability of every path that reads as the target. */
function byEnumeration(logProbs: readonly (readonly number[])[], target: readonly number[], blank: number): number {
  let total = 0;
  const visit = (t: number, path: readonly number[], log: number): void => {
    const row = logProbs[t];
    if (row) return row.forEach((p, c) => visit(t + 1, [...path, c], log + p));
    const read = path.filter((c, i) => c !== path[i - 1]).filter((c) => c !== blank);
    if (read.join() === target.join()) total += Math.exp(log);
  };
  visit(0, [], 0);
  return -Math.log(total);
}

describe("ctcLoss", () => {
  manualSeed(3);
  const logProbs = logSoftmax(randn([5, 2, 3], { dtype: "float64" }));

  it("sums over all paths", async () => {
    const rows = await logProbs.array(3);
    const of = (n: number, steps: number): number[][] => rows.slice(0, steps).map((row) => row[n] ?? []);
    const expected = [byEnumeration(of(0, 5), [1, 1], 0), byEnumeration(of(1, 4), [2], 0)];
    const padded = ints([
      [1, 1],
      [2, -1],
    ]);
    await expectClose(ctcLoss(logProbs, padded, [5, 4], [2, 1], { reduction: "none" }), expected);
    await expectClose(ctcLoss(logProbs, padded, ints([5, 4]), ints([2, 1]), { reduction: "none" }), expected);
    await expectClose(ctcLoss(logProbs, ints([1, 1, 2]), [5, 4], [2, 1], { reduction: "none" }), expected);
    const [first = 0, second = 0] = expected;
    await expectClose(ctcLoss(logProbs, padded, [5, 4], [2, 1]), (first / 2 + second) / 2);
    const one = ctcLoss(logProbs.at(":", 0), ints([1, 1]), 5, 2, { reduction: "none" });
    expect(one.shape).toEqual([]);
    await expectClose(one, first);
  });

  it("is infinite where no path is long enough, and then has the gradient 0", async () => {
    const loss = (x: Tensor): Tensor => ctcLoss(x, ints([[1, 1], [2, 2]]), [2, 3], [2, 2], { reduction: "none" });
    expect(await loss(logProbs).array()).toEqual([Infinity, expect.closeTo((await loss(logProbs).array(1))[1] ?? NaN)]);
    const slope = await grad((x: Tensor) => loss(x).sum())(logProbs).array(3);
    expect(slope.every((row) => (row[0] ?? []).every((v) => v === 0))).toBe(true);
  });

  it("takes certain paths, whose logarithms are infinite", async () => {
    const sure = tensor([[0, -Infinity], [-Infinity, 0]]);
    await expectClose(ctcLoss(sure, ints([1]), 2, 1), 0);
  });

  it("refuses what does not fit", () => {
    expect(() => ctcLoss(logProbs, tensor([[1], [2]]), [5, 5], [1, 1])).toThrow("[ctcLoss] targets are float32");
    expect(() => ctcLoss(logProbs, ints([1, 2]), ints([5, 5]), ints([1, 1]))).toThrow("need targetLengths as an array");
    expect(() => ctcLoss(logProbs, ints([[1], [2]]), [5, 6], [1, 1])).toThrow("inputLengths [5, 6] must be 2 whole numbers");
    expect(() => ctcLoss(logProbs, ints([[1], [2]]), [5, 5], [1, 1], { blank: 3 })).toThrow("blank 3 must be a class index");
    expect(() => ctcLoss(logProbs, ints([[1], [2]]), 5, [1, 1])).toThrow("inputLengths 5 is one number");
  });
});
