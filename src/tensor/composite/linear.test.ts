import { describe, expect, it } from "vitest";
import { expectClose, useReference } from "../../../test/values.js";
import {
  arange,
  ArgumentError,
  bmm,
  dot,
  einsum,
  grad,
  linear,
  matmul,
  ones,
  outer,
  ShapeError,
  tensor,
  zeros,
  type Tensor,
} from "../index.js";

useReference();

/** Σ over the shared index, by loops. */
function product(a: readonly number[][], b: readonly number[][]): number[][] {
  return a.map((row) => (b[0] ?? []).map((_, j) => row.reduce((sum, v, k) => sum + v * (b[k]?.[j] ?? 0), 0)));
}

const a = [
  [1, 2, 3],
  [4, 5, 6],
];
const b = [
  [1, 0],
  [2, -1],
  [0, 3],
];

describe("matmul", () => {
  it("follows NumPy's rank rules", async () => {
    await expectClose(matmul(tensor(a), tensor(b)), product(a, b));
    await expectClose(matmul(tensor([1, 2]), tensor(a)), [9, 12, 15]);
    await expectClose(matmul(tensor(a), tensor([1, 0, -1])), [-2, -2]);
    await expectClose(matmul(tensor([1, 2]), tensor([3, 4])), 11);
    expect(matmul(zeros([5, 1, 2, 3]), zeros([4, 3, 6])).shape).toEqual([5, 4, 2, 6]);
    expect(matmul(zeros([7, 2, 3]), zeros([3, 6])).shape).toEqual([7, 2, 6]);
    expect(matmul(zeros([2, 3]), zeros([7, 3, 6])).shape).toEqual([7, 2, 6]);
    expect(matmul(zeros([3]), zeros([7, 3, 6])).shape).toEqual([7, 6]);
    expect(matmul(zeros([7, 2, 3]), zeros([3])).shape).toEqual([7, 2]);
    expect(matmul(zeros([2, 0]), zeros([0, 3])).shape).toEqual([2, 3]);
    await expectClose(matmul(tensor([a, a]), tensor([b, b])), [product(a, b), product(a, b)]);
    await expectClose(matmul(tensor([1, 1]), tensor([a, a])), [
      [5, 7, 9],
      [5, 7, 9],
    ]);
  });

  it("names both shapes", () => {
    expect(() => matmul(tensor(a), tensor(a))).toThrow(
      "[matmul] [2, 3] and [2, 3] cannot be multiplied: the inner sizes 3 and 2 differ",
    );
    expect(() => matmul(tensor(1), tensor(a))).toThrow(ShapeError);
    expect(() => matmul(zeros([2, 2, 3]), zeros([3, 3, 1]))).toThrow(ShapeError);
    expect(() => bmm(tensor(a), tensor(b))).toThrow(ShapeError);
    expect(() => dot(tensor(a), tensor(b))).toThrow(ShapeError);
    expect(() => outer(tensor(a), tensor([1]))).toThrow(ShapeError);
  });

  it("has its derivatives", async () => {
    const [da, db] = grad(
      (x: Tensor, y: Tensor) =>
        matmul(x, y)
          .mul(
            tensor([
              [1, 2],
              [3, 4],
            ]),
          )
          .sum(),
      { argnums: [0, 1] },
    )(tensor(a), tensor(b));
    await expectClose(da, [
      [1, 0, 6],
      [3, 2, 12],
    ]);
    await expectClose(db, [
      [13, 18],
      [17, 24],
      [21, 30],
    ]);
    await expectClose(grad((x: Tensor) => matmul(x, ones([4, 3, 2])).sum())(tensor(a)), [
      [8, 8, 8],
      [8, 8, 8],
    ]);
  });

  it("takes integers", async () => {
    const product = matmul(tensor(a, { dtype: "int32" }), tensor(b, { dtype: "int32" }));
    expect(product.dtype).toBe("int32");
    expect(await product.array()).toEqual([
      [5, 7],
      [14, 13],
    ]);
  });
});

describe("other products", () => {
  it("bmm, dot, outer and linear", async () => {
    await expectClose(bmm(tensor([a]), tensor([b])), [product(a, b)]);
    await expectClose(dot(tensor([1, 2]), tensor([3, 4])), 11);
    await expectClose(outer(tensor([1, 2]), tensor([3, 4, 5])), [
      [3, 4, 5],
      [6, 8, 10],
    ]);
    await expectClose(
      linear(
        tensor(a),
        tensor([
          [1, 1, 1],
          [0, 0, 1],
        ]),
        tensor([10, 20]),
      ),
      [
        [16, 23],
        [25, 26],
      ],
    );
    expect(linear(zeros([2, 5, 3]), zeros([4, 3])).shape).toEqual([2, 5, 4]);
    await expectClose(linear(tensor([1, 2, 3]), tensor([[1, 1, 1]])), [6]);
    expect(() => linear(tensor(a), zeros([2, 2]))).toThrow("[linear] input [2, 3] does not fit weight [2, 2]");
    expect(() => linear(tensor(a), zeros([2, 3]), zeros([3]))).toThrow(ShapeError);
  });
});

describe("einsum", () => {
  const x = tensor(a);
  const y = tensor(b);

  it("contracts two tensors", async () => {
    await expectClose(einsum("ij,jk->ik", x, y), product(a, b));
    await expectClose(einsum("ij,jk", x, y), product(a, b));
    await expectClose(einsum("ij, jk -> ki", x, y), [
      [5, 14],
      [7, 13],
    ]);
    await expectClose(einsum("ij,ij->", x, x), 91);
    await expectClose(einsum("ij,ij->ij", x, x), [
      [1, 4, 9],
      [16, 25, 36],
    ]);
    await expectClose(einsum("i,j->ij", tensor([1, 2]), tensor([3, 4])), [
      [3, 4],
      [6, 8],
    ]);
    await expectClose(einsum("i,j->ji", tensor([1, 2]), tensor([3, 4])), [
      [3, 6],
      [4, 8],
    ]);
    expect(einsum("bhqd,bhkd->bhqk", zeros([2, 3, 4, 5]), zeros([2, 3, 6, 5])).shape).toEqual([2, 3, 4, 6]);
  });

  it("sums, transposes and takes diagonals of one", async () => {
    await expectClose(einsum("ij->j", x), [5, 7, 9]);
    await expectClose(einsum("ij->", x), 21);
    await expectClose(einsum("ji", x), [
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    await expectClose(
      einsum(
        "ii",
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ),
      5,
    );
    await expectClose(
      einsum(
        "ii->i",
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ),
      [1, 4],
    );
    await expectClose(einsum("iij->ij", arange(8).reshape(2, 2, 2)), [
      [0, 1],
      [6, 7],
    ]);
    await expectClose(einsum("iii->i", arange(8).reshape(2, 2, 2)), [0, 7]);
  });

  it("broadcasts the axes of an ellipsis", async () => {
    expect(einsum("...ij,...jk->...ik", zeros([5, 1, 2, 3]), zeros([4, 3, 6])).shape).toEqual([5, 4, 2, 6]);
    expect(einsum("...ij,jk", zeros([5, 4, 2, 3]), zeros([3, 6])).shape).toEqual([5, 4, 2, 6]);
    await expectClose(einsum("...i->...", x), [6, 15]);
    await expectClose(einsum("i...->...", x), [5, 7, 9]);
    await expectClose(einsum("ij,ij->i", tensor([[2], [3]]), x), [12, 45]);
    expect(einsum("ij,ij->ij", zeros([1, 3]), zeros([2, 1])).shape).toEqual([2, 3]);
  });

  it("takes any number of tensors", async () => {
    await expectClose(einsum("ij,jk,k->i", x, y, tensor([1, 2])), [19, 40]);
    await expectClose(einsum("i,j,k->", tensor([1, 2]), tensor([3, 4]), tensor([5, 6])), 231);
    await expectClose(einsum("ij,kj,lj->ikl", tensor([[1, 2]]), tensor([[3, 4]]), tensor([[5, 6]])), [[[63]]]);
    expect(einsum("ab,bc,cd,de->ae", zeros([2, 50]), zeros([50, 3]), zeros([3, 40]), zeros([40, 2])).shape).toEqual([
      2, 2,
    ]);
    expect(einsum("i->i", tensor([1, 2], { dtype: "uint8" })).dtype).toBe("int32");
  });

  it("refuses what it cannot read", () => {
    expect(() => einsum("ij,jk->ik", x)).toThrow("has 2 terms for 1 tensors");
    expect(() => einsum("ij->ik", x)).toThrow('has "k" on the right only');
    expect(() => einsum("ij->ii", x)).toThrow('has "i" twice on the right');
    expect(() => einsum("i1", x)).toThrow(ArgumentError);
    expect(() => einsum("ij->i->j", x)).toThrow(ArgumentError);
    expect(() => einsum("ijk", x)).toThrow(ShapeError);
    expect(() => einsum("i", x)).toThrow(ShapeError);
    expect(() => einsum("ii", x)).toThrow(ShapeError);
    expect(() => einsum("ij,ij", x, y)).toThrow('axis "i" has sizes 2 and 3');
    expect(() => einsum("")).toThrow(ArgumentError);
  });

  it("has derivatives", async () => {
    await expectClose(
      grad((v: Tensor) => einsum("ii", v))(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ),
      [
        [1, 0],
        [0, 1],
      ],
    );
    await expectClose(grad((v: Tensor) => einsum("ij,jk->", v, y))(x), [
      [1, 1, 3],
      [1, 1, 3],
    ]);
  });
});
