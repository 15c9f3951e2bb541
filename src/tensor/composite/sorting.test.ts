import { expect, it } from "vitest";
import { expectClose, useReference } from "../../../test/values.js";
import { ArgumentError, grad, tensor, type Tensor } from "../index.js";

useReference();

const x = tensor([
  [3, 1, 2],
  [1, 3, 3],
]);

it("sorts along an axis, NaN last", async () => {
  const { values, indices } = x.sort();
  await expectClose(values, [
    [1, 2, 3],
    [1, 3, 3],
  ]);
  expect(await indices.array(2)).toEqual([
    [1, 2, 0],
    [0, 1, 2],
  ]);
  await expectClose(x.sort(0, { descending: true }).values, [
    [3, 3, 3],
    [1, 1, 2],
  ]);
  expect(await x.argsort(1, { descending: true }).array(2)).toEqual([
    [0, 2, 1],
    [1, 2, 0],
  ]);
  expect(await tensor([NaN, 2, -Infinity]).sort().values.array(1)).toEqual([-Infinity, 2, NaN]);
  expect(await tensor([NaN, 2, -Infinity]).sort(0, { descending: true }).values.array(1)).toEqual([2, -Infinity, NaN]);
  await expectClose(
    grad((v: Tensor) =>
      v
        .sort()
        .values.mul(tensor([1, 10, 100]))
        .sum(),
    )(x),
    [
      [100, 1, 10],
      [1, 10, 100],
    ],
  );
});

it("takes the k largest or smallest", async () => {
  const { values, indices } = x.topk(2);
  await expectClose(values, [
    [3, 2],
    [3, 3],
  ]);
  expect(await indices.array(2)).toEqual([
    [0, 2],
    [1, 2],
  ]);
  await expectClose(x.topk(1, 1, { largest: false }).values, [[1], [1]]);
  expect(x.topk(0).values.shape).toEqual([2, 0]);
  expect(() => x.topk(4)).toThrow(ArgumentError);
});

it("accumulates", async () => {
  await expectClose(x.cumsum(1), [
    [3, 4, 6],
    [1, 4, 7],
  ]);
  await expectClose(x.cumprod(0), [
    [3, 1, 2],
    [3, 3, 6],
  ]);
  expect(tensor([true, true]).cumsum(0).dtype).toBe("int32");
  await expectClose(grad((v: Tensor) => v.cumprod(0).sum())(tensor([2, 3, 0])), [1 + 3 + 0, 2 + 0, 6]);
});
