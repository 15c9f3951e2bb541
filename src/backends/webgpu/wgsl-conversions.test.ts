import { describe, expect, it } from "vitest";
import { byteSize, dtypeInfo, dtypes, typedView, type DType } from "../../core/dtype.js";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "../../core/half.js";
import type { Expr } from "../../ir/loop.js";
import { at, range } from "../../ops/indexing.js";
import { bytesOf, kernelOf, runWgsl, zeros } from "../../../test/run-wgsl.js";
import { testDevices } from "../../../test/webgpu-adapter.js";

const devices = await testDevices();

const { fround } = Math;
const specials = [0, -0, 0.4, -0.6, 1, -1, 1.5, -2.5, 127.5, 255.9, -128, 300, 65519, 65520, 65536, 1e9, NaN, Infinity, -Infinity, 2 ** 31, -(2 ** 31), 2147483520, 2 ** 32, 4294967040, -1e20, 3.4e38, 2 ** -14, 2 ** -24, 2 ** -25, 1.5 * 2 ** -25, 2 ** -126, 2 ** -149];

function same(actual: ArrayLike<number>, expected: ArrayLike<number>, of: (i: number) => string): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) if (!Object.is(actual[i], expected[i])) expect.fail(`${of(i)} is ${actual[i]}, not ${expected[i]}`);
}

describe.each(devices)("conversions on this machine's WebGPU adapter, %s", (_, device) => {
  if (!device) return void it.skip("runs shaders");
  const clamped = (x: number, low: number, high: number): number => (Number.isNaN(x) ? 0 : Math.max(low, Math.min(high, Math.trunc(x))) + 0);
  const numbers = {
    float32: [...Float32Array.from(specials)],
    int32: [0, 1, -1, 16777217, -33554435, 2 ** 31 - 1, -(2 ** 31), 255],
    uint32: [0, 1, 16777217, 33554435, 2 ** 31, 2 ** 32 - 1, 4294967167, 255],
    bool: [0, 1, 1, 0],
  } as const;
  type Type = keyof typeof numbers;
  const types: readonly Type[] = ["float32", "int32", "uint32", "bool"];
  const cast = (x: number, from: Type, to: Type): number => {
    if (to === "bool") return Number(x !== 0);
    if (to === "float32") return fround(x);
    if (from === "float32") return to === "int32" ? clamped(x, -(2 ** 31), 2 ** 31 - 1) : clamped(x, 0, 2 ** 32 - 1);
    return to === "int32" ? x | 0 : x >>> 0;
  };

  it.each(types)("casts of %s to every type", async (from) => {
    const values = at([numbers[from]], 0);
    const data = typedView(from, new ArrayBuffer(values.length * byteSize(from)));
    data.set(values);
    for (const lanes of [1, 2, 4]) {
      const others = types.filter((to) => to !== from);
      const kernel = kernelOf([[from, "read"], ...others.map((to) => [to, "write"] as const)], (b, item) => {
        const index = b.mul(item, b.index(lanes));
        return others.map((to, k) => ({ kind: "store", buffer: 1 + k, index, value: b.cast(b.load(0, from, index, lanes), to) }));
      });
      const bytes = await runWgsl(device, kernel, values.length / lanes, [{ bytes: bytesOf(data) }, ...others.map((to) => zeros(to, values.length))]);
      others.forEach((to, k) => {
        const expected = values.map((x) => cast(x, from, to));
        same(typedView(to, at(bytes, 1 + k).buffer, 0, values.length), expected, (i) => `${to} × ${lanes} of ${from} ${values[i]}`);
      });
    }
  });

  it("casts to and from indices, and reads bits as another type", async () => {
    const values = Float32Array.from(specials);
    const kernel = kernelOf([["float32", "read"], ["int32", "write"], ["float32", "write"], ["uint32", "write"]], (b, item) => {
      const x = b.load(0, "float32", item);
      const store = (buffer: number, value: Expr) => ({ kind: "store" as const, buffer, index: item, value });
      return [store(1, b.cast(b.cast(x, "index"), "int32")), store(2, b.cast(item, "float32")), store(3, b.bitcast(b.bitcast(x, "int32"), "uint32"))];
    });
    const n = values.length;
    const bytes = await runWgsl(device, kernel, n, [{ bytes: bytesOf(values) }, zeros("int32", n), zeros("float32", n), zeros("uint32", n)]);
    same(new Int32Array(at(bytes, 1).buffer), [...values].map((x) => clamped(x, -(2 ** 31), 2 ** 31 - 1)), (i) => `index of ${values[i]}`);
    same(new Float32Array(at(bytes, 2).buffer), range(n), (i) => `index ${i}`);
    same(new Uint32Array(at(bytes, 3).buffer), new Uint32Array(values.buffer), (i) => `bits of ${values[i]}`);
  });

  it.each(["float16", "bfloat16"] as const)("every %s is read, and written back as it was", async (dtype) => {
    const halves = Uint16Array.from(range(65536));
    for (const lanes of [1, 2, 4]) {
      const kernel = kernelOf([[dtype, "read"], ["float32", "write"], [dtype, "write"]], (b, item) => {
        const index = b.mul(item, b.index(lanes));
        const value = b.load(0, dtype, index, lanes);
        return [{ kind: "store", buffer: 1, index, value }, { kind: "store", buffer: 2, index, value }];
      });
      const bytes = await runWgsl(device, kernel, 65536 / lanes, [{ bytes: bytesOf(halves) }, zeros("float32", 65536), zeros(dtype, 65536)]);
      const from = dtype === "float16" ? fromFloat16 : fromBfloat16;
      const to = dtype === "float16" ? toFloat16 : toBfloat16;
      same(new Float32Array(at(bytes, 1).buffer), [...halves].map(from), (i) => `${dtype} ${i}`);
      // A NaN stays one, with bits of the machine's choice.
      const isNumber = (h: number): boolean => !Number.isNaN(from(h));
      const back = new Uint16Array(at(bytes, 2).buffer);
      same([...back].filter((_, i) => isNumber(i)), [...halves].filter(isNumber).map((h) => to(from(h))), (i) => `the ${i}th number`);
      expect([...back].every((h, i) => isNumber(i) || !isNumber(h))).toBe(true);
    }
  });

  it.each(["float16", "bfloat16"] as const)("float32 is rounded to the nearest %s", async (dtype) => {
    const from = dtype === "float16" ? fromFloat16 : fromBfloat16;
    const to = dtype === "float16" ? toFloat16 : toBfloat16;
    // Numbers of the dtype, the middles between neighbours, and what lies just beside those.
    const exact = range(65535).filter((h) => h % 7 === 0).flatMap((h) => [from(h), (from(h) + from(h + 1)) / 2]);
    const beside = new Int32Array(Float32Array.from(exact.filter(Number.isFinite)).buffer);
    const all = [...specials, ...new Float32Array(beside.buffer), ...new Float32Array(beside.map((bits) => bits + 1).buffer), ...new Float32Array(beside.map((bits) => bits - 1).buffer)];
    const values = Float32Array.from(all.slice(0, all.length - (all.length % 4)));
    const kernel = kernelOf([["float32", "read"], [dtype, "write"]], (b, item) => [{ kind: "store", buffer: 1, index: item, value: b.load(0, "float32", item) }]);
    const bytes = await runWgsl(device, kernel, values.length, [{ bytes: bytesOf(values) }, zeros(dtype, values.length)]);
    const rounded = [...new Uint16Array(at(bytes, 1).buffer)].map(from);
    same(rounded, [...values].map((x) => from(to(x))), (i) => `${dtype} of ${values[i]}`);
  });

  const stored = dtypes.filter((dtype) => dtype !== "float64");

  it.each(stored)("%s is copied from and to any place, and its neighbours stay", async (dtype: DType) => {
    const count = 37;
    const bytes = byteSize(dtype);
    const source = Uint8Array.from(range(count * bytes).map((i) => (dtype === "bool" ? i % 2 : bytes === 1 ? (i * 37) % 256 : (i * 29) % 128)));
    for (const lanes of [1, 2, 4]) {
      const copied = Math.floor(30 / lanes) * lanes;
      const kernel = kernelOf([[dtype, "read"], [dtype, "write"]], (b, item) => {
        const index = b.mul(item, b.index(lanes));
        return [{ kind: "store", buffer: 1, index, value: b.load(0, dtype, index, lanes) }];
      });
      for (const [from, to] of [[0, 0], [3, 0], [2, 1], [1, 3], [4, 4]] as const) {
        const target = new Uint8Array(count * bytes).fill(0x55);
        const results = await runWgsl(device, kernel, copied / lanes, [{ bytes: source, offset: from }, { bytes: target, offset: to }]);
        const expected = target.slice();
        expected.set(source.subarray(from * bytes, (from + copied) * bytes), to * bytes);
        expect(at(results, 1), `${dtype} × ${lanes} from ${from} to ${to}`).toEqual(expected);
      }
    }
  });

  it("memory of the kernel's own holds what the dtype can hold", async () => {
    const values = Float32Array.from(specials);
    const small: readonly DType[] = ["float16", "bfloat16", "int8", "uint8", "bool"];
    const kernel = kernelOf([["float32", "read"], ...small.map((dtype) => [dtype, "scratch", 5] as const), ["float32", "write"]], (b, item) => {
      const x = b.load(0, "float32", item);
      return small.flatMap((dtype, k) => {
        const value = b.cast(x, dtypeInfo[dtype].compute);
        return [
          { kind: "store" as const, buffer: 1 + k, index: b.index(3), value },
          { kind: "store" as const, buffer: 6, index: b.add(item, b.index(k * values.length)), value: b.cast(b.load(1 + k, dtype, b.index(3)), "float32") },
        ];
      });
    });
    const [, results] = await runWgsl(device, kernel, values.length, [{ bytes: bytesOf(values) }, zeros("float32", values.length * small.length)]);
    const meanings: readonly ((x: number) => number)[] = [
      (x) => fromFloat16(toFloat16(x)),
      (x) => fromBfloat16(toBfloat16(x)),
      (x) => (clamped(x, -(2 ** 31), 2 ** 31 - 1) << 24) >> 24,
      (x) => clamped(x, 0, 2 ** 32 - 1) & 255,
      (x) => Number(x !== 0),
    ];
    same(new Float32Array(at([results], 0)?.buffer ?? []), meanings.flatMap((meaning) => [...values].map(meaning)), (i) => `${small[Math.floor(i / values.length)]} of ${values[i % values.length]}`);
  });
});
