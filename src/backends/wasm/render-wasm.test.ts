import { setFlagsFromString } from "node:v8";
import { describe, expect, it } from "vitest";
import { byteSize, dtypeInfo, dtypes, typedView, type DType } from "../../core/dtype.js";
import { CompileError } from "../../core/errors.js";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "../../core/half.js";
import { ExprBuilder } from "../../ir/expr-builder.js";
import type { ComputeType, Expr, FoldOp, Kernel, KernelBuffer, Stmt } from "../../ir/loop.js";
import { scalarArity, type ScalarOp } from "../../ir/scalar.js";
import { hasRelaxedSimd } from "./features.js";
import { renderKernel } from "./render-wasm.js";
import { scalarOps } from "./scalar-ops.js";
import { functionText } from "../../../test/wasm-text.js";
import { encodeModule } from "./wasm-module.js";

if (!hasRelaxedSimd()) setFlagsFromString("--experimental-wasm-relaxed-simd");

const memory = new WebAssembly.Memory({ initial: 16, maximum: 65536 });

/** Runs a kernel over its whole range; one place in memory for each buffer that is not scratch. */
function run(
  kernel: Kernel,
  buffers: readonly Uint8Array[],
  items: number,
  ints: readonly number[] = [],
  relaxed = hasRelaxedSimd(),
): Uint8Array[] {
  const rendered = renderKernel(kernel, relaxed);
  const bytes = encodeModule({
    imports: [],
    sharedMemory: false,
    table: false,
    types: [],
    functions: [{ ...rendered, name: "kernel" }],
  });
  expect(WebAssembly.validate(bytes), functionText(rendered)).toBe(true);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const words = new Int32Array(memory.buffer);
  let at = 65536;
  const places = buffers.map((b) => {
    const place = at;
    new Uint8Array(memory.buffer).set(b, place);
    at += Math.ceil(b.byteLength / 64) * 64 + 64;
    return place;
  });
  words.set(places, 1024);
  words.set(ints, 2048);
  const call = instance.exports["kernel"];
  if (typeof call !== "function") throw new Error("the kernel is not exported");
  call(4096, 8192, 0, items, 16384);
  return buffers.map((b, i) => new Uint8Array(memory.buffer).slice(places[i], (places[i] ?? 0) + b.byteLength));
}

const kernelOf = (
  name: string,
  buffers: readonly KernelBuffer[],
  b: ExprBuilder,
  body: (item: Expr) => readonly Stmt[],
  intCount = 0,
): Kernel => {
  const item = b.counter("item", 1 << 20);
  return { name, buffers, item, body: body(b.ref(item)), intCount, flops: 0, bytes: 0 };
};
const buffer = (dtype: DType, access: KernelBuffer["access"] = "readwrite", scratchSize = 0): KernelBuffer => ({
  dtype,
  access,
  scratchSize,
});

/** Numbers as a dtype stores them. */
function bytesOf(dtype: DType, values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * byteSize(dtype));
  const view = typedView(dtype, bytes.buffer);
  values.forEach((v, i) => (view[i] = dtype === "float16" ? toFloat16(v) : dtype === "bfloat16" ? toBfloat16(v) : v));
  return bytes;
}

function numbersOf(dtype: DType, bytes: Uint8Array): number[] {
  const list = Array.from(typedView(dtype, bytes.buffer, bytes.byteOffset, bytes.byteLength / byteSize(dtype)));
  return dtype === "float16" ? list.map(fromFloat16) : dtype === "bfloat16" ? list.map(fromBfloat16) : list;
}

const floatSamples = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  3.7,
  -3.7,
  1e10,
  -1e10,
  7,
  -7,
  3,
  1e-40,
  NaN,
  Infinity,
  -Infinity,
  2147483648,
  -2147483649,
  4294967296,
  0.1,
  255.5,
  65519,
  65520,
  6e-8,
  3e38,
  0.333,
];
const intSamples = [0, 1, -1, 2, 7, -7, 100, -100, 2147483647, -2147483648, 31, 5, 65536, -65537, 255, 256];
const uintSamples = [0, 1, 2, 7, 100, 2147483647, 2147483648, 4294967295, 31, 5, 65536, 255, 256, 3000000000];

const samples: Record<ComputeType, readonly number[]> = {
  float32: floatSamples.map(Math.fround),
  float64: [...floatSamples, 1e300, -1e-310, 5e-324],
  int32: intSamples,
  uint32: uintSamples,
  bool: [0, 1],
  index: intSamples,
};

const wrap: Record<ComputeType, (x: number) => number> = {
  float32: Math.fround,
  float64: (x) => x,
  int32: (x) => x | 0,
  uint32: (x) => x >>> 0,
  bool: (x) => (x ? 1 : 0),
  index: (x) => x | 0,
};

const bits = (x: number): string => (Object.is(x, -0) ? "-0" : String(x));

/** What an operation means, on JavaScript numbers. */
function meaning(op: ScalarOp, type: ComputeType, a: number, b: number, c: number): number {
  const whole = type === "int32" || type === "uint32" || type === "index";
  switch (op) {
    case "neg":
      return -a;
    case "abs":
      return Math.abs(a);
    case "floor":
      return Math.floor(a);
    case "ceil":
      return Math.ceil(a);
    case "trunc":
      return Math.trunc(a);
    case "sqrt":
      return Math.sqrt(a);
    case "not":
      return type === "bool" ? (a ? 0 : 1) : ~a;
    case "add":
      return a + b;
    case "sub":
      return a - b;
    case "mul":
      return whole ? Math.imul(a, b) : a * b;
    case "div":
      return whole ? Math.trunc(a / b) : a / b;
    case "rem":
      return a % b;
    case "min":
      return Math.min(a, b);
    case "max":
      return Math.max(a, b);
    case "and":
      return a & b;
    case "or":
      return a | b;
    case "xor":
      return a ^ b;
    case "shl":
      return a << b;
    case "shr":
      return type === "uint32" ? a >>> b : a >> b;
    case "lt":
      return a < b ? 1 : 0;
    case "le":
      return a <= b ? 1 : 0;
    case "eq":
      return a === b ? 1 : 0;
    case "ne":
      return a !== b ? 1 : 0;
    case "select":
      return a ? b : c;
    case "fma":
      return type === "float32" ? Math.fround(Math.fround(a * b) + c) : whole ? Math.imul(a, b) + c : a * b + c;
  }
}

const compute = ["float32", "float64", "int32", "uint32", "bool"] as const;
const comparisons: readonly ScalarOp[] = ["lt", "le", "eq", "ne"];
const allOps = Object.keys(scalarArity) as ScalarOp[];
const rows = scalarOps(false);

/** Operand tuples for an operation, leaving out what scalar.ts leaves undefined. */
function operands(op: ScalarOp, type: ComputeType): number[][] {
  const values = samples[type];
  const whole = type === "int32" || type === "uint32";
  if (scalarArity[op] === 1) return values.map((a) => [a, 0, 0]);
  const pairs = values.flatMap((a) => values.map((b) => [a, b]));
  const allowed = pairs.filter(([, b]) => {
    if (!whole) return true;
    if (op === "div" || op === "rem") return b !== 0 && b !== -1;
    return (op !== "shl" && op !== "shr") || ((b ?? 0) >= 0 && (b ?? 0) < 32);
  });
  if (op === "select") return allowed.flatMap(([a, b]) => [0, 1].map((c) => [c, a ?? 0, b ?? 0]));
  if (op === "fma")
    return [2, -3, 0.5, 100].flatMap((a) =>
      [3, 7, -1].flatMap((b) => [1, -5, 0.25].map((c) => [a, b, c].map(wrap[type]))),
    );
  return allowed.map(([a, b]) => [a ?? 0, b ?? 0, 0]);
}

describe("scalar operations", () => {
  for (const type of compute) {
    for (const lanes of [1, 2, 4, 8]) {
      it(`${type} × ${lanes}`, () => {
        for (const op of allOps) {
          if (rows[op][type] === "none") continue;
          const tuples = operands(op, type);
          while (tuples.length % 8 !== 0) tuples.push(tuples[0] ?? []);
          const b = new ExprBuilder();
          const arity = scalarArity[op];
          const types: DType[] = op === "select" ? ["bool", type, type] : [type, type, type];
          const result: DType = comparisons.includes(op) ? "bool" : type;
          const kernel = kernelOf(op, [...types.slice(0, arity).map((t) => buffer(t)), buffer(result)], b, (item) => {
            const index = b.mul(item, b.index(lanes));
            const args = types.slice(0, arity).map((t, k) => b.load(k, t, index, lanes));
            return [{ kind: "store", buffer: arity, index, value: b.op(op, ...args) }];
          });
          const inputs = types.slice(0, arity).map((t, k) =>
            bytesOf(
              t,
              tuples.map((x) => x[k] ?? 0),
            ),
          );
          const outputs = run(
            kernel,
            [...inputs, new Uint8Array(tuples.length * byteSize(result))],
            tuples.length / lanes,
          );
          const got = numbersOf(result, outputs[arity] ?? new Uint8Array()).map(bits);
          const expected = tuples.map(([x, y, z]) =>
            bits(wrap[result === "bool" ? "bool" : type](meaning(op, type, x ?? 0, y ?? 0, z ?? 0))),
          );
          expect(got, op).toEqual(expected);
        }
      });
    }
  }

  it("refuses what has no meaning", () => {
    const b = new ExprBuilder();
    const kernel = kernelOf("bad", [buffer("int32")], b, (item) => [
      { kind: "store", buffer: 0, index: item, value: b.op("sqrt", b.load(0, "int32", item)) },
    ]);
    expect(() => renderKernel(kernel, false)).toThrow(CompileError);
  });

  it("shifts a register by one amount", () => {
    const b = new ExprBuilder();
    const kernel = kernelOf("shift", [buffer("uint32"), buffer("uint32")], b, (item) => {
      const index = b.mul(item, b.index(4));
      const value = b.op("shr", b.load(0, "uint32", index, 4), b.splat(b.const(3, "uint32"), 4));
      return [{ kind: "store", buffer: 1, index, value }];
    });
    const [, out] = run(kernel, [bytesOf("uint32", [8, 4294967295, 7, 0]), new Uint8Array(16)], 1);
    expect(numbersOf("uint32", out ?? new Uint8Array())).toEqual([1, 536870911, 0, 0]);
  });

  it("rounds a relaxed multiply-add once or twice", () => {
    const b = new ExprBuilder();
    const kernel = kernelOf("fma", [buffer("float32"), buffer("float32")], b, (item) => {
      const x = b.load(0, "float32", item, 4);
      return [{ kind: "store", buffer: 1, index: item, value: b.op("fma", x, x, b.splat(b.const(-1, "float32"), 4)) }];
    });
    const x = [1 + 2 ** -12, 1.5, 3, 1 - 2 ** -13];
    for (const relaxed of new Set([false, hasRelaxedSimd()])) {
      const [, out] = run(kernel, [bytesOf("float32", x), new Uint8Array(16)], 1, [], relaxed);
      numbersOf("float32", out ?? new Uint8Array()).forEach((y, i) => {
        const v = x[i] ?? 0;
        expect([Math.fround(v * v - 1), Math.fround(Math.fround(v * v) - 1)]).toContain(y);
      });
    }
  });
});

/** The value of a cast, on JavaScript numbers. */
function castMeaning(x: number, from: ComputeType, to: ComputeType): number {
  if (to === "bool") return x !== 0 ? 1 : 0;
  const saturate = (low: number, high: number): number =>
    Number.isNaN(x) ? 0 : Math.max(low, Math.min(high, Math.trunc(x)));
  if (from === "float32" || from === "float64") {
    if (to === "int32") return saturate(-(2 ** 31), 2 ** 31 - 1) | 0;
    if (to === "uint32") return saturate(0, 2 ** 32 - 1) >>> 0;
  }
  return wrap[to](x);
}

describe("casts", () => {
  for (const from of compute) {
    for (const to of compute) {
      if (from === to) continue;
      it(`${from} → ${to}`, () => {
        for (const lanes of [1, 2, 4, 8]) {
          const values = [...samples[from]];
          while (values.length % 8 !== 0) values.push(1);
          const b = new ExprBuilder();
          const kernel = kernelOf("cast", [buffer(from), buffer(to)], b, (item) => {
            const index = b.mul(item, b.index(lanes));
            return [{ kind: "store", buffer: 1, index, value: b.cast(b.load(0, from, index, lanes), to) }];
          });
          const [, out] = run(
            kernel,
            [bytesOf(from, values), new Uint8Array(values.length * byteSize(to))],
            values.length / lanes,
          );
          expect(numbersOf(to, out ?? new Uint8Array()).map(bits), `${lanes}`).toEqual(
            values.map((x) => bits(castMeaning(x, from, to))),
          );
        }
      });
    }
  }

  it("bitcast keeps bits", () => {
    for (const lanes of [1, 4]) {
      const b = new ExprBuilder();
      const kernel = kernelOf("bitcast", [buffer("float32"), buffer("int32"), buffer("float32")], b, (item) => {
        const index = b.mul(item, b.index(lanes));
        return [
          { kind: "store", buffer: 1, index, value: b.bitcast(b.load(0, "float32", index, lanes), "int32") },
          { kind: "store", buffer: 2, index, value: b.bitcast(b.load(1, "int32", index, lanes), "float32") },
        ];
      });
      const values = [1, -0, 1e-40, -3.5];
      const [source, ints, back] = run(
        kernel,
        [bytesOf("float32", values), new Uint8Array(16), new Uint8Array(16)],
        4 / lanes,
      );
      expect(ints).toEqual(source);
      expect(back).toEqual(source);
    }
  });
});

describe("memory", () => {
  for (const dtype of dtypes) {
    it(`loads and stores ${dtype}`, () => {
      const type = dtypeInfo[dtype].compute;
      for (const lanes of [1, 2, 4, 8]) {
        let values: number[] = type === "bool" ? [0, 1, 1, 0, 1, 0, 0, 1] : [...samples[type]];
        // Every bit pattern of a half-width float goes through unchanged.
        if (dtype === "float16" || dtype === "bfloat16") {
          const from = dtype === "float16" ? fromFloat16 : fromBfloat16;
          const patterns = Array.from({ length: 65536 }, (_, i) => i).filter((i) => !Number.isNaN(from(i)));
          values = [...patterns.map(from), NaN];
        }
        while (values.length % 8 !== 0) values.push(0);
        const b = new ExprBuilder();
        const kernel = kernelOf("copy", [buffer(dtype), buffer(dtype), buffer(type)], b, (item) => {
          const index = b.mul(item, b.index(lanes));
          const x = b.load(0, dtype, index, lanes);
          return [
            { kind: "store", buffer: 1, index, value: x },
            { kind: "store", buffer: 2, index, value: x },
          ];
        });
        const stored = bytesOf(dtype, values);
        const [, copy, wide] = run(
          kernel,
          [stored, new Uint8Array(stored.length), new Uint8Array(values.length * byteSize(type))],
          values.length / lanes,
        );
        expect(Buffer.compare(copy ?? stored, stored), `${lanes}`).toBe(0);
        const got = numbersOf(type, wide ?? stored);
        const expected = numbersOf(dtype, stored);
        expect(got.every((x, i) => Object.is(x, expected[i]))).toBe(true);
      }
    });
  }

  for (const dtype of ["float16", "bfloat16"] as const) {
    it(`rounds to ${dtype}`, () => {
      const values: number[] = [
        NaN,
        Infinity,
        -Infinity,
        0,
        -0,
        65504,
        65519.996,
        65520,
        -1e30,
        3.4e38,
        5.9e-8,
        2.98e-8,
        2.9e-8,
        6.1e-5,
        6.0975e-5,
        1e-45,
      ];
      let state = 1;
      for (let i = 0; i < 4096; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) | 0;
        values.push(new Float32Array(Int32Array.of(state).buffer)[0] ?? 0);
        values.push(Math.fround((state / 2 ** 31) * 2 ** ((i % 50) - 30)));
      }
      // Halfway cases: an exact value plus half of its last place.
      for (let i = 0; i < 2048; i++) values.push(Math.fround((1024 + i + 0.5) * 2 ** ((i % 20) - 24)));
      const finite = values.map((x) => (Number.isNaN(x) ? NaN : x));
      while (finite.length % 4 !== 0) finite.push(0);
      for (const lanes of [1, 4]) {
        const b = new ExprBuilder();
        const kernel = kernelOf("round", [buffer("float32"), buffer(dtype)], b, (item) => {
          const index = b.mul(item, b.index(lanes));
          return [{ kind: "store", buffer: 1, index, value: b.load(0, "float32", index, lanes) }];
        });
        const [, out] = run(
          kernel,
          [bytesOf("float32", finite), new Uint8Array(finite.length * 2)],
          finite.length / lanes,
        );
        expect(out).toEqual(bytesOf(dtype, finite));
      }
    });
  }

  it("wraps integers to bytes", () => {
    for (const lanes of [1, 4]) {
      const b = new ExprBuilder();
      const kernel = kernelOf("narrow", [buffer("int32"), buffer("int8"), buffer("uint8")], b, (item) => {
        const index = b.mul(item, b.index(lanes));
        const x = b.load(0, "int32", index, lanes);
        return [
          { kind: "store", buffer: 1, index, value: x },
          { kind: "store", buffer: 2, index, value: x },
        ];
      });
      const [, int8, uint8] = run(
        kernel,
        [bytesOf("int32", [300, -1, 128, -129]), new Uint8Array(4), new Uint8Array(4)],
        4 / lanes,
      );
      expect(numbersOf("int8", int8 ?? new Uint8Array())).toEqual([44, -1, -128, 127]);
      expect(numbersOf("uint8", uint8 ?? new Uint8Array())).toEqual([44, 255, 128, 127]);
    }
  });

  it("reads before the start of an index that is moved back", () => {
    const b = new ExprBuilder();
    const kernel = kernelOf("shifted", [buffer("float32"), buffer("float32")], b, (item) => {
      const back = b.sub(item, b.index(2));
      const inside = b.le(b.index(0), back);
      return [
        {
          kind: "store",
          buffer: 1,
          index: item,
          value: b.guard(inside, b.load(0, "float32", back), b.const(-1, "float32")),
        },
      ];
    });
    const [, out] = run(kernel, [bytesOf("float32", [5, 6, 7, 8]), new Uint8Array(24)], 6);
    expect(numbersOf("float32", out ?? new Uint8Array())).toEqual([-1, -1, 5, 6, 7, 8]);
  });

  it("reads backwards from a constant", () => {
    const b = new ExprBuilder();
    const kernel = kernelOf("reversed", [buffer("float32"), buffer("float32")], b, (item) => [
      { kind: "store", buffer: 1, index: item, value: b.load(0, "float32", b.sub(b.index(3), item)) },
    ]);
    const [, out] = run(kernel, [bytesOf("float32", [1, 2, 3, 4]), new Uint8Array(16)], 4);
    expect(numbersOf("float32", out ?? new Uint8Array())).toEqual([4, 3, 2, 1]);
  });

  it("computes all registers of a wide store before the first is written", () => {
    const b = new ExprBuilder();
    const kernel = kernelOf("overlap", [buffer("float32")], b, (_item) => [
      { kind: "store", buffer: 0, index: b.index(1), value: b.load(0, "float32", b.index(0), 8) },
    ]);
    const [out] = run(kernel, [bytesOf("float32", [1, 2, 3, 4, 5, 6, 7, 8, 9])], 1);
    expect(numbersOf("float32", out ?? new Uint8Array())).toEqual([1, 1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

describe("vectors", () => {
  it("are limited by a number, which a NaN passes", () => {
    const values = floatSamples.slice(0, floatSamples.length & ~3);
    for (const type of ["float32", "float64"] as const) {
      for (const op of ["min", "max"] as const) {
        for (const limit of [2.5, -1, 0, -0, Infinity, NaN]) {
          const b = new ExprBuilder();
          const kernel = kernelOf("limit", [buffer(type), buffer(type), buffer(type)], b, (item) => {
            const index = b.mul(item, b.index(4));
            const [x, by] = [b.load(0, type, index, 4), b.splat(b.const(limit, type), 4)];
            return [
              { kind: "store", buffer: 1, index, value: b.op(op, x, by) },
              { kind: "store", buffer: 2, index, value: b.op(op, by, x) },
            ];
          });
          const x = bytesOf(type, values);
          const [, after, before] = run(kernel, [x, x.slice(), x.slice()], values.length / 4);
          const expected = numbersOf(type, x).map((v) => Math[op](v, limit));
          expect(numbersOf(type, after ?? x), `${op}(x, ${limit}) ${type}`).toEqual(expected);
          expect(numbersOf(type, before ?? x), `${op}(${limit}, x) ${type}`).toEqual(expected);
        }
      }
    }
  });

  const folds: readonly FoldOp[] = ["add", "mul", "min", "max", "and", "or"];

  it("folds by halves", () => {
    for (const type of compute) {
      for (const op of folds) {
        if (rows[op][type] === "none") continue;
        for (const lanes of [2, 4, 8, 16]) {
          const values = Array.from({ length: lanes }, (_, i) => wrap[type]((i * 7919) % 13 === 0 ? 0.1 : i + 0.3));
          const b = new ExprBuilder();
          const kernel = kernelOf("fold", [buffer(type), buffer(type)], b, (item) => [
            { kind: "store", buffer: 1, index: item, value: b.fold(op, b.load(0, type, b.index(0), lanes)) },
          ]);
          const [, out] = run(kernel, [bytesOf(type, values), new Uint8Array(byteSize(type))], 1);
          let level = values;
          while (level.length > 1) {
            const half = level.length / 2;
            level = level.slice(0, half).map((x, i) => wrap[type](meaning(op, type, x, level[i + half] ?? 0, 0)));
          }
          expect(numbersOf(type, out ?? new Uint8Array()), `${op} ${type} ${lanes}`).toEqual(level);
        }
      }
    }
  });

  it("ramps, packs and splats", () => {
    for (const type of ["float32", "float64", "int32", "uint32"] as const) {
      const b = new ExprBuilder();
      const kernel = kernelOf("ramp", [buffer(type), buffer(type)], b, (_item) => {
        const x = (i: number): Expr => b.load(0, type, b.index(i));
        return [
          { kind: "store", buffer: 1, index: b.index(0), value: b.ramp(x(2), 8) },
          { kind: "store", buffer: 1, index: b.index(8), value: b.ramp(b.const(5, type), 4) },
          { kind: "store", buffer: 1, index: b.index(12), value: b.pack([x(3), x(0), x(2), x(1)]) },
          {
            kind: "store",
            buffer: 1,
            index: b.index(16),
            value: b.pack([0, 1, 2, 3].map((i) => b.add(x(i), x(3 - i)))),
          },
          { kind: "store", buffer: 1, index: b.index(20), value: b.splat(x(1), 4) },
          { kind: "store", buffer: 1, index: b.index(24), value: b.splat(b.neg(x(1)), 4) },
        ];
      });
      const [, out] = run(kernel, [bytesOf(type, [1, 2, 4, 8]), new Uint8Array(28 * byteSize(type))], 1);
      const minus = wrap[type](-2);
      expect(numbersOf(type, out ?? new Uint8Array())).toEqual([
        ...[4, 5, 6, 7, 8, 9, 10, 11, 5, 6, 7, 8, 8, 1, 4, 2, 9, 6, 6, 9, 2, 2, 2, 2],
        ...[minus, minus, minus, minus],
      ]);
    }
  });

  it("packs and splats bools, and selects by a splat", () => {
    const b = new ExprBuilder();
    const kernel = kernelOf("bools", [buffer("bool"), buffer("bool"), buffer("float64")], b, (_item) => {
      const x = (i: number): Expr => b.load(0, "bool", b.index(i));
      const numbers = b.ramp(b.const(1, "float64"), 4);
      return [
        { kind: "store", buffer: 1, index: b.index(0), value: b.pack([x(1), x(0), b.not(x(0)), x(3)]) },
        { kind: "store", buffer: 1, index: b.index(4), value: b.splat(b.not(x(0)), 4) },
        { kind: "store", buffer: 2, index: b.index(0), value: b.select(b.splat(x(1), 4), numbers, b.neg(numbers)) },
        {
          kind: "store",
          buffer: 2,
          index: b.index(4),
          value: b.select(b.load(0, "bool", b.index(0), 4), numbers, b.neg(numbers)),
        },
      ];
    });
    const [, bools, numbers] = run(kernel, [bytesOf("bool", [0, 1, 1, 0]), new Uint8Array(8), new Uint8Array(64)], 1);
    expect(numbersOf("bool", bools ?? new Uint8Array())).toEqual([1, 0, 1, 0, 1, 1, 1, 1]);
    expect(numbersOf("float64", numbers ?? new Uint8Array())).toEqual([1, 2, 3, 4, -1, 2, 3, -4]);
  });
});

describe("statements", () => {
  it("keeps a named index as it was when it was named", () => {
    const b = new ExprBuilder();
    const m = b.variable("m", "index", 1, 0, 3);
    const [fromLoad, fromMutable] = [b.variable("p", "index", 1, 0, 8), b.variable("q", "index", 1, 0, 8)];
    const kernel = kernelOf("named", [buffer("int32"), buffer("float32")], b, (_item) => [
      { kind: "mutable", variable: m, value: b.index(1) },
      { kind: "let", variable: fromMutable, value: b.add(b.mul(b.ref(m), b.index(2)), b.index(1)) },
      { kind: "let", variable: fromLoad, value: b.add(b.cast(b.load(0, "int32", b.index(0)), "index"), b.index(1)) },
      { kind: "store", buffer: 0, index: b.index(0), value: b.const(0, "int32") },
      { kind: "assign", variable: m, value: b.index(0) },
      { kind: "store", buffer: 1, index: b.ref(fromMutable), value: b.const(3, "float32") },
      { kind: "store", buffer: 1, index: b.ref(fromLoad), value: b.const(5, "float32") },
    ]);
    const [, out] = run(kernel, [bytesOf("int32", [4]), new Uint8Array(24)], 1);
    expect(numbersOf("float32", out ?? new Uint8Array())).toEqual([0, 0, 0, 3, 0, 5]);
  });

  it("loops, accumulates, branches and reads int arguments", () => {
    const b = new ExprBuilder();
    const k = b.counter("k", 1000);
    const j = b.counter("j", 1000);
    const sum = b.variable("sum", "float64");
    const twice = b.variable("twice", "float64");
    const kernel = kernelOf(
      "rows",
      [buffer("float64"), buffer("float64"), buffer("float64", "scratch", 3)],
      b,
      (item) => {
        const at = b.add(b.mul(item, b.intArg(0)), b.ref(k));
        return [
          { kind: "mutable", variable: sum, value: b.const(0, "float64") },
          {
            kind: "for",
            variable: k,
            begin: b.index(0),
            end: b.intArg(0),
            step: 2,
            vectorize: false,
            body: [
              { kind: "let", variable: twice, value: b.mul(b.load(0, "float64", at), b.const(2, "float64")) },
              {
                kind: "if",
                condition: b.lt(b.ref(twice), b.const(10, "float64")),
                then: [{ kind: "accumulate", variable: sum, op: "add", value: b.ref(twice) }],
                otherwise: [{ kind: "assign", variable: sum, value: b.sub(b.ref(sum), b.const(1, "float64")) }],
              },
            ],
          },
          { kind: "store", buffer: 2, index: b.index(2), value: b.ref(sum) },
          { kind: "store", buffer: 1, index: item, value: b.load(2, "float64", b.index(2)) },
          // A loop that is not entered.
          {
            kind: "for",
            variable: j,
            begin: b.intArg(0),
            end: b.intArg(0),
            step: 1,
            vectorize: false,
            body: [{ kind: "store", buffer: 1, index: item, value: b.const(99, "float64") }],
          },
        ];
      },
      1,
    );
    const x = [1, 100, 2, 100, 3, 9, 100, 8, 100, 1];
    const [, out] = run(kernel, [bytesOf("float64", x), new Uint8Array(16)], 2, [5]);
    expect(numbersOf("float64", out ?? new Uint8Array())).toEqual([12, -1 - 1 + 2]);
  });

  it("does not compute the side of a guard that is not taken", () => {
    const b = new ExprBuilder();
    const far = b.index(2 ** 28);
    const kernel = kernelOf("guarded", [buffer("float32"), buffer("float32")], b, (item) => {
      const condition = b.lt(item, b.index(1));
      const value = b.guard(condition, b.load(0, "float32", item, 4), b.load(0, "float32", far, 4));
      return [{ kind: "if", condition, then: [{ kind: "store", buffer: 1, index: item, value }], otherwise: [] }];
    });
    const [, out] = run(kernel, [bytesOf("float32", [1, 2, 3, 4]), new Uint8Array(16)], 3);
    expect(numbersOf("float32", out ?? new Uint8Array())).toEqual([1, 2, 3, 4]);
  });

  it("keeps values apart that a mutable variable separates", () => {
    const b = new ExprBuilder();
    const m = b.variable("m", "index", 1, 0, 3);
    const kernel = kernelOf("walk", [buffer("float32"), buffer("float32")], b, (_item) => [
      { kind: "mutable", variable: m, value: b.index(0) },
      { kind: "store", buffer: 1, index: b.ref(m), value: b.load(0, "float32", b.sub(b.index(3), b.ref(m))) },
      { kind: "assign", variable: m, value: b.index(2) },
      { kind: "store", buffer: 1, index: b.ref(m), value: b.load(0, "float32", b.sub(b.index(3), b.ref(m))) },
    ]);
    const [, out] = run(kernel, [bytesOf("float32", [1, 2, 3, 4]), new Uint8Array(16)], 1);
    expect(numbersOf("float32", out ?? new Uint8Array())).toEqual([4, 0, 2, 0]);
  });
});

it("writes an inner loop of loads and multiply-adds as expected", () => {
  const b = new ExprBuilder();
  const k = b.counter("k", 64);
  const sums = [0, 1].map((i) => b.variable(`c${i}`, "float32", 4));
  const kernel = kernelOf(
    "tile",
    [buffer("float32", "read"), buffer("float32", "read"), buffer("float32", "write")],
    b,
    (item) => [
      ...sums.map((variable): Stmt => ({ kind: "mutable", variable, value: b.splat(b.const(0, "float32"), 4) })),
      {
        kind: "for",
        variable: k,
        begin: b.index(0),
        end: b.index(64),
        step: 1,
        vectorize: false,
        body: sums.map((variable, i): Stmt => {
          const left = b.splat(
            b.load(0, "float32", b.add(b.mul(item, b.index(128)), b.add(b.mul(b.ref(k), b.index(2)), b.index(i)))),
            4,
          );
          const right = b.load(1, "float32", b.mul(b.ref(k), b.index(4)), 4);
          return { kind: "assign", variable, value: b.op("fma", left, right, b.ref(variable)) };
        }),
      },
      ...sums.map((variable, i): Stmt => ({
        kind: "store",
        buffer: 2,
        index: b.add(b.mul(item, b.index(8)), b.index(4 * i)),
        value: b.ref(variable),
      })),
    ],
  );
  expect(functionText(renderKernel(kernel, true))).toMatchSnapshot();
});
