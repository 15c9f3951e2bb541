import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Program } from "../../compiler/program.js";
import { byteSize, dtypeInfo, dtypes, typedView, type DType } from "../../core/dtype.js";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "../../core/half.js";
import { ExprBuilder } from "../../ir/expr-builder.js";
import type { ComputeType, Expr, FoldOp, Kernel, KernelBuffer, Stmt } from "../../ir/loop.js";
import { isComparison, scalarArity, type ScalarOp } from "../../ir/scalar.js";
import { NativeBackend } from "./native-backend.js";
import { isNativeAvailable, NativeHost } from "./native-host.js";
import { nativeTarget } from "./native-target.js";
import { renderKernel } from "./render-c.js";

type Numeric = Exclude<ComputeType, "index">;

/** One kernel with the contents of its buffers, and what must be in them afterwards. */
interface Case {
  readonly name: string;
  readonly kernel: Kernel;
  readonly items: number;
  readonly ints?: readonly number[];
  readonly buffers: readonly Uint8Array[];
  check(buffers: readonly Uint8Array[]): void;
}

const folder = mkdtempSync(join(tmpdir(), "gradus-test-"));
const native = isNativeAvailable() ? new NativeBackend({ threads: 1, host: new NativeHost(folder) }) : undefined;
afterAll(async () => {
  await native?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Compiles all cases as one program, runs it, and checks each. */
function runCases(cases: readonly Case[]): void {
  if (!native) throw new Error("there is no native device");
  const all = cases.flatMap((c) => c.buffers);
  let at = 0;
  const program: Program = {
    inputs: all.map((b) => ({ shape: [b.byteLength], dtype: "uint8" })),
    outputs: [],
    inPlace: [],
    constants: [],
    arenaBytes: 0,
    kernels: cases.map((c) => c.kernel),
    steps: cases.map((c, kernel) => ({
      kind: "launch",
      kernel,
      buffers: c.buffers.map(() => ({ base: "input", index: at++, offset: 0, strides: [] })),
      ints: c.ints ?? [],
      items: c.items,
      grain: c.items,
    })),
    flops: 0,
    bytes: 0,
  };
  const storages = all.map((b) => native.upload(b));
  native.submit(native.loadProgram({ inputs: [], outputs: [] }, program), storages, []);
  const after = storages.map((s) => native.readSync(s));
  at = 0;
  for (const c of cases) c.check(after.slice(at, (at += c.buffers.length)));
}

const kernelOf = (name: string, buffers: readonly KernelBuffer[], b: ExprBuilder, body: (item: Expr) => readonly Stmt[], intCount = 0): Kernel => {
  const item = b.counter("item", 1 << 20);
  return { name, buffers, item, body: body(b.ref(item)), intCount, flops: 0, bytes: 0 };
};
const buffer = (dtype: DType, access: KernelBuffer["access"] = "readwrite", scratchSize = 0): KernelBuffer => ({ dtype, access, scratchSize });

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

const floats = [
  0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3.7, -3.7, 7, -7, 1e10, -1e10, 1e-40, NaN, Infinity, -Infinity, 0.1, 0.999, 255.5, 65519, 65520, 65504, 6e-8, 3e-8,
  6.1e-5, 2147483520, 2147483648, -2147483648, -2147483904, 4294967040, 4294967296, 3e38, 1 / 3,
];
const ints = [0, 1, -1, 2, 7, -7, 100, -100, 2147483647, -2147483648, 31, 5, 65536, -65537, 255, 256];
const samples: Readonly<Record<Numeric, readonly number[]>> = {
  float32: floats.map(Math.fround),
  float64: [...floats, 1e300, -1e-310, 5e-324, 2147483647.5, -2147483648.9, 4294967295.9, 9.3e18],
  int32: ints,
  uint32: ints.map((x) => x >>> 0),
  bool: [0, 1],
};
const wrap: Readonly<Record<Numeric, (x: number) => number>> = {
  float32: Math.fround,
  float64: (x) => x,
  int32: (x) => x | 0,
  uint32: (x) => x >>> 0,
  bool: (x) => (x ? 1 : 0),
};
const numeric: readonly Numeric[] = ["float32", "float64", "int32", "uint32", "bool"];
const isFloat = (type: ComputeType): boolean => type === "float32" || type === "float64";

/** Lanes of one register, one beyond it, a short vector, a scalar. */
const register = native ? nativeTarget().vectorBytes / 4 : 4;
const laneCounts = [1, 2, register, 2 * register];

/** What an operation gives, in plain JavaScript; undefined where it has no meaning for the type or the operands. */
function meaning(op: ScalarOp, type: Numeric, [a = 0, b = 0, c = 0]: readonly number[]): number | readonly number[] | undefined {
  const float = isFloat(type);
  const integer = type === "int32" || type === "uint32";
  const w = wrap[type];
  switch (op) {
    case "neg":
      return type === "bool" ? undefined : w(-a);
    case "abs":
      return type === "bool" ? undefined : w(Math.abs(a));
    case "floor":
    case "ceil":
    case "trunc":
      return type === "bool" ? undefined : float ? Math[op](a) : a;
    case "sqrt":
      return float ? w(Math.sqrt(a)) : undefined;
    case "not":
      return integer ? w(~a) : type === "bool" ? 1 - a : undefined;
    case "add":
      return type === "bool" ? undefined : w(a + b);
    case "sub":
      return type === "bool" ? undefined : w(a - b);
    case "mul":
      return type === "bool" ? undefined : integer ? w(Math.imul(a, b)) : w(a * b);
    case "div":
    case "rem":
      if (type === "bool" || (integer && (b === 0 || (b === -1 && a === -2147483648)))) return undefined;
      return op === "rem" ? w(a % b) : integer ? w(Math.trunc(a / b)) : w(a / b);
    case "min":
    case "max":
      // Of a zero and a negative zero either may come.
      return a === 0 && b === 0 && float ? [0, -0] : Math[op](a, b);
    case "and":
      return integer ? w(a & b) : type === "bool" ? a & b : undefined;
    case "or":
      return integer ? w(a | b) : type === "bool" ? a | b : undefined;
    case "xor":
      return integer ? w(a ^ b) : type === "bool" ? a ^ b : undefined;
    case "shl":
      return integer && b >= 0 && b < 32 ? w(a << b) : undefined;
    case "shr":
      return integer && b >= 0 && b < 32 ? (type === "uint32" ? a >>> b : a >> b) : undefined;
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
    case "fma": {
      if (type === "bool") return undefined;
      if (integer) return w(Math.imul(a, b) + c);
      return type === "float32" ? [w(w(a * b) + c), fused(a, b, c)] : undefined;
    }
  }
}

/** a·b + c rounded once to float32: the product is exact in float64, and the sum is rounded to odd before the last rounding. */
function fused(a: number, b: number, c: number): number {
  const product = a * b;
  const bits = new BigInt64Array(1);
  const sum = new Float64Array(bits.buffer);
  sum[0] = product + c;
  const s = product + c;
  const back = s - product;
  const error = product - (s - back) + (c - back);
  if (Number.isFinite(s) && error !== 0 && (bits[0] ?? 0n) % 2n === 0n) bits[0] = (bits[0] ?? 0n) + (error > 0 === s > 0 ? 1n : -1n);
  return Math.fround(sum[0] ?? 0);
}

/** All combinations of sample operands that have a meaning, filled up with the first to whole vectors. */
function operands(op: ScalarOp, type: Numeric, multiple: number): { args: number[]; expected: number | readonly number[] }[] {
  const arity = scalarArity[op];
  const first = op === "select" ? samples.bool : samples[type];
  const second = arity > 1 ? samples[type] : [0];
  const third = arity > 2 ? samples[type].filter((_, i) => i % 3 === 0) : [0];
  const rows = first.flatMap((a) =>
    second.flatMap((b) =>
      third.flatMap((c) => {
        const args = [a, b, c].slice(0, arity);
        const expected = meaning(op, type, args);
        return expected === undefined ? [] : [{ args, expected }];
      }),
    ),
  );
  const filler = rows[0];
  while (filler && rows.length % multiple !== 0) rows.push(filler);
  return rows;
}

function expectSame(name: string, got: readonly number[], expected: readonly (number | readonly number[])[]): void {
  expected.forEach((e, i) => {
    const allowed = typeof e === "number" ? [e] : e;
    if (!allowed.some((x) => Object.is(x, got[i]))) expect.fail(`${name} at ${i}: got ${got[i]}, expected ${allowed.join(" or ")}`);
  });
}

function opCase(op: ScalarOp, type: Numeric, lanes: number): Case | undefined {
  const rows = operands(op, type, lanes);
  if (rows.length === 0) return undefined;
  const b = new ExprBuilder();
  const types = rows[0]?.args.map((_, i): Numeric => (op === "select" && i === 0 ? "bool" : type)) ?? [];
  const result = isComparison(op) ? "bool" : type;
  const kernel = kernelOf(op, [...types.map((t) => buffer(t, "read")), buffer(result, "write")], b, (item) => {
    const index = b.mul(item, b.index(lanes));
    const value = b.op(op, ...types.map((t, i) => b.load(i, t, index, lanes)));
    return [{ kind: "store", buffer: types.length, index, value }];
  });
  const columns = types.map((t, i) => bytesOf(t, rows.map((r) => r.args[i] ?? 0)));
  return {
    name: `${op} ${type} × ${lanes}`,
    kernel,
    items: rows.length / lanes,
    buffers: [...columns, new Uint8Array(rows.length * byteSize(result))],
    check: (after) => {
      const got = numbersOf(result, after[types.length] ?? new Uint8Array());
      expectSame(`${op} ${type} × ${lanes}`, got, rows.map((r) => r.expected));
    },
  };
}

/** A kernel that reads `input`, computes, and writes as `output`, on the values given. */
function mapCase(
  name: string,
  input: DType,
  output: DType,
  lanes: number,
  values: readonly number[],
  expected: (x: number) => number | readonly number[],
  compute: (b: ExprBuilder, x: Expr) => Expr,
): Case {
  const filled = [...values];
  while (filled.length % lanes !== 0) filled.push(values[0] ?? 0);
  const b = new ExprBuilder();
  const kernel = kernelOf(name, [buffer(input, "read"), buffer(output, "write")], b, (item) => {
    const index = b.mul(item, b.index(lanes));
    return [{ kind: "store", buffer: 1, index, value: compute(b, b.load(0, input, index, lanes)) }];
  });
  const stored = bytesOf(input, filled);
  return {
    name,
    kernel,
    items: filled.length / lanes,
    buffers: [stored, new Uint8Array(filled.length * byteSize(output))],
    check: (after) => expectSame(name, numbersOf(output, after[1] ?? stored), numbersOf(input, stored).map(expected)),
  };
}

/** Float to integer: toward zero, saturating, NaN to 0. */
function castValue(x: number, from: Numeric, to: Numeric): number {
  if (to === "bool") return x !== 0 ? 1 : 0;
  if (to === "int32" && isFloat(from)) return Number.isNaN(x) ? 0 : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(x))) + 0;
  if (to === "uint32" && isFloat(from)) return Number.isNaN(x) ? 0 : Math.max(0, Math.min(2 ** 32 - 1, Math.trunc(x))) + 0;
  return wrap[to](x);
}

/** Storing an integer keeps its low bits. */
function storedValue(dtype: DType, x: number): number {
  return numbersOf(dtype, bytesOf(dtype, [x]))[0] ?? 0;
}

describe.skipIf(!native)("renderKernel", () => {
  for (const type of numeric) {
    it(`computes every scalar operation on ${type}, in every width`, () => {
      const ops = Object.keys(scalarArity) as ScalarOp[];
      runCases(ops.flatMap((op) => laneCounts.flatMap((lanes) => opCase(op, type, lanes) ?? [])));
    });
  }

  it("fuses comparisons into selections of any type", () => {
    const cases = numeric.flatMap((compared) =>
      numeric.flatMap((type) =>
        (["lt", "le", "eq", "ne"] as const).map((op): Case => {
          const lanes = register;
          const rows = operands(op, compared, lanes);
          const b = new ExprBuilder();
          const sources = [compared, compared, type, type].map((t) => buffer(t, "read"));
          const kernel = kernelOf(op, [...sources, buffer(type, "write")], b, (item) => {
            const index = b.mul(item, b.index(lanes));
            const [x, y, v, w] = [compared, compared, type, type].map((t, i) => b.load(i, t, index, lanes));
            if (!x || !y || !v || !w) throw new Error("four loads");
            return [{ kind: "store", buffer: 4, index, value: b.select(b.op(op, x, y), v, w) }];
          });
          const some = samples[type];
          const v = rows.map((_, i) => some[i % some.length] ?? 0);
          const w = rows.map((_, i) => some[(7 * i + 1) % some.length] ?? 0);
          const buffers = [0, 1].map((k) => bytesOf(compared, rows.map((r) => r.args[k] ?? 0)));
          return {
            name: `${op} ${compared} ${type}`,
            kernel,
            items: rows.length / lanes,
            buffers: [...buffers, bytesOf(type, v), bytesOf(type, w), new Uint8Array(rows.length * byteSize(type))],
            check: (after) =>
              expectSame(`${op} ${compared} ${type}`, numbersOf(type, after[4] ?? new Uint8Array()), rows.map((r, i) => (r.expected ? v[i] : w[i]) ?? 0)),
          };
        }),
      ),
    );
    runCases(cases);
  });

  it("casts every type to every other", () => {
    const cases = numeric.flatMap((from) =>
      numeric.flatMap((to) =>
        laneCounts.map((lanes) =>
          mapCase(`${from} to ${to} × ${lanes}`, from, to, lanes, samples[from], (x) => castValue(x, from, to), (b, x) => b.cast(x, to)),
        ),
      ),
    );
    runCases(cases);
  });

  it("reads the bits of a type as another", () => {
    const all: readonly ("float32" | "int32" | "uint32")[] = ["float32", "int32", "uint32"];
    const bits = (x: number, from: DType, to: DType): number => numbersOf(to, bytesOf(from, [x]))[0] ?? 0;
    const cases = all.flatMap((from) =>
      all.flatMap((to) =>
        [1, register].map((lanes) =>
          mapCase(`bits ${from} ${to}`, from, to, lanes, samples[from].filter((x) => !Number.isNaN(x)), (x) => bits(x, from, to), (b, x) => b.bitcast(x, to)),
        ),
      ),
    );
    runCases(cases);
  });

  it("loads and stores every dtype", () => {
    const cases = dtypes.flatMap((dtype) =>
      [...laneCounts, register / 2].flatMap((lanes) => {
        const { compute } = dtypeInfo[dtype];
        return [
          mapCase(`load ${dtype} × ${lanes}`, dtype, compute, lanes, samples[compute], (x) => x, (_b, x) => x),
          mapCase(`store ${dtype} × ${lanes}`, compute, dtype, lanes, samples[compute], (x) => storedValue(dtype, x), (_b, x) => x),
        ];
      }),
    );
    runCases(cases);
  });

  it("rounds every half to the nearest and reads every half exactly", () => {
    const codes = Array.from({ length: 65536 }, (_, i) => i);
    for (const dtype of ["float16", "bfloat16"] as const) {
      const from = dtype === "float16" ? fromFloat16 : fromBfloat16;
      const values = codes.map(from).filter((x) => !Number.isNaN(x));
      const between = values.map((x, i) => Math.fround((x + (values[i + 1] ?? x)) / 2)).filter((x) => !Number.isNaN(x));
      runCases(
        [1, register].flatMap((lanes) => [
          mapCase(`read ${dtype} × ${lanes}`, dtype, "float32", lanes, values, (x) => x, (_b, x) => x),
          mapCase(`round ${dtype} × ${lanes}`, "float32", dtype, lanes, between, (x) => storedValue(dtype, x), (_b, x) => x),
        ]),
      );
    }
  });

  it("folds by halves", () => {
    const ops: readonly FoldOp[] = ["add", "mul", "min", "max"];
    const cases = numeric.flatMap((type) =>
      (type === "bool" ? (["and", "or"] as const) : ops).flatMap((op) =>
        [2, 4, register, 2 * register].map((lanes): Case => {
          const values = Array.from({ length: 3 * lanes }, (_, i) => (type === "bool" ? (i * i) % 3 % 2 : wrap[type](((i * 7919) % 13) + 0.1)));
          const b = new ExprBuilder();
          const kernel = kernelOf(`fold-${op}`, [buffer(type, "read"), buffer(type, "write")], b, (item) => [
            { kind: "store", buffer: 1, index: item, value: b.fold(op, b.load(0, type, b.mul(item, b.index(lanes)), lanes)) },
          ]);
          const folded = (list: readonly number[]): number => {
            if (list.length === 1) return list[0] ?? 0;
            const half = list.length / 2;
            return folded(list.slice(0, half).map((x, i) => foldPair(op, type, x, list[half + i] ?? 0)));
          };
          return {
            name: `fold ${op} ${type}`,
            kernel,
            items: 3,
            buffers: [bytesOf(type, values), new Uint8Array(3 * byteSize(type))],
            check: (after) =>
              expectSame(`fold ${op} ${type} × ${lanes}`, numbersOf(type, after[1] ?? new Uint8Array()), [0, 1, 2].map((i) => folded(values.slice(i * lanes, (i + 1) * lanes)))),
          };
        }),
      ),
    );
    runCases(cases);
  });

  it("makes vectors by splat, ramp and pack", () => {
    const lanes = 4;
    const vector = (name: string, dtype: Numeric, expected: readonly number[], make: (b: ExprBuilder) => Expr): Case => {
      const b = new ExprBuilder();
      const kernel = kernelOf(name, [buffer(dtype, "write")], b, () => [{ kind: "store", buffer: 0, index: b.index(0), value: make(b) }]);
      return {
        name,
        kernel,
        items: 1,
        buffers: [new Uint8Array(lanes * byteSize(dtype))],
        check: (after) => expectSame(name, numbersOf(dtype, after[0] ?? new Uint8Array()), expected),
      };
    };
    runCases([
      vector("splat", "float32", [-0, -0, -0, -0], (b) => b.splat(b.const(-0, "float32"), lanes)),
      vector("splat-bool", "bool", [1, 1, 1, 1], (b) => b.splat(b.const(1, "bool"), lanes)),
      vector("splat-least", "int32", [-2147483648, -2147483648, -2147483648, -2147483648], (b) => b.splat(b.const(-2147483648, "int32"), lanes)),
      vector("ramp", "int32", [-2, -1, 0, 1], (b) => b.ramp(b.const(-2, "int32"), lanes)),
      vector("ramp-wraps", "uint32", [4294967295, 0, 1, 2], (b) => b.ramp(b.const(4294967295, "uint32"), lanes)),
      vector("ramp-float", "float32", [0.5, 1.5, 2.5, 3.5], (b) => b.ramp(b.const(0.5, "float32"), lanes)),
      vector("pack", "float64", [NaN, Infinity, -Infinity, 1e-7], (b) => b.pack([NaN, Infinity, -Infinity, 1e-7].map((x) => b.const(x, "float64")))),
      vector("pack-bool", "bool", [1, 0, 0, 1], (b) => b.pack([1, 0, 0, 1].map((x) => b.const(x, "bool")))),
    ]);
  });

  it("runs loops, branches, guards, scratch and integer arguments", () => {
    // out[i] = Σ over j < n with j odd of x[j], read through scratch; a guard keeps the last read in bounds.
    const b = new ExprBuilder();
    const size = 37;
    const j = b.variable("j", "index", 1, 0, 63);
    const k = b.variable("k", "index", 1, 0, 63);
    const sum = b.variable("sum", "float32");
    const twice = b.variable("twice", "float32");
    const x = b.guard(b.lt(b.ref(j), b.intArg(0)), b.load(0, "float32", b.ref(j)), b.const(1000, "float32"));
    const kernel = kernelOf(
      "loops",
      [buffer("float32", "read"), buffer("int8", "scratch", 3), buffer("float32", "scratch", 64), buffer("float32", "write")],
      b,
      (item) => [
        { kind: "for", variable: j, begin: b.index(0), end: b.index(64), step: 1, vectorize: false, body: [{ kind: "store", buffer: 2, index: b.ref(j), value: x }] },
        { kind: "mutable", variable: sum, value: b.const(0, "float32") },
        {
          kind: "for",
          variable: k,
          begin: b.index(1),
          end: b.add(b.intArg(0), item),
          step: 2,
          vectorize: false,
          body: [
            { kind: "let", variable: twice, value: b.mul(b.load(2, "float32", b.ref(k)), b.const(2, "float32")) },
            {
              kind: "if",
              condition: b.lt(b.const(10, "float32"), b.ref(twice)),
              then: [{ kind: "accumulate", variable: sum, op: "add", value: b.ref(twice) }],
              otherwise: [{ kind: "assign", variable: sum, value: b.sub(b.ref(sum), b.const(1, "float32")) }],
            },
          ],
        },
        { kind: "store", buffer: 3, index: item, value: b.ref(sum) },
      ],
      1,
    );
    const values = Array.from({ length: size }, (_, i) => (i * 5) % 11);
    const expected = [0, 1, 2, 3].map((item) => {
      let total = 0;
      for (let at = 1; at < size + item; at += 2) {
        const double = 2 * (values[at] ?? 1000);
        total = double > 10 ? total + double : total - 1;
      }
      return total;
    });
    runCases([
      {
        name: "loops",
        kernel,
        items: 4,
        ints: [size],
        buffers: [bytesOf("float32", values), new Uint8Array(16)],
        check: (after) => expectSame("loops", numbersOf("float32", after[1] ?? new Uint8Array()), expected),
      },
    ]);
  });

  it("guards vectors", () => {
    const cases = dtypes.map((dtype): Case => {
      const { compute } = dtypeInfo[dtype];
      const b = new ExprBuilder();
      const kernel = kernelOf("guard", [buffer(dtype, "read"), buffer(dtype, "write")], b, (item) => {
        const index = b.mul(item, b.index(register));
        const other = b.splat(b.const(1, compute), register);
        return [{ kind: "store", buffer: 1, index, value: b.guard(b.lt(item, b.intArg(0)), b.load(0, dtype, index, register), other) }];
      }, 1);
      const stored = bytesOf(dtype, new Array<number>(2 * register).fill(0));
      const expected = Array.from({ length: 2 * register }, (_, i) => (i < register ? 0 : 1));
      return {
        name: "guard",
        kernel,
        items: 2,
        ints: [1],
        buffers: [stored.slice(0, stored.byteLength / 2), stored],
        check: (after) => expectSame(`guard ${dtype}`, numbersOf(dtype, after[1] ?? stored), expected),
      };
    });
    runCases(cases);
  });

  it("prints equal kernels alike, whatever their names and variable numbers", () => {
    const make = (name: string, before: number): string => {
      const b = new ExprBuilder();
      for (let i = 0; i < before; i++) b.variable("unused", "index");
      return renderKernel(kernelOf(name, [buffer("float32")], b, (item) => [{ kind: "store", buffer: 0, index: item, value: b.const(1, "float32") }])).text;
    };
    expect(make("a", 0)).toBe(make("b", 5));
  });

  it("prints a row kernel as expected", () => {
    const b = new ExprBuilder();
    const j = b.variable("j", "index", 1, 0, 255);
    const kernel = kernelOf("relu-scale", [buffer("float16", "read"), buffer("float32", "write")], b, (item) => {
      const index = b.add(b.mul(item, b.index(256)), b.ref(j));
      const x = b.load(0, "float16", index, 16);
      const value = b.mul(b.max(x, b.const(0, "float32")), b.const(0.5, "float32"));
      return [{ kind: "for", variable: j, begin: b.index(0), end: b.index(256), step: 16, vectorize: false, body: [{ kind: "store", buffer: 1, index, value }] }];
    });
    const source = renderKernel(kernel);
    expect([...source.definitions.values(), source.text].join("\n")).toMatchSnapshot();
  });
});

function foldPair(op: FoldOp, type: Numeric, a: number, b: number): number {
  const result = meaning(op, type, [a, b]);
  return typeof result === "number" ? result : (result?.[0] ?? 0);
}
