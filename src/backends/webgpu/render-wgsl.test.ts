import { describe, expect, it } from "vitest";
import { byteSize, typedView } from "../../core/dtype.js";
import { CompileError, DTypeError } from "../../core/errors.js";
import type { ExprBuilder } from "../../ir/expr-builder.js";
import type { Expr, FoldOp, Kernel, Stmt, Variable } from "../../ir/loop.js";
import { at, range } from "../../ops/indexing.js";
import { runKernel, type Memory } from "../../../test/loop-interpreter.js";
import { bytesOf, kernelOf, runWgsl, zeros } from "../../../test/run-wgsl.js";
import { testDevices } from "../../../test/webgpu-adapter.js";
import { renderWgsl } from "./render-wgsl.js";

const devices = await testDevices();

const times = (b: ExprBuilder, e: Expr, n: number): Expr => b.mul(e, b.index(n));
const loop = (variable: Variable, begin: Expr, end: Expr, body: readonly Stmt[], step = 1): Stmt => ({ kind: "for", variable, begin, end, step, body, vectorize: false });
const wave = (count: number, phase: number): Float32Array => Float32Array.from(range(count), (i) => Math.sin(i + phase) * 10);

function grouped(kernel: Kernel, size: number, build: (b: ExprBuilder, item: Expr, lane: Expr) => readonly Stmt[]): Kernel {
  let group: Kernel["group"];
  const { buffers } = kernel;
  const made = kernelOf([], (b, item) => {
    const lane = b.counter("lane", size);
    group = { size, lane };
    return build(b, item, b.ref(lane));
  });
  return group ? { ...made, buffers, group } : made;
}

/** Runs a kernel of float32 buffers on the adapter and in the interpreter: they must leave the same bits. */
async function agree(device: GPUDevice, kernel: Kernel, items: number, sizes: readonly number[]): Promise<void> {
  const arrays = sizes.map((size, k) => wave(size, k));
  const memory = arrays.map((array): Memory => ({ shape: [array.length], dtype: "float32", data: Float64Array.from(array) }));
  runKernel(kernel, items, memory);
  const results = await runWgsl(device, kernel, items, arrays.map((array) => ({ bytes: bytesOf(array) })));
  results.forEach((bytes, k) => expect(new Float32Array(bytes.buffer), `buffer ${k}`).toEqual(Float32Array.from(at(memory, k).data)));
}

describe.each(devices)("WGSL on this machine's WebGPU adapter, %s", (_, device) => {
  if (!device) return void it.skip("runs shaders");

  it("runs every item, and no other, of a dispatch in two dimensions", async () => {
    const kernel = kernelOf([["int32", "write"]], (b, item) => [{ kind: "store", buffer: 0, index: item, value: b.cast(b.add(item, b.index(1)), "int32") }]);
    const [bytes] = await runWgsl(device, kernel, 300, [zeros("int32", 320)], { groupsAcross: 2 });
    expect([...new Int32Array(bytes?.buffer ?? [])]).toEqual([...range(300).map((i) => i + 1), ...range(20).fill(0)]);
  });

  it("passes integers, and begins buffers where the launch says, several of them in one binding", async () => {
    const plain = kernelOf([["float32", "read"], ["float32", "write"], ["uint8", "write"]], (b, item) => [
      { kind: "store", buffer: 1, index: b.add(item, b.intArg(1)), value: b.mul(b.load(0, "float32", b.add(item, b.intArg(0))), b.const(2, "float32")) },
      { kind: "store", buffer: 2, index: item, value: b.cast(item, "uint32") },
    ]);
    const bytes = bytesOf(Float32Array.from(range(30)));
    const passed = [{ bytes, offset: 2 }, { bytes, offset: 15 }, { bytes, offset: 81 }];
    const [result] = await runWgsl(device, { ...plain, intCount: 2 }, 5, passed, { ints: [3, -1], bindings: [0, 0, 0] });
    const expected = Float32Array.from(range(30));
    expected.set([10, 12, 14, 16, 18], 14);
    new Uint8Array(expected.buffer).set([0, 1, 2, 3, 4], 81);
    expect(result).toEqual(bytesOf(expected));
  });

  it("divides indices, toward zero where they may be negative", async () => {
    const kernel = kernelOf([["int32", "write"]], (b, item) => {
      const below = b.sub(item, b.index(150));
      const quotients = [b.div(item, b.index(7)), b.rem(item, b.index(7)), b.div(item, b.index(16)), b.rem(item, b.index(16)), b.op("div", below, b.index(8)), b.op("rem", below, b.index(7))];
      return quotients.map((value, k): Stmt => ({ kind: "store", buffer: 0, index: b.add(times(b, item, 6), b.index(k)), value: b.cast(value, "int32") }));
    });
    const [bytes] = await runWgsl(device, kernel, 300, [zeros("int32", 1800)]);
    const expected = range(300).flatMap((i) => [i / 7, i % 7, i / 16, i % 16, (i - 150) / 8, (i - 150) % 7].map((v) => Math.trunc(v) + 0));
    expect([...new Int32Array(bytes?.buffer ?? [])]).toEqual(expected);
  });

  it("loops, branches, and reads only where a guard lets it", async () => {
    const kernel = kernelOf([["float32", "read"], ["float32", "write"], ["float32", "scratch", 8], ["float32", "readwrite"]], (b, item) => {
      const [total, i, j] = [b.variable("total", "float32"), b.counter("i", 8), b.counter("j", 8)];
      const isInside = b.and(b.le(b.index(0), b.sub(b.ref(i), b.index(2))), b.lt(b.add(item, b.ref(i)), b.index(50)));
      const read = b.load(0, "float32", b.sub(b.add(item, b.ref(i)), b.index(2)));
      const inner = b.guard(b.lt(b.const(0, "float32"), read), b.op("sqrt", read), b.neg(read));
      return [
        { kind: "mutable", variable: total, value: b.const(0, "float32") },
        loop(i, b.index(0), b.index(8), [{ kind: "store", buffer: 2, index: b.ref(i), value: b.guard(isInside, inner, b.const(-1, "float32")) }]),
        loop(j, b.rem(item, b.index(3)), b.index(8), [
          { kind: "accumulate", variable: total, op: "add", value: b.load(2, "float32", b.ref(j)) },
          {
            kind: "if",
            condition: b.lt(b.const(9, "float32"), b.ref(total)),
            then: [{ kind: "assign", variable: total, value: b.sub(b.ref(total), b.const(9, "float32")) }],
            otherwise: [{ kind: "accumulate", variable: total, op: "max", value: b.const(-3, "float32") }],
          },
        ], 2),
        { kind: "store", buffer: 3, index: item, value: b.add(b.load(3, "float32", item), b.ref(total)) },
        { kind: "store", buffer: 1, index: item, value: b.mul(b.ref(total), b.ref(total)) },
      ];
    });
    await agree(device, kernel, 52, [52, 52, 52]);
  });

  it.each([2, 4])("makes, shuffles and folds vectors of %i lanes", async (lanes) => {
    const count = 8 * lanes;
    const folds: readonly FoldOp[] = ["add", "mul", "min", "max"];
    const reverse = range(lanes).map((lane) => (lane % 2 ? lanes + lane : lanes - 1 - lane));
    const kernel = kernelOf([["float32", "read"], ["float32", "write"], ["float32", "write"], ["float32", "write"], ["float32", "write"], ["float32", "scratch", 2 * lanes], ["bool", "write"]], (b, item) => {
      const index = times(b, item, lanes);
      const x = b.load(0, "float32", index, lanes);
      const parts = range(lanes).map((lane) => b.load(0, "float32", b.add(index, b.index(lane))));
      const own = b.load(5, "float32", b.index(1), lanes);
      const positive = b.lt(b.splat(b.const(0, "float32"), lanes), x);
      return [
        { kind: "store", buffer: 5, index: b.index(1), value: x },
        { kind: "store", buffer: 1, index, value: b.shuffle(own, b.neg(x), reverse) },
        { kind: "store", buffer: 2, index, value: b.add(b.pack([...parts].reverse()), b.ramp(b.const(0.5, "float32"), lanes)) },
        ...folds.map((op, k): Stmt => ({ kind: "store", buffer: 3, index: b.add(times(b, item, 4), b.index(k)), value: b.fold(op, x) })),
        { kind: "store", buffer: 4, index, value: b.guard(b.lt(item, b.index(4)), x, b.splat(at(parts, 0), lanes)) },
        { kind: "store", buffer: 6, index: times(b, item, 2), value: b.fold("and", positive) },
        { kind: "store", buffer: 6, index: b.add(times(b, item, 2), b.index(1)), value: b.fold("or", positive) },
      ];
    });
    const x = wave(count, 0);
    const results = await runWgsl(device, kernel, 8, [{ bytes: bytesOf(x) }, ...[count, count, 32, count].map((n) => zeros("float32", n)), zeros("bool", 16)]);
    const floats = (k: number): number[] => [...new Float32Array(at(results, k).buffer)];
    const rows = range(8).map((item) => [...x.subarray(item * lanes, (item + 1) * lanes)]);
    const { fround } = Math;
    const halves = (row: readonly number[], op: (a: number, b: number) => number): number =>
      row.length === 1 ? at(row, 0) : halves(row.slice(0, row.length / 2).map((v, i) => op(v, at(row, i + row.length / 2))), op);
    expect(floats(1)).toEqual(rows.flatMap((row) => reverse.map((from) => at([...row, ...row.map((v) => -v)], from))));
    expect(floats(2)).toEqual(rows.flatMap((row) => [...row].reverse().map((v, i) => fround(v + 0.5 + i))));
    expect(floats(3)).toEqual(rows.flatMap((row) => [halves(row, (a, b) => fround(a + b)), halves(row, (a, b) => fround(a * b)), Math.min(...row), Math.max(...row)]));
    expect(floats(4)).toEqual(rows.flatMap((row, item) => (item < 4 ? row : row.map(() => at(row, 0)))));
    expect([...at(results, 5)]).toEqual(rows.flatMap((row) => [Number(row.every((v) => v > 0)), Number(row.some((v) => v > 0))]));
  });

  it.each([256, 96, 7, 1])("groups of %i share memory, meet and combine", async (size) => {
    const kernel = grouped(kernelOf([["float32", "read"], ["float32", "write"], ["float32", "shared", size], ["float32", "write"]], () => []), size, (b, item, lane) => {
      const place = b.add(times(b, item, size), lane);
      const [total, least, product, i] = [b.variable("total", "float32"), b.variable("least", "int32"), b.variable("all", "bool"), b.counter("i", 3)];
      const value = b.load(0, "float32", place);
      return [
        { kind: "mutable", variable: total, value: b.const(0, "float32") },
        // The neighbour's value goes round; all write before one reads, and read before one writes.
        { kind: "store", buffer: 2, index: lane, value },
        loop(i, b.index(0), b.index(3), [
          { kind: "barrier" },
          { kind: "mutable", variable: product, value: b.lt(b.load(2, "float32", lane), b.const(9.5, "float32")) },
          { kind: "accumulate", variable: total, op: "add", value: b.load(2, "float32", b.rem(b.add(lane, b.index(1)), b.index(size))) },
          { kind: "barrier" },
          { kind: "store", buffer: 2, index: lane, value: b.mul(b.ref(total), b.const(0.5, "float32")) },
          { kind: "combine", variable: product, op: "and" },
          { kind: "if", condition: b.ref(product), then: [{ kind: "barrier" }, { kind: "accumulate", variable: total, op: "add", value: b.const(1, "float32") }], otherwise: [] },
        ]),
        { kind: "store", buffer: 3, index: place, value: b.ref(total) },
        { kind: "mutable", variable: least, value: b.cast(value, "int32") },
        { kind: "combine", variable: least, op: "min" },
        { kind: "combine", variable: total, op: "add" },
        { kind: "store", buffer: 1, index: place, value: b.add(b.ref(total), b.cast(b.ref(least), "float32")) },
      ];
    });
    await agree(device, kernel, 3, [3 * size, 3 * size, 3 * size]);
  });

  const floats = [NaN, Infinity, -Infinity, 0, -0, 3e38, -3e38, 1e-40, -1e-40, 1, -1, -2.5];
  const integers = [0, -1, 1, 2 ** 31 - 1, -(2 ** 31), 77, -1234567];
  const negativeNan = new Float32Array(Uint32Array.of(0xffc00000).buffer)[0] ?? 0;
  const pick = (of: readonly number[], most: number) => (i: number): number => at(of.slice(0, most), (i * 7 + (i >> 3)) % most);
  const reversed = [...floats].reverse();
  const unsigned = integers.map((v) => v >>> 0);
  const combined: readonly (readonly [FoldOp, "float32" | "int32" | "uint32" | "bool", (i: number) => number, (a: number, b: number) => number])[] = [
    ...(["max", "min"] as const).flatMap((op) => [
      [op, "float32", pick(floats.slice(1), 11), Math[op]] as const,
      [op, "float32", (i: number) => (i === 5 ? NaN : pick(floats, 12)(i)), Math[op]] as const,
      [op, "float32", (i: number) => (i === 2 ? negativeNan : i), Math[op]] as const,
      [op, "float32", (i: number) => (i % 3 === 0 ? 0 : -0), Math[op]] as const,
      [op, "float32", pick(reversed, 5), Math[op]] as const,
      [op, "float32", pick([-Infinity], 1), Math[op]] as const,
      [op, "int32", pick(integers, 7), Math[op]] as const,
      [op, "uint32", pick(unsigned, 7), Math[op]] as const,
      [op, "bool", pick([0, 0, 0, 1], 4), Math[op]] as const,
    ]),
    ["add", "int32", pick(integers, 7), (a, b) => (a + b) | 0],
    ["add", "uint32", pick(unsigned, 7), (a, b) => (a + b) >>> 0],
    ["mul", "int32", (i) => 3 - 2 * (i % 5), (a, b) => Math.imul(a, b)],
    ...(["and", "or"] as const).flatMap((op) => [[1, 1], [0, 0], [1, 0]].map((two) => [op, "bool", pick(two, 2), (a: number, b: number) => (op === "and" ? a & b : a | b)] as const)),
  ];

  it.each([256, 100, 5])("combines in groups of %i what makes no difference in which order, one after the other", async (size) => {
    const dtypes = ["float32", "int32", "uint32", "bool"] as const;
    const kernel = grouped(kernelOf(dtypes.flatMap((dtype) => [[dtype, "read"], [dtype, "write"]] as const), () => []), size, (b, item, lane) =>
      combined.flatMap(([op, type], k): Stmt[] => {
        const [value, buffer] = [b.variable("value", type), 2 * dtypes.indexOf(type)];
        const place = b.add(times(b, b.add(times(b, item, combined.length), b.index(k)), size), lane);
        return [
          { kind: "mutable", variable: value, value: b.load(buffer, type, place) },
          { kind: "combine", variable: value, op },
          { kind: "store", buffer: buffer + 1, index: place, value: b.ref(value) },
        ];
      }),
    );
    const groups = 2;
    const count = groups * combined.length * size;
    const given = dtypes.map((dtype) => typedView(dtype, new ArrayBuffer(count * byteSize(dtype))));
    const forEach = (body: (k: number, first: number, group: number) => void): void => {
      for (const group of range(groups)) combined.forEach((_, k) => body(k, (group * combined.length + k) * size, group));
    };
    forEach((k, first, group) => {
      const [, type, value] = at(combined, k);
      for (const i of range(size)) at(given, dtypes.indexOf(type))[first + i] = value(i + group);
    });
    const results = await runWgsl(device, kernel, groups, given.flatMap((array, k) => [{ bytes: bytesOf(array) }, zeros(at(dtypes, k), count)]));
    forEach((k, first) => {
      const [op, type, , fold] = at(combined, k);
      const t = dtypes.indexOf(type);
      const expected = range(size).map((i) => at(given, t)[first + i] ?? 0).reduce((a, v) => fold(a, v));
      const actual = typedView(type, at(results, 2 * t + 1).buffer, 0, count);
      for (const i of range(size)) if (!Object.is(actual[first + i], expected)) expect.fail(`${op} number ${k} of ${type} is ${actual[first + i]} in lane ${i}, not ${expected}`);
    });
  });

  it("lets a group read what it wrote to a buffer", async () => {
    const kernel = grouped(kernelOf([["float32", "readwrite"]], () => []), 64, (b, item, lane) => {
      const place = (e: Expr): Expr => b.add(times(b, item, 64), e);
      const before = b.variable("before", "float32");
      return [
        { kind: "let", variable: before, value: b.load(0, "float32", place(b.sub(b.index(63), lane))) },
        { kind: "barrier" },
        { kind: "store", buffer: 0, index: place(lane), value: b.ref(before) },
      ];
    });
    await agree(device, kernel, 2, [128]);
  });
});

describe("the renderer of WGSL", () => {
  const write = (buffers: Parameters<typeof kernelOf>[0], value: (b: ExprBuilder, item: Expr) => Expr): Kernel =>
    kernelOf(buffers, (b, item) => [{ kind: "store", buffer: 0, index: item, value: value(b, item) }]);

  it("writes equal text for equal kernels", () => {
    const make = (): Kernel => write([["float32", "write"], ["float32", "read"]], (b, item) => b.div(b.load(1, "float32", item), b.const(NaN, "float32")));
    expect(renderWgsl(make(), [1, 0])).toEqual(renderWgsl(make(), [1, 0]));
  });

  it("says what it does not write", () => {
    expect(() => renderWgsl(write([["float64", "write"]], (b) => b.const(1, "float64")), [0])).toThrow(DTypeError);
    expect(() => renderWgsl(write([["float32", "write"]], (b) => b.splat(b.const(1, "float32"), 8)), [0])).toThrow(CompileError);
    expect(() => renderWgsl(write([["float32", "write"]], (b) => b.const(1, "float32")), [])).toThrow(CompileError);
    const scratch = (size: number): Kernel => write([["float32", "write"], ["float32", "scratch", size]], (b, item) => b.load(1, "float32", item));
    expect(() => renderWgsl(scratch(2049), [0])).toThrow("8196 bytes of scratch");
    expect(renderWgsl(scratch(2048), [0])).toMatchObject({ workgroupSize: 64, itemsPerGroup: 64, paramWords: 4 });
  });
});
