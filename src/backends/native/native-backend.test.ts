import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { afterAll, describe, expect, it } from "vitest";
import type { Place, Program, Step } from "../../compiler/program.js";
import type { DType } from "../../core/dtype.js";
import { ArgumentError, DeviceError, DisposedError } from "../../core/errors.js";
import { ExprBuilder } from "../../ir/expr-builder.js";
import type { Expr, Kernel, KernelBuffer } from "../../ir/loop.js";
import { NativeBackend } from "./native-backend.js";
import { isNativeAvailable, nativeUnavailableReason } from "./native-host.js";

const opened: NativeBackend[] = [];
function device(threads: number): NativeBackend {
  const backend = new NativeBackend({ threads });
  opened.push(backend);
  return backend;
}
afterAll(async () => {
  for (const backend of opened) await backend.close();
});

const none = { inputs: [], outputs: [] };
const at = (base: Place["base"], index: number, offset = 0, strides: readonly number[] = []): Place => ({ base, index, offset, strides });

/** out[i] = f(in[i], i): one float32 element an item. */
function elementwise(f: (b: ExprBuilder, x: Expr, item: Expr) => Expr, intCount = 0): Kernel {
  const b = new ExprBuilder();
  const item = b.counter("i", 1 << 30);
  const index = b.ref(item);
  const buffer = (access: KernelBuffer["access"]): KernelBuffer => ({ dtype: "float32", access, scratchSize: 0 });
  const value = f(b, b.load(0, "float32", index), index);
  return { name: "elementwise", buffers: [buffer("read"), buffer("write")], item, body: [{ kind: "store", buffer: 1, index, value }], intCount, flops: 0, bytes: 0 };
}

const addOne = elementwise((b, x) => b.add(x, b.const(1, "float32")));
const double = elementwise((b, x) => b.add(x, x));

function program(inputs: readonly number[], outputs: readonly number[], kernels: readonly Kernel[], steps: readonly Step[], more: Partial<Program> = {}): Program {
  const type = (size: number): { shape: number[]; dtype: DType } => ({ shape: [size], dtype: "float32" });
  return { inputs: inputs.map(type), outputs: outputs.map(type), inPlace: outputs.map(() => -1), constants: [], arenaBytes: 0, kernels, steps, flops: 0, bytes: 0, ...more };
}

/** Makes a program run on the device's threads however little it does. */
const onThreads = { flops: 1e12 } as const;
/** The same with the calling thread as the first of them. */
const withCaller = { flops: 60e6 } as const;

const launch = (kernel: number, from: Place, to: Place, items: number, grain: number): Step => ({ kind: "launch", kernel, buffers: [from, to], ints: [], items, grain });

const floats = (values: Iterable<number>): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const numbers = (bytes: Uint8Array): number[] => Array.from(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4));
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe("isNativeAvailable", () => {
  it("agrees with the reason", () => {
    expect(isNativeAvailable()).toBe(nativeUnavailableReason() === undefined);
  });
});

describe.skipIf(!isNativeAvailable())("NativeBackend", () => {
  it("runs a launch in place, on the caller, on threads and on both", async () => {
    const backend = device(2);
    for (const more of [{}, withCaller, onThreads]) {
      const n = 1000;
      const executable = backend.loadProgram(none, program([n], [n], [addOne], [launch(0, at("input", 0), at("output", 0), n, 7)], more));
      const x = backend.upload(floats(range(n)));
      backend.submit(executable, [x], [x]);
      expect(numbers(await backend.read(x))).toEqual(range(n).map((i) => i + 1));
    }
  });

  it("repeats loops with strides, copies, constants, integer arguments and the arena", () => {
    const backend = device(2);
    const scale = elementwise((b, x, item) => b.mul(x, b.cast(b.add(item, b.intArg(0, -100, 100)), "float32")), 1);
    // For r of 3 and c of 4: arena row = input[r, c] scaled, output[c, r] = the row + the constant's first half.
    const row = 8;
    const bytes = row * 4;
    const steps: Step[] = [
      {
        kind: "loop",
        count: 3,
        body: [
          {
            kind: "loop",
            count: 4,
            body: [
              { kind: "launch", kernel: 0, buffers: [at("input", 0, 0, [4 * bytes, bytes]), at("arena", 0, 64)], ints: [-2], items: row, grain: 2 },
              { kind: "copy", from: at("arena", 0, 64), to: at("output", 0, 0, [bytes, 3 * bytes]), bytes },
            ],
          },
          { kind: "loop", count: 0, body: [launch(0, at("arena", 0), at("arena", 0), 1, 1)] },
        ],
      },
      { kind: "copy", from: at("constant", 1, 4), to: at("output", 1), bytes: 8 },
    ];
    const constants = [floats([9, 9, 9]), floats([1, 2, 3])];
    for (const more of [{}, withCaller, onThreads]) {
      const executable = backend.loadProgram(none, program([12 * row], [12 * row, 2], [scale], steps, { arenaBytes: 64 + bytes, constants, ...more }));
      const outputs = [backend.allocate(12 * bytes), backend.allocate(8)];
      backend.submit(executable, [backend.upload(floats(range(12 * row)))], outputs);
      const [first, second] = outputs.map((o) => numbers(backend.readSync(o)));
      const expected = range(12).flatMap((i) => range(row).map((k) => ((i % 3) * 4 * row + Math.floor(i / 3) * row + k) * (k - 2)));
      expect(first).toEqual(expected);
      expect(second).toEqual([2, 3]);
    }
  });

  it("gives the same bytes with 1, 2 and 5 threads", () => {
    const n = 40_000;
    const mixed = elementwise((b, x, item) => b.op("sqrt", b.add(b.mul(x, b.const(0.37, "float32")), b.cast(item, "float32"))));
    const steps: Step[] = range(30).map((i) => {
      const from = i === 0 ? at("input", 0) : at("arena", 0, (i % 2) * n * 4);
      const to = i === 29 ? at("output", 0) : at("arena", 0, ((i + 1) % 2) * n * 4);
      return i % 7 === 3 ? { kind: "copy", from, to, bytes: n * 4 } : launch(0, from, to, n, i % 3 === 0 ? n : 64);
    });
    const results = [1, 2, 5].flatMap((threads) => {
      const backend = device(threads);
      return [onThreads, withCaller].map((more) => {
        const executable = backend.loadProgram(none, program([n], [n], [mixed], steps, { arenaBytes: 8 * n, ...more }));
        const [x, y] = [backend.upload(floats(range(n).map((i) => i / 3))), backend.allocate(4 * n)];
        for (let repeat = 0; repeat < 20; repeat++) backend.submit(executable, [x], [y]);
        return Buffer.from(backend.readSync(y)).toString("base64");
      });
    });
    expect(new Set(results).size).toBe(1);
  });

  it("splits large copies", () => {
    const backend = device(2);
    const bytes = 1_000_003;
    const source = Uint8Array.from({ length: bytes }, (_, i) => (i * 31) % 251);
    const steps: Step[] = [{ kind: "copy", from: at("input", 0), to: at("output", 0), bytes }];
    const executable = backend.loadProgram(none, { ...program([], [], [], steps), inputs: [{ shape: [bytes], dtype: "uint8" }], outputs: [{ shape: [bytes], dtype: "uint8" }], bytes: 1e9 });
    const out = backend.allocate(bytes);
    backend.submit(executable, [backend.upload(source)], [out]);
    expect(Buffer.compare(backend.readSync(out), source)).toBe(0);
  });

  it("keeps the order of many queued runs, small and large", async () => {
    const backend = device(2);
    const n = 64;
    const step = (kernel: number): Step[] => [launch(kernel, at("input", 0), at("output", 0), n, 8)];
    const slow = backend.loadProgram(none, program([n], [n], [addOne, double], step(0), onThreads));
    const quick = [{}, withCaller].map((more) => backend.loadProgram(none, program([n], [n], [addOne, double], step(1), more)));
    const x = backend.upload(floats(new Array<number>(n).fill(0)));
    const reads: Promise<number | undefined>[] = [];
    const expected: number[] = [];
    let value = 0;
    for (let i = 0; i < 100; i++) {
      backend.submit((i % 3 === 0 ? quick[i % 2] : undefined) ?? slow, [x], [x]);
      value = Math.fround(i % 3 === 0 ? value * 2 : value + 1);
      // Now and then all is done, so that the next run may have the calling thread.
      if (i % 27 === 26) backend.readSync(x);
      if (i % 9 === 0) {
        // A read sees the value of its time, though later runs overwrite the memory.
        reads.push(backend.read(x).then((bytes) => numbers(bytes)[n - 1]));
        expected.push(value);
      }
    }
    expect(await Promise.all(reads)).toEqual(expected);
    await backend.idle();
    expect(numbers(backend.readSync(x))[0]).toBe(value);
  });

  it("grows the arena for a larger program", () => {
    const backend = device(2);
    for (const n of [16, 1 << 20, 1 << 10, 1 << 22]) {
      const steps = [launch(0, at("input", 0), at("arena", 0), n, 1024), launch(1, at("arena", 0), at("output", 0), n, 1024)];
      const executable = backend.loadProgram(none, program([n], [n], [addOne, double], steps, { arenaBytes: 4 * n, ...onThreads }));
      const [x, y] = [backend.upload(floats(range(n))), backend.allocate(4 * n)];
      backend.submit(executable, [x], [y]);
      const out = numbers(backend.readSync(y));
      expect([out[0], out[n - 1]]).toEqual([2, Math.fround(n * 2)]);
    }
  });

  it("gives released memory out again, once no run uses it", () => {
    const backend = device(2);
    for (const n of [100, 1 << 20]) {
      const executable = backend.loadProgram(none, program([n], [n], [addOne], [launch(0, at("input", 0), at("output", 0), n, 1024)], onThreads));
      let x = backend.upload(floats(new Array<number>(n).fill(0)));
      const addresses = new Set<number>();
      for (let i = 0; i < 20; i++) {
        const y = backend.allocate(4 * n);
        addresses.add(y.block.address);
        backend.submit(executable, [x], [y]);
        backend.release(x);
        x = y;
        if (i % 4 === 3) backend.readSync(x);
      }
      expect(numbers(backend.readSync(x))[n - 1]).toBe(20);
      expect(addresses.size).toBeLessThan(12);
    }
  });

  it("takes memory back after it was closed", async () => {
    const backend = new NativeBackend({ threads: 1 });
    const storage = backend.upload(floats([1]));
    await backend.close();
    backend.release(storage);
    expect(() => backend.allocate(4)).toThrow(DeviceError);
  });

  it("aligns memory to 64 bytes and keeps empty storages", () => {
    const backend = device(1);
    for (const bytes of [0, 1, 63, 64, 1000, 1 << 17]) expect(backend.allocate(bytes).block.address % 64).toBe(0);
    expect(backend.readSync(backend.upload(new Uint8Array(0))).byteLength).toBe(0);
  });

  it("copies an array for each reader", async () => {
    const backend = device(1);
    const x = backend.upload(floats([1, 2]));
    const first = await backend.read(x);
    first.fill(0);
    expect(numbers(await backend.read(x))).toEqual([1, 2]);
  });

  it("keeps the process alive for a read, and lets it end amid runs", () => {
    const folder = mkdtempSync(join(tmpdir(), "gradus-test-"));
    const outfile = join(folder, "process.cjs");
    const contents = `
      import { NativeBackend } from ${JSON.stringify(join(import.meta.dirname, "native-backend.ts"))};
      const backend = new NativeBackend({ threads: 2 });
      const bytes = 1 << 24;
      const place = (base) => ({ base, index: 0, offset: 0, strides: [] });
      const type = { shape: [bytes], dtype: "uint8" };
      const copy = { kind: "copy", from: place("input"), to: place("output"), bytes };
      const program = { inputs: [type], outputs: [type], inPlace: [-1], constants: [], arenaBytes: 0, kernels: [], steps: [{ kind: "loop", count: 20, body: [copy] }], flops: 0, bytes: 1e12 };
      const executable = backend.loadProgram({ inputs: [], outputs: [] }, program);
      const [x, y] = [backend.upload(new Uint8Array(bytes).fill(5)), backend.allocate(bytes)];
      for (let i = 0; i < 10; i++) backend.submit(executable, [x], [y]);
      if (process.argv[2] === "read") backend.read(y).then((all) => console.log(all[bytes - 1]));
      else process.exit(7);`;
    buildSync({ stdin: { contents, resolveDir: import.meta.dirname }, bundle: true, platform: "node", format: "cjs", external: ["koffi"], outfile, define: { "import.meta.url": JSON.stringify(import.meta.url) }, logLevel: "error" });
    const run = (mode: string): ReturnType<typeof spawnSync> => spawnSync(process.execPath, [outfile, mode], { encoding: "utf8" });
    expect(run("read")).toMatchObject({ status: 0, stdout: "5\n" });
    expect(run("exit")).toMatchObject({ status: 7, signal: null });
    rmSync(folder, { recursive: true });
  });

  it("refuses what does not belong to it", async () => {
    const [one, other] = [device(1), device(1)];
    const executable = one.loadProgram(none, program([4], [4], [addOne], [launch(0, at("input", 0), at("output", 0), 4, 4)]));
    const x = one.upload(floats([1, 2, 3, 4]));
    expect(() => other.submit(executable, [x], [x])).toThrow(DeviceError);
    expect(() => one.submit(executable, [x], [other.allocate(16)])).toThrow(DeviceError);
    expect(() => one.submit(executable, [x], [one.allocate(8)])).toThrow(ArgumentError);
    expect(() => one.submit(executable, [x], [])).toThrow(ArgumentError);
    await expect(other.read(x)).rejects.toThrow(DeviceError);
    one.release(x);
    expect(() => one.submit(executable, [x], [one.allocate(16)])).toThrow(DisposedError);
    expect(() => new NativeBackend({ threads: 0 })).toThrow(ArgumentError);
    const closed = device(1);
    await closed.close();
    expect(() => closed.allocate(4)).toThrow(DeviceError);
  });
});
