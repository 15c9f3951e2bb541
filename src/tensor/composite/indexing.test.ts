import { describe, expect, it } from "vitest";
import { expectClose, useReference } from "../../../test/values.js";
import { arange, DTypeError, grad, IndexError, oneHot, ShapeError, tensor, type Tensor } from "../index.js";

useReference();

const x = arange(24).reshape(2, 3, 4);
const ints = (values: number[] | number[][]): Tensor => tensor(values, { dtype: "int32" });

describe("at", () => {
  it("takes positions and ranges", async () => {
    await expectClose(x.at(1), [
      [12, 13, 14, 15],
      [16, 17, 18, 19],
      [20, 21, 22, 23],
    ]);
    await expectClose(x.at(-1, 0, "1:3"), [13, 14]);
    await expectClose(x.at(0, ":", -1), [3, 7, 11]);
    await expectClose(x.at(0, 0, "::2"), [0, 2]);
    await expectClose(x.at(0, 0, "::-1"), [3, 2, 1, 0]);
    await expectClose(x.at(0, 0, "-2:0:-1"), [2, 1]);
    await expectClose(x.at(0, 0, "5:1:-2"), [3]);
    await expectClose(x.at("...", 0), [
      [0, 4, 8],
      [12, 16, 20],
    ]);
    await expectClose(x.at(1, "...", "3:"), [[15], [19], [23]]);
    expect(x.at().shape).toEqual([2, 3, 4]);
    expect(x.at("5:", ":0").shape).toEqual([0, 0, 4]);
    expect(x.at("1:100").shape).toEqual([1, 3, 4]);
    expect(x.at(" 0 : 1 ").shape).toEqual([1, 3, 4]);
  });

  it("adds axes", () => {
    expect(x.at(null).shape).toEqual([1, 2, 3, 4]);
    expect(x.at(0, null, "...", null).shape).toEqual([1, 3, 4, 1]);
  });

  it("names what is wrong", () => {
    expect(() => x.at(2)).toThrow(
      "[at] index 2 is out of range along axis 0 of [2, 3, 4]: expected a whole number from -2 to 1",
    );
    expect(() => x.at(0.5)).toThrow(IndexError);
    expect(() => x.at("a:b")).toThrow(IndexError);
    expect(() => x.at("1")).toThrow(IndexError);
    expect(() => x.at("::0")).toThrow(IndexError);
    expect(() => x.at(0, 0, 0, 0)).toThrow("4 indices are too many");
    expect(() => x.at("...", "...")).toThrow(IndexError);
    expect(() => x.at(x.gt(3))).toThrow(DTypeError);
    expect(() => x.at(x.gt(3))).toThrow("how many elements it picks depends on its values");
    expect(() => x.at(tensor([0.5]))).toThrow(DTypeError);
  });

  it("picks by one tensor", async () => {
    await expectClose(x.at(0, ints([2, 0, -1])), [
      [8, 9, 10, 11],
      [0, 1, 2, 3],
      [8, 9, 10, 11],
    ]);
    await expectClose(x.at(0, ":", ints([[0, 3]])), [[[0, 3]], [[4, 7]], [[8, 11]]]);
    expect(
      x.at(
        ":",
        ints([
          [0, 1],
          [2, 0],
        ]),
      ).shape,
    ).toEqual([2, 2, 2, 4]);
    await expectClose(arange(5).at(ints([7, -9])), [4, 0]);
    expect(x.at(ints([]), 0).shape).toEqual([0, 4]);
  });

  it("picks by several tensors, like NumPy", async () => {
    await expectClose(x.at(ints([0, 1]), ints([2, -1])), [
      [8, 9, 10, 11],
      [20, 21, 22, 23],
    ]);
    await expectClose(x.at(":", ints([0, 1]), ints([2, 3])), [
      [2, 7],
      [14, 19],
    ]);
    await expectClose(x.at(ints([0, 1]), ":", ints([2, 3])), [
      [2, 6, 10],
      [15, 19, 23],
    ]);
    expect(x.at(":", ints([[0], [1]]), ints([1, 2, 3])).shape).toEqual([2, 2, 3]);
    expect(() => x.at(ints([0, 1]), ints([0, 1, 2]))).toThrow(ShapeError);
  });

  it("sends gradients back to where elements came from", async () => {
    const weights = grad((v: Tensor) =>
      v
        .at(ints([0, 2, 0]))
        .mul(tensor([1, 10, 100]))
        .sum(),
    );
    await expectClose(weights(tensor([1, 1, 1])), [101, 0, 10]);
    await expectClose(
      grad((v: Tensor) =>
        v
          .at("::-2")
          .mul(tensor([1, 10]))
          .sum(),
      )(tensor([1, 1, 1])),
      [10, 0, 1],
    );
  });
});

describe("gathering", () => {
  const m = tensor([
    [10, 20, 30],
    [40, 50, 60],
  ]);

  it("along an axis", async () => {
    await expectClose(
      m.takeAlongAxis(
        ints([
          [2, 0],
          [1, -1],
        ]),
        1,
      ),
      [
        [30, 10],
        [50, 60],
      ],
    );
    await expectClose(m.takeAlongAxis(ints([[1, 0, 1]]), 0), [[40, 20, 60]]);
    await expectClose(m.gather(1, ints([[2]])), [[30]]);
    await expectClose(m.gather(0, ints([[1, 0]])), [[40, 20]]);
    await expectClose(m.indexSelect(1, ints([2, 2, 0])), [
      [30, 30, 10],
      [60, 60, 40],
    ]);
    await expectClose(m.indexSelect(0, ints([1])), [[40, 50, 60]]);
    expect(() => m.takeAlongAxis(ints([0]), 0)).toThrow(ShapeError);
    expect(() => m.gather(1, ints([[0], [0], [0]]))).toThrow(ShapeError);
    expect(() => m.indexSelect(0, ints([[0]]))).toThrow(ShapeError);
    expect(() => m.gather(0, tensor([[0]]))).toThrow(DTypeError);
    await expectClose(
      grad((v: Tensor) =>
        v
          .gather(
            1,
            ints([
              [0, 0],
              [2, 1],
            ]),
          )
          .sum(),
      )(m),
      [
        [2, 0, 0],
        [0, 1, 1],
      ],
    );
  });

  it("one-hot", async () => {
    await expectClose(oneHot(ints([1, 0, 5]), 3), [
      [0, 1, 0],
      [1, 0, 0],
      [0, 0, 0],
    ]);
    expect(oneHot(ints([[1]]), 3, { dtype: "int32" })).toMatchObject({ shape: [1, 1, 3], dtype: "int32" });
    expect(() => oneHot(tensor([1]), 3)).toThrow(DTypeError);
  });

  it("scatters sums", async () => {
    const zero = tensor([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    const source = tensor([
      [1, 2, 4],
      [8, 16, 32],
    ]);
    await expectClose(
      zero.scatterAdd(
        1,
        ints([
          [0, 0, 2],
          [1, 1, -1],
        ]),
        source,
      ),
      [
        [3, 0, 4],
        [0, 24, 32],
      ],
    );
    await expectClose(m.scatterAdd(0, ints([[1, 0]]), source), [
      [10, 22, 30],
      [41, 50, 60],
    ]);
    const gradients = grad((a: Tensor, b: Tensor) => a.scatterAdd(1, ints([[0, 0]]), b).at(0, 0), { argnums: [0, 1] })(
      m,
      tensor([[5, 6]]),
    );
    await expectClose(gradients[0], [
      [1, 0, 0],
      [0, 0, 0],
    ]);
    await expectClose(gradients[1], [[1, 1]]);
  });
});
