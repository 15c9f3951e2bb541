import { describe, expect, it } from "vitest";
import type { DType } from "../../core/dtype.js";
import type { ExprBuilder } from "../../ir/expr-builder.js";
import type { Expr } from "../../ir/loop.js";
import type { ScalarOp } from "../../ir/scalar.js";
import { at } from "../../ops/indexing.js";
import { bytesOf, kernelOf, runWgsl, zeros, type RunOptions } from "../../../test/run-wgsl.js";
import { testAdapter } from "../../../test/webgpu-adapter.js";

const adapter = await testAdapter();
const device = await adapter?.requestDevice();

type Numbers = Float32Array | Int32Array | Uint32Array | Uint8Array;
type Meaning = (x: number, y: number, z: number) => number;
interface Case {
  readonly name: string;
  readonly make: (b: ExprBuilder, x: Expr, y: Expr, z: Expr) => Expr;
  readonly meaning: Meaning;
}

const op = (name: ScalarOp, arity: 1 | 2 | 3, meaning: Meaning): Case => ({ name, meaning, make: (b, ...args) => b.op(name, ...args.slice(0, arity)) });

/** Words with the same seed on every run. */
function randomWords(count: number, seed: number): Uint32Array {
  let state = seed;
  return Uint32Array.from({ length: count }, () => (state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0);
}

/** Two or three columns: all pairs of the special numbers, then random ones; as many rows as 4 divides. */
function columns<T extends Numbers>(special: readonly number[], make: (values: number[]) => T, random: (column: number) => readonly number[]): [T, T, T] {
  const pairs = special.flatMap((x) => special.map((y) => [x, y] as const));
  const [x, y, z] = [random(0), random(1), random(2)];
  const rows = [...pairs.map(([a, b], i) => [a, b, special[i % special.length] ?? 0] as const), ...x.map((a, i) => [a, y[i] ?? 0, z[i] ?? 0] as const)];
  const whole = rows.slice(0, rows.length - (rows.length % 4));
  return [make(whole.map((r) => r[0])), make(whole.map((r) => r[1])), make(whole.map((r) => r[2]))];
}

function arrayOf(dtype: DType, bytes: Uint8Array<ArrayBuffer>): Numbers {
  if (dtype === "float32") return new Float32Array(bytes.buffer);
  if (dtype === "int32") return new Int32Array(bytes.buffer);
  return dtype === "uint32" ? new Uint32Array(bytes.buffer) : bytes;
}

/** Runs every case on all rows with so many lanes; results go to one buffer, a case after the other. */
async function check(from: DType, to: DType, [x, y, z]: readonly [Numbers, Numbers, Numbers], cases: readonly Case[], lanes: number, options: RunOptions = {}): Promise<void> {
  if (!device) return;
  const rows = x.length;
  const [xs, ys, zs] = [x, y, z].map((v) => [...v]) as [number[], number[], number[]];
  const kernel = kernelOf([[from, "read"], [from, "read"], [from, "read"], [to, "write"]], (b, item) => {
    const index = b.mul(item, b.index(lanes));
    const [a, c, d] = [0, 1, 2].map((k) => b.load(k, from, index, lanes)) as [Expr, Expr, Expr];
    return cases.map(({ make }, k) => ({ kind: "store", buffer: 3, index: b.add(index, b.index(k * rows)), value: make(b, a, c, d) }));
  });
  const bytes = await runWgsl(device, kernel, rows / lanes, [...[x, y, z].map((v) => ({ bytes: bytesOf(v) })), zeros(to, rows * cases.length)], options);
  const results = arrayOf(to, at(bytes, 3));
  cases.forEach(({ name, meaning }, k) => {
    for (let i = 0; i < rows; i++) {
      const args = [at(xs, i), at(ys, i), at(zs, i)] as const;
      const [expected, actual] = [meaning(...args), results[k * rows + i] ?? NaN];
      if (!Object.is(expected, actual)) expect.fail(`${name} × ${lanes} of ${args.join(", ")} is ${actual}, not ${expected}`);
    }
  });
}

const isSubnormal = (v: number): boolean => v !== 0 && Math.abs(v) < 2 ** -126;
const { fround } = Math;

describe.skipIf(!device)("scalar operations on this machine's WebGPU adapter (skipped where Dawn finds none)", () => {
  const normal = [0, -0, 1, -1, 0.5, -1.5, 2.5, -2.5, 3, 1 / 3, NaN, Infinity, -Infinity, 3.4028234663852886e38, -(2 ** 127), 2 ** -126, 8388607.5, -8388609, 2 ** 31, 1e-10];
  const subnormal = [2 ** -149, -(2 ** -127), 2 ** -126 - 2 ** -149];
  const toFloats = (values: number[]): Float32Array => Float32Array.from(values);
  const randomFloats = (column: number): number[] => [...new Float32Array(randomWords(2000, 17 + column).buffer)];
  const floats = columns([...normal, ...subnormal], toFloats, randomFloats);
  // Of what the hardware may count as zero, the operations left to it see nothing.
  const plain = columns(normal, toFloats, (column) => randomFloats(column).map((v) => (isSubnormal(v) ? 1 : v)));

  const exact: readonly Case[] = [
    op("neg", 1, (x) => -x),
    op("abs", 1, (x) => Math.abs(x)),
    op("sqrt", 1, (x) => fround(Math.sqrt(x))),
    op("div", 2, (x, y) => fround(x / y)),
    op("rem", 2, (x, y) => x % y),
    op("min", 2, (x, y) => Math.min(x, y)),
    op("max", 2, (x, y) => Math.max(x, y)),
    { name: "select", make: (b, x, y, z) => b.select(b.lt(x, y), y, z), meaning: (x, y, z) => (x < y ? y : z) },
    { name: "max with 0", make: (b, x) => b.max(x, b.splat(b.const(0, "float32"), x.lanes)), meaning: (x) => Math.max(x, 0) },
  ];
  const rounded: readonly Case[] = [
    op("floor", 1, (x) => Math.floor(x)),
    op("ceil", 1, (x) => Math.ceil(x)),
    op("trunc", 1, (x) => Math.trunc(x)),
    op("add", 2, (x, y) => fround(x + y)),
    op("sub", 2, (x, y) => fround(x - y)),
  ];
  const fusible: readonly Case[] = [
    { name: "x·y − z", make: (b, x, y, z) => b.sub(b.mul(x, y), z), meaning: (x, y, z) => fround(fround(x * y) - z) },
    { name: "(x + y) − y", make: (b, x, y) => b.sub(b.add(x, y), y), meaning: (x, y) => fround(fround(x + y) - y) },
  ];
  const comparisons: readonly Case[] = [
    op("lt", 2, (x, y) => Number(x < y)),
    op("le", 2, (x, y) => Number(x <= y)),
    op("eq", 2, (x, y) => Number(x === y)),
    op("ne", 2, (x, y) => Number(x !== y)),
  ];
  const lanesTried = [1, 2, 4];

  it.each(lanesTried)("floats, with NaN, infinities, zeros of both signs and subnormals × %i", async (lanes) => {
    await check("float32", "float32", floats, exact, lanes);
    await check("float32", "bool", floats, comparisons, lanes);
    await check("float32", "float32", plain, rounded, lanes);
  });

  it.each(["1.0000006f", "0.9999994f"])("quotients and roots are exact where the machine's own are %s times too large", async (error) => {
    const rewrite = (code: string): string => {
      const worse = code.replace("f32(n.x) / f32(d.x)", `f32(n.x) / f32(d.x) * ${error}`).replace(/ sqrt\(|\(sqrt\(/, (call) => `${call[0] ?? ""}${error} * sqrt(`);
      expect(worse.split(error).length).toBe(3);
      return worse;
    };
    await check("float32", "float32", floats, exact.filter(({ name }) => name === "div" || name === "sqrt"), 1, { rewrite });
  });

  it.each(lanesTried)("sums and products that go into others are rounded where they stand × %i", async (lanes) => {
    const middle = columns([1, 1.5, 12582912, 0.1, -3], toFloats, (column) => [...randomWords(1000, 29 + column)].map((w) => fround((w / 2 ** 32) * 2 ** (w % 20))));
    await check("float32", "float32", middle, fusible, lanes);
  });

  it.each(lanesTried)("products × %i", async (lanes) => {
    // Whole numbers, so that no rounding tells one way of adding from another.
    const whole = columns([0, -0, 1, -1, NaN, Infinity, -Infinity, 4096, -2000], toFloats, (column) => [...randomWords(64, 3 + column)].map((w) => w % 2048));
    await check("float32", "float32", whole, [
      { name: "mul", make: (b, x, y) => b.mul(x, y), meaning: (x, y) => x * y },
      { name: "fma", make: (b, x, y, z) => b.op("fma", x, y, z), meaning: (x, y, z) => x * y + z },
    ], lanes);
  });

  const bitwise: readonly Case[] = [op("and", 2, (x, y) => x & y), op("or", 2, (x, y) => x | y), op("xor", 2, (x, y) => x ^ y), op("not", 1, (x) => ~x)];
  const wrapping: readonly Case[] = [
    op("neg", 1, (x) => -x),
    op("add", 2, (x, y) => x + y),
    op("sub", 2, (x, y) => x - y),
    op("mul", 2, Math.imul),
    op("fma", 3, (x, y, z) => Math.imul(x, y) + z),
    op("min", 2, (x, y) => Math.min(x, y)),
    op("max", 2, (x, y) => Math.max(x, y)),
    op("floor", 1, (x) => x),
    ...bitwise,
  ];
  const signed: readonly Case[] = [...wrapping, op("abs", 1, (x) => Math.abs(x))].map((c) => ({ ...c, meaning: (x, y, z) => c.meaning(x, y, z) | 0 }));
  const unsigned = [...wrapping, op("abs", 1, (x) => x)].map((c): Case => ({ ...c, meaning: (x, y, z) => c.meaning(x, y, z) >>> 0 }));
  /** Divisors that are not 0, and shifts below 32. */
  const guarded = (type: "int32" | "uint32"): Case[] => {
    const divisor = (b: ExprBuilder, y: Expr): Expr => b.or(y, b.splat(b.const(1, type), y.lanes));
    const amount = (b: ExprBuilder, y: Expr): Expr => b.and(y, b.splat(b.const(31, type), y.lanes));
    // −2³¹ by −1 overflows and is nobody's to compute.
    const dividend = (b: ExprBuilder, x: Expr): Expr => b.max(x, b.splat(b.const(type === "int32" ? -(2 ** 31) + 1 : 0, type), x.lanes));
    const least = (x: number): number => Math.max(x, -(2 ** 31) + 1);
    const odd = (y: number): number => (type === "int32" ? y | 1 : (y | 1) >>> 0);
    return [
      { name: "div", make: (b, x, y) => b.op("div", dividend(b, x), divisor(b, y)), meaning: (x, y) => Math.trunc(least(x) / odd(y)) + 0 },
      { name: "rem", make: (b, x, y) => b.op("rem", dividend(b, x), divisor(b, y)), meaning: (x, y) => (least(x) % odd(y)) + 0 },
      { name: "shl", make: (b, x, y) => b.op("shl", x, amount(b, y)), meaning: (x, y) => (type === "int32" ? x << y : (x << y) >>> 0) },
      { name: "shr", make: (b, x, y) => b.op("shr", x, amount(b, y)), meaning: (x, y) => (type === "int32" ? x >> y : x >>> y) },
      { name: "select", make: (b, x, y, z) => b.select(b.le(x, y), y, z), meaning: (x, y, z) => (x <= y ? y : z) },
    ];
  };

  it.each(lanesTried)("integers, which wrap × %i", async (lanes) => {
    const ints = columns([0, 1, -1, 31, 1000, -77777, 2 ** 31 - 1, -(2 ** 31)], (v) => Int32Array.from(v), (column) => [...new Int32Array(randomWords(500, 5 + column).buffer)]);
    const words = columns([0, 1, 31, 1000, 2 ** 31, 2 ** 32 - 1], (v) => Uint32Array.from(v), (column) => [...randomWords(500, 7 + column)]);
    await check("int32", "int32", ints, [...signed, ...guarded("int32")], lanes);
    await check("uint32", "uint32", words, [...unsigned, ...guarded("uint32")], lanes);
    await check("int32", "bool", ints, comparisons, lanes);
    await check("uint32", "bool", words, comparisons, lanes);
  });

  it("indices, like int32", async () => {
    const ints = columns([0, 1, -1, 31, 1000, -77777, 2 ** 31 - 1, -(2 ** 31)], (v) => Int32Array.from(v), () => []);
    const asIndex = ({ name, make, meaning }: Case): Case => ({
      name,
      meaning,
      make: (b, ...args) => b.cast(make(b, ...(args.map((a) => b.cast(a, "index")) as [Expr, Expr, Expr])), "int32"),
    });
    // The builder takes index arithmetic apart as sums of terms that do not overflow, so none does here.
    const small = ints.map((column) => column.map((v) => v % 30000)) as [Int32Array, Int32Array, Int32Array];
    await check("int32", "int32", small, signed.filter(({ name }) => !["not", "abs", "floor", "fma"].includes(name)).map(asIndex), 1);
    await check("int32", "bool", ints, comparisons.map(({ name, make, meaning }) => ({ name, meaning, make: (b, x, y, z) => make(b, b.cast(x, "index"), b.cast(y, "index"), z) })), 1);
  });

  it.each(lanesTried)("bools × %i", async (lanes) => {
    const bools = columns([0, 1], (v) => Uint8Array.from(v), () => []);
    const cases = [...bitwise, ...comparisons, op("min", 2, (x, y) => Math.min(x, y)), op("max", 2, (x, y) => Math.max(x, y)), op("select", 3, (x, y, z) => (x ? y : z))];
    await check("bool", "bool", bools, cases.map((c) => ({ ...c, meaning: (x, y, z) => c.meaning(x, y, z) & 1 })), lanes);
  });
});
