import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dtypes, promoteTypes } from "../../src/core/dtype.js";
import { broadcastShapes, sizeOf, stridesOf } from "../../src/core/shape.js";
import { einsum, GradusError, IndexError, setDefaultDevice, ShapeError, tensor, type Tensor } from "../../src/node.js";

const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
const runs = { numRuns: 300, seed: 23 };

setDefaultDevice("reference");

function counting(shape: readonly number[]): Tensor {
  return tensor(Float32Array.from({ length: sizeOf(shape) }, (_, i) => i), { shape });
}

/** What Python does with `list[start:stop:step]`. */
function sliced(length: number, start: number | undefined, stop: number | undefined, step: number): number[] {
  const clip = (v: number, low: number, high: number): number => Math.min(high, Math.max(low, v < 0 ? v + length : v));
  const positions: number[] = [];
  if (step > 0) {
    const end = stop === undefined ? length : clip(stop, 0, length);
    for (let i = start === undefined ? 0 : clip(start, 0, length); i < end; i += step) positions.push(i);
  } else {
    const end = stop === undefined ? -1 : clip(stop, -1, length - 1);
    for (let i = start === undefined ? length - 1 : clip(start, -1, length - 1); i > end; i += step) positions.push(i);
  }
  return positions;
}

type Part = { readonly kind: "position"; readonly at: number } | { readonly kind: "range"; readonly start: number | undefined; readonly stop: number | undefined; readonly step: number };
const bound = fc.option(fc.integer({ min: -6, max: 6 }), { nil: undefined });
const part: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ kind: fc.constant("position" as const), at: fc.integer({ min: -5, max: 4 }) }),
  fc.record({ kind: fc.constant("range" as const), start: bound, stop: bound, step: fc.constantFrom(1, 2, 3, -1, -2) }),
);

describe("indexing", () => {
  test("picks what Python's slices pick, and refuses what they refuse", async () => {
    await fc.assert(
      fc.asyncProperty(shape, fc.array(part, { maxLength: 4 }), async (sizes, parts) => {
        const x = counting(sizes);
        const text = parts.map((p) => (p.kind === "position" ? p.at : `${p.start ?? ""}:${p.stop ?? ""}${p.step === 1 ? "" : `:${p.step}`}`));
        const isWrong = parts.length > sizes.length || parts.some((p, i) => p.kind === "position" && (p.at >= (sizes[i] ?? 0) || p.at < -(sizes[i] ?? 0)));
        if (isWrong) {
          expect(() => x.at(...text)).toThrow(IndexError);
          return;
        }
        const picks = sizes.map((size, i) => {
          const p = parts[i];
          if (!p) return { kept: true, positions: Array.from({ length: size }, (_, k) => k) };
          return p.kind === "position" ? { kept: false, positions: [p.at < 0 ? p.at + size : p.at] } : { kept: true, positions: sliced(size, p.start, p.stop, p.step) };
        });
        const strides = stridesOf(sizes);
        const expected = picks.reduce<number[]>((flat, { positions }, axis) => flat.flatMap((base) => positions.map((k) => base + k * (strides[axis] ?? 1))), [0]);
        const y = x.at(...text);
        expect(y.shape).toEqual(picks.filter((p) => p.kept).map((p) => p.positions.length));
        expect(Array.from(await y.data())).toEqual(expected);
      }),
      runs,
    );
  });
});

describe("shapes", () => {
  test("broadcast as NumPy says, or not at all", () => {
    fc.assert(
      fc.property(shape, shape, (a, b) => {
        const rank = Math.max(a.length, b.length);
        const pairs = Array.from({ length: rank }, (_, i) => [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1] as const);
        if (pairs.some(([p, q]) => p !== q && p !== 1 && q !== 1)) expect(() => broadcastShapes("op", a, b)).toThrow(ShapeError);
        else expect(broadcastShapes("op", a, b)).toEqual(pairs.map(([p, q]) => (p === 1 ? q : p)));
      }),
      runs,
    );
  });

  test("survive reshape and permute as row-major order says", async () => {
    await fc.assert(
      fc.asyncProperty(shape, fc.array(fc.nat(99), { minLength: 4, maxLength: 4 }), async (sizes, keys) => {
        const x = counting(sizes);
        const order = sizes.map((_, i) => i).sort((p, q) => (keys[p] ?? 0) - (keys[q] ?? 0) || p - q);
        const y = x.permute(order);
        expect(y.shape).toEqual(order.map((axis) => sizes[axis]));
        const back = y.permute(order.map((_, axis) => order.indexOf(axis)));
        expect(Array.from(await back.data())).toEqual(Array.from(await x.data()));
        const strides = stridesOf(sizes);
        const expected = order.reduce<number[]>((flat, axis) => flat.flatMap((base) => Array.from({ length: sizes[axis] ?? 0 }, (_, k) => base + k * (strides[axis] ?? 1))), [0]);
        expect(Array.from(await y.reshape(x.size).data())).toEqual(expected);
      }),
      runs,
    );
  });

  test("dtypes promote alike in both orders, to themselves with themselves", () => {
    for (const a of dtypes) {
      expect(promoteTypes(a, a)).toBe(a);
      for (const b of dtypes) expect(promoteTypes(a, b)).toBe(promoteTypes(b, a));
    }
  });
});

describe("einsum", () => {
  const letters = ["a", "b", "c", "d"];
  const term = fc.subarray(letters, { maxLength: 3 }).chain((list) => fc.shuffledSubarray(list, { minLength: list.length }));

  test("adds up what the equation says", async () => {
    await fc.assert(
      fc.asyncProperty(term, term, fc.shuffledSubarray(letters), fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 4, maxLength: 4 }), async (left, right, wanted, sizes) => {
        const used = letters.filter((l) => left.includes(l) || right.includes(l));
        const output = wanted.filter((l) => used.includes(l));
        const sizeOfLetter = (l: string): number => sizes[letters.indexOf(l)] ?? 1;
        const operandOf = (labels: readonly string[]): Tensor => counting(labels.map(sizeOfLetter));
        const at = (labels: readonly string[], index: ReadonlyMap<string, number>): number => labels.reduce((flat, l) => flat * sizeOfLetter(l) + (index.get(l) ?? 0), 0);
        const expected = new Array<number>(sizeOf(output.map(sizeOfLetter))).fill(0);
        const visit = (rest: readonly string[], index: Map<string, number>): void => {
          const [first, ...more] = rest;
          if (first === undefined) {
            expected[at(output, index)] = (expected[at(output, index)] ?? 0) + at(left, index) * at(right, index);
            return;
          }
          for (let i = 0; i < sizeOfLetter(first); i++) visit(more, new Map(index).set(first, i));
        };
        visit(used, new Map());
        const result = einsum(`${left.join("")},${right.join("")}->${output.join("")}`, operandOf(left), operandOf(right));
        expect(result.shape).toEqual(output.map(sizeOfLetter));
        expect(Array.from(await result.data())).toEqual(expected);
      }),
      runs,
    );
  });

  test("refuses text that is no equation with an error of its own", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), (equation) => {
        try {
          einsum(equation, counting([2, 2]), counting([2, 2]));
        } catch (error) {
          expect(error).toBeInstanceOf(GradusError);
        }
      }),
      runs,
    );
  });
});
