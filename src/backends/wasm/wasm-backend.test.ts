import { afterAll, describe, expect, it } from "vitest";
import { compileForCores } from "../../compiler/compile-for-cores.js";
import type { Place, Program, Step } from "../../compiler/program.js";
import { ArgumentError, CompileError, DeviceError, DisposedError, OutOfMemoryError } from "../../core/errors.js";
import { ExprBuilder } from "../../ir/expr-builder.js";
import { input as valueOf, type Graph, type Storage, type TensorType } from "../../ir/graph.js";
import type { Expr, Kernel, KernelBuffer, Stmt } from "../../ir/loop.js";
import { add, constant, erf, mul, tanh } from "../../ops/index.js";
import type { Executable } from "../../runtime/backend.js";
import type { Profiler } from "../../runtime/profile.js";
import { interpreterModule } from "./interpreter.js";
import { renderKernel } from "./render-wasm.js";
import { wasmTarget, type WasmBackend } from "./wasm-backend.js";
import { encodeModule } from "./wasm-module.js";
import { createNodeWasm, type NodeWasmOptions } from "./wasm-node.js";

const devices: WasmBackend[] = [];
function device(options: NodeWasmOptions): WasmBackend {
  const made = createNodeWasm({ inline: false, ...options });
  devices.push(made);
  return made;
}
afterAll(async () => {
  for (const d of devices) await d.close();
});

const graph: Graph = { inputs: [], outputs: [] };
const f32 = (size: number): TensorType => ({ shape: [size], dtype: "float32" });
const place = (base: Place["base"], index = 0, offset = 0, strides: readonly number[] = []): Place => ({
  base,
  index,
  offset,
  strides,
});
const input = (index = 0, offset = 0, strides: readonly number[] = []): Place => place("input", index, offset, strides);
const output = (index = 0, offset = 0, strides: readonly number[] = []): Place =>
  place("output", index, offset, strides);
const arena = (offset: number, strides: readonly number[] = []): Place => place("arena", 0, offset, strides);

interface Parts {
  readonly inputs: readonly TensorType[];
  readonly outputs: readonly TensorType[];
  readonly kernels?: readonly Kernel[];
  readonly steps: readonly Step[];
  readonly arenaBytes?: number;
  readonly constants?: readonly Uint8Array[];
  readonly flops?: number;
}
const program = (parts: Parts): Program => ({
  kernels: [],
  arenaBytes: 0,
  constants: [],
  inPlace: parts.outputs.map(() => -1),
  flops: 0,
  bytes: 0,
  ...parts,
});

const launch = (
  kernel: number,
  buffers: readonly Place[],
  items: number,
  grain = 8,
  ints: readonly number[] = [],
): Step => ({
  kind: "launch",
  kernel,
  buffers,
  ints,
  items,
  grain,
});

function kernel(
  name: string,
  buffers: readonly KernelBuffer["access"][],
  body: (b: ExprBuilder, item: Expr) => readonly Stmt[],
  intCount = 0,
): Kernel {
  const b = new ExprBuilder();
  const item = b.counter("item", 1 << 20);
  return {
    name,
    buffers: buffers.map((access) => ({ dtype: "float32", access, scratchSize: access === "scratch" ? 16 : 0 })),
    item,
    body: body(b, b.ref(item)),
    intCount,
    flops: 0,
    bytes: 0,
  };
}

/** out[i] = in[n−1−i] + 1, n being the int argument. */
const reverseAddOne = kernel(
  "reverse-add-one",
  ["read", "write"],
  (b, item) => {
    const from = b.sub(b.sub(b.intArg(0), b.index(1)), item);
    return [{ kind: "store", buffer: 1, index: item, value: b.add(b.load(0, "float32", from), b.const(1, "float32")) }];
  },
  1,
);

/** out[i] = a[i] + b[i], four at a time. */
const addFour = kernel("add", ["read", "read", "write"], (b, item) => {
  const index = b.mul(item, b.index(4));
  return [
    { kind: "store", buffer: 2, index, value: b.add(b.load(0, "float32", index, 4), b.load(1, "float32", index, 4)) },
  ];
});

/** out[i] = 2·in[i] through this thread's scratch memory. */
const throughScratch = kernel("scratch", ["read", "scratch", "write"], (b, item) => [
  {
    kind: "store",
    buffer: 1,
    index: b.rem(item, b.index(16)),
    value: b.add(b.load(0, "float32", item), b.load(0, "float32", item)),
  },
  { kind: "store", buffer: 2, index: item, value: b.load(1, "float32", b.rem(item, b.index(16))) },
]);

const bytesOf = (values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const numbersOf = (bytes: Uint8Array): number[] => [
  ...new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4),
];
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

async function runOnce(d: WasmBackend, p: Program, inputs: readonly (readonly number[])[]): Promise<number[][]> {
  const outputs = p.outputs.map((type) => d.allocate(4 * (type.shape[0] ?? 1)));
  d.submit(
    d.loadProgram(graph, p),
    inputs.map((x) => d.upload(bytesOf(x))),
    outputs,
  );
  return (await Promise.all(outputs.map((o) => d.read(o)))).map(numbersOf);
}

it("has a valid interpreter, with and without shared memory", () => {
  expect(WebAssembly.validate(encodeModule(interpreterModule(true)))).toBe(true);
  expect(WebAssembly.validate(encodeModule(interpreterModule(false)))).toBe(true);
});

const variants: readonly NodeWasmOptions[] = [
  { threads: 0 },
  { threads: 1 },
  { threads: 2 },
  { threads: 2, inline: true },
  { threads: 3 },
  { threads: 0, remote: true },
];

for (const options of variants) {
  const name = options.remote ? "a worker that owns the memory" : `${options.threads} threads${options.inline ? ", inline" : ""}`;
  describe(name, () => {
    it("runs hundreds of launches that need each other", async () => {
      const d = device(options);
      const n = 1000;
      const count = 301;
      const steps = range(count).map((k) =>
        launch(
          0,
          [k === 0 ? input() : arena((k % 2) * 4096), k === count - 1 ? output() : arena(((k + 1) % 2) * 4096)],
          n,
          // Now for all threads, now for one.
          k % 5 === 0 ? n : 7,
          [n],
        ),
      );
      const p = program({ inputs: [f32(n)], outputs: [f32(n)], kernels: [reverseAddOne], steps, arenaBytes: 8192 });
      const [got] = await runOnce(d, p, [range(n)]);
      expect(got).toEqual(range(n).map((i) => n - 1 - i + count));
    });

    it("runs nested loops, copies, constants and scratch memory", async () => {
      const d = device(options);
      // out[r][c] = 2·in[r][c] + constant[c]; then the sum of the rows, as a scan over an arena.
      const rows = 5;
      const columns = 3;
      const width = 16;
      const at = (base: Place["base"]): Place => place(base, 0, 0, [4 * columns * width, 4 * width]);
      const steps: Step[] = [
        {
          kind: "loop",
          count: rows,
          body: [
            {
              kind: "loop",
              count: columns,
              body: [
                launch(0, [at("input"), arena(0)], width, 4),
                launch(1, [arena(0), place("constant", 1, 0, [0, 4 * width]), at("output")], width / 4, 1),
              ],
            },
          ],
        },
        { kind: "copy", from: place("constant", 0), to: arena(1024), bytes: 4 * columns * width },
        {
          kind: "loop",
          count: rows,
          body: [
            launch(1, [arena(1024), output(0, 0, [4 * columns * width]), arena(2048)], (columns * width) / 4, 5),
            { kind: "copy", from: arena(2048), to: arena(1024), bytes: 4 * columns * width },
          ],
        },
        { kind: "copy", from: arena(1024), to: output(1), bytes: 4 * columns * width },
      ];
      const x = range(rows * columns * width).map((i) => (i * 37) % 101);
      const bias = range(columns * width).map((i) => i / 4);
      const p = program({
        inputs: [f32(x.length)],
        outputs: [f32(x.length), f32(bias.length)],
        kernels: [throughScratch, addFour],
        steps,
        arenaBytes: 4096,
        constants: [bytesOf(bias.map(() => 0)), bytesOf(bias)],
      });
      const [y, sums] = await runOnce(d, p, [x]);
      const expected = x.map((v, i) => 2 * v + (bias[i % bias.length] ?? 0));
      expect(y).toEqual(expected);
      expect(sums).toEqual(
        bias.map((_, c) => range(rows).reduce((sum, r) => sum + (expected[r * bias.length + c] ?? 0), 0)),
      );
    });

    it("copies blocks of many pieces", async () => {
      const d = device(options);
      const n = 100_003;
      const steps: Step[] = [
        { kind: "copy", from: input(), to: arena(64), bytes: 4 * n },
        { kind: "copy", from: arena(64), to: output(), bytes: 4 * n },
      ];
      const x = range(n);
      const [got] = await runOnce(d, program({ inputs: [f32(n)], outputs: [f32(n)], steps, arenaBytes: 4 * n + 64 }), [
        x,
      ]);
      expect(got).toEqual(x);
    });

    it("keeps runs and reads in order", async () => {
      const d = device(options);
      const n = 512;
      const p = program({
        inputs: [f32(n)],
        outputs: [f32(n)],
        kernels: [addFour],
        steps: [launch(0, [input(), input(), output()], n / 4, 8)],
      });
      const double = d.loadProgram(graph, p);
      // In place: the storage is overwritten by every run, and a read sees it as it was when it was queued.
      const x = d.upload(bytesOf(range(n).map((i) => i + 1)));
      const reads: Promise<Uint8Array>[] = [];
      for (let k = 0; k < 40; k++) {
        if (k % 3 === 0) reads.push(d.read(x));
        if (options.remote && k % 16 === 0) await d.idle();
        d.submit(double, [x], [x]);
        if (k === 20 && !options.remote) expect(numbersOf(d.readSync(x))[1]).toBe(2 * 2 ** 21);
      }
      const values = (await Promise.all(reads)).map((bytes) => numbersOf(bytes)[2]);
      expect(values).toEqual(range(14).map((k) => 3 * 2 ** (3 * k)));
      await d.idle();
      expect(numbersOf(await d.read(x))[0]).toBe(2 ** 40);
    });
  });
}

/** Launches that need each other, now for all threads, now for one; so many that a calling thread does not run them alone. */
function chain(count: number, n: number, flops = 0): Program {
  const at = (k: number): Place => arena((k % 2) * 4 * n);
  const steps = range(count).map((k) =>
    launch(0, [k === 0 ? input() : at(k), k === count - 1 ? output() : at(k + 1)], n, k % 5 === 0 ? n : 7, [n]),
  );
  return program({ inputs: [f32(n)], outputs: [f32(n)], kernels: [reverseAddOne], steps, arenaBytes: 8 * n, flops });
}

for (const threads of [2, 3]) {
  it(`lets the calling thread take part between what ${threads} threads run without it`, async () => {
    const d = device({ threads, inline: true });
    const n = 128;
    const [small, middle, large] = [chain(1, n), chain(201, n), chain(201, n, 1e12)].map((p) => d.loadProgram(graph, p));
    if (!small || !middle || !large) throw new Error("three programs");
    let x: Storage = d.upload(bytesOf(range(n)));
    const next = (run: Executable): void => {
      const y = d.allocate(4 * n);
      d.submit(run, [x], [y]);
      x = y;
    };
    next(large);
    d.readSync(x);
    let count = 201;
    for (let k = 0; k < 90; k++) {
      next(k % 4 === 3 ? large : k % 4 === 1 ? small : middle);
      count += k % 4 === 1 ? 1 : 201;
      if (k % 8 !== 3) continue;
      d.readSync(x);
      next(middle);
      count += 201;
      // Done when submit returns: this thread did it.
      expect(d.pending).toBe(0);
      expect(numbersOf(await d.read(x))[0]).toBe(count + (count % 2 ? n - 1 : 0));
    }
    expect(numbersOf(d.readSync(x))).toEqual(range(n).map((i) => (count % 2 ? n - 1 - i : i) + count));
  });
}

describe("memory", () => {
  const size = 1 << 16;
  const increment = (d: WasmBackend): Executable =>
    d.loadProgram(
      graph,
      program({
        inputs: [f32(size)],
        outputs: [f32(size)],
        kernels: [reverseAddOne],
        steps: [launch(0, [input(), output()], size, 4096, [size])],
      }),
    );

  for (const threads of [0, 2]) {
    it(`puts storages out beyond the budget and finds them again, ${threads} threads`, async () => {
      const budgetBytes = 4 << 20;
      const d = device({ threads, budgetBytes });
      const run = increment(d);
      const chain: Storage[] = [d.upload(bytesOf(range(size)))];
      for (let k = 0; k < 60; k++) {
        const next = d.allocate(4 * size);
        d.submit(run, [chain[k] ?? next], [next]);
        chain.push(next);
      }
      await d.idle();
      const [last, first] = [chain[60], chain[1]];
      if (!last || !first) throw new Error("no chain");
      expect(numbersOf(await d.read(last))[5]).toBe(65);
      expect(numbersOf(d.readSync(first))[5]).toBe(size - 6 + 1);
      // An old one takes part again.
      const again = d.allocate(4 * size);
      d.submit(run, [first], [again]);
      expect(numbersOf(d.readSync(again))[5]).toBe(5 + 2);
      // Each run needs two at a time, and a full queue of them may lie beyond the budget.
      expect(d.residentBytes).toBeLessThan(budgetBytes + 18 * 4 * size);
    });

    it(`keeps a loop that never reaches the event loop flat, ${threads} threads`, () => {
      const d = device({ threads });
      const run = increment(d);
      let x = d.upload(bytesOf(range(size)));
      const loss = d.allocate(4);
      const first = d.loadProgram(
        graph,
        program({
          inputs: [f32(size)],
          outputs: [f32(1)],
          steps: [{ kind: "copy", from: input(), to: output(), bytes: 4 }],
        }),
      );
      const before = process.memoryUsage().arrayBuffers;
      for (let k = 0; k < 1500; k++) {
        const next = d.allocate(4 * size);
        d.upload(new Uint8Array(4 * size));
        d.submit(run, [x], [next]);
        d.submit(first, [next], [loss]);
        d.readSync(loss);
        x = next;
      }
      // Of the 780 MB that were made, 32 runs' worth stay in linear memory, and what the engine has not yet collected.
      expect(d.residentBytes).toBeLessThan(40 * 4 * size);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(300 << 20);
      expect(numbersOf(d.readSync(x))[7]).toBe(7 + 1500);
    });
  }

  it("gives memory back at once, and refuses what was given back", async () => {
    const d = device({ threads: 1 });
    const run = increment(d);
    const x = d.upload(bytesOf(range(size)));
    const y = d.allocate(4 * size);
    d.submit(run, [x], [y]);
    const before = d.residentBytes;
    d.release(x);
    d.release(x);
    expect(d.residentBytes).toBe(before - 4 * size);
    expect(numbersOf(await d.read(y))[0]).toBe(size);
    expect(() => d.submit(run, [x], [y])).toThrow(DisposedError);
    await expect(d.read(x)).rejects.toThrow(DisposedError);
  });

  it("refuses a program that does not fit before it runs", () => {
    const d = device({ threads: 1, memoryBytes: 8 << 20 });
    const parts = { inputs: [f32(size)], outputs: [f32(size)], steps: [] };
    expect(() => d.loadProgram(graph, program({ ...parts, arenaBytes: 9 << 20 }))).toThrow(OutOfMemoryError);
  });

  it("waits for queued work and puts storages out before it gives up", async () => {
    const d = device({ threads: 1, memoryBytes: 8 << 20 });
    const run = increment(d);
    const chain = [d.upload(bytesOf(range(size)))];
    for (let k = 0; k < 100; k++) {
      const next = d.allocate(4 * size);
      d.submit(run, [chain[k] ?? next], [next]);
      chain.push(next);
    }
    expect(numbersOf(await d.read(chain[100] ?? d.allocate(4)))[3]).toBe(103);
    expect(numbersOf(await d.read(chain[50] ?? d.allocate(4)))[3]).toBe(53);
  });

  it("hands out empty storages", async () => {
    const d = device({ threads: 1 });
    const run = d.loadProgram(
      graph,
      program({
        inputs: [f32(0)],
        outputs: [f32(0)],
        kernels: [addFour],
        steps: [launch(0, [input(), input(), output()], 0)],
      }),
    );
    const [x, y] = [d.upload(new Uint8Array(0)), d.allocate(0)];
    d.submit(run, [x], [y]);
    expect((await d.read(y)).byteLength).toBe(0);
  });
});

describe("a worker that owns the memory", () => {
  const size = 1 << 16;
  const make = (options: NodeWasmOptions = {}): { d: WasmBackend; run: Executable } => {
    const d = device({ threads: 0, remote: true, ...options });
    const parts = { inputs: [f32(size)], outputs: [f32(size)], kernels: [reverseAddOne] };
    return { d, run: d.loadProgram(graph, program({ ...parts, steps: [launch(0, [input(), output()], size, 4096, [size])] })) };
  };

  it("sends storages beyond the budget out and takes them back", async () => {
    const budgetBytes = 4 << 20;
    const { d, run } = make({ budgetBytes });
    const chain: Storage[] = [d.upload(bytesOf(range(size)))];
    for (let k = 0; k < 100; k++) {
      const next = d.allocate(4 * size);
      d.submit(run, [chain[k] ?? next], [next]);
      chain.push(next);
      if (k % 4 === 0) await d.idle();
    }
    await d.idle();
    expect(d.residentBytes).toBeLessThan(budgetBytes + 20 * 4 * size);
    const [last, first] = [chain[100], chain[1]];
    if (!last || !first) throw new Error("no chain");
    expect(numbersOf(await d.read(last))[5]).toBe(105);
    expect(numbersOf(await d.read(first))[5]).toBe(size - 6 + 1);
    const again = d.allocate(4 * size);
    d.submit(run, [first], [again]);
    expect(numbersOf(await d.read(again))[5]).toBe(5 + 2);
  });

  it("gives values only to those who wait, and refuses a seventeenth run under way", async () => {
    const { d, run } = make();
    const x = d.upload(bytesOf(range(size)));
    const y = d.allocate(4 * size);
    expect(numbersOf(d.readSync(x))[3]).toBe(3);
    for (let k = 0; k < 16; k++) d.submit(run, [x], [y]);
    expect(() => d.submit(run, [x], [y])).toThrow(DeviceError);
    expect(() => d.readSync(y)).toThrow(DeviceError);
    expect(numbersOf(await d.read(y))[0]).toBe(size);
    expect(() => d.readSync(y)).toThrow(DeviceError);
    d.submit(run, [x], [y]);
  });

  it("measures the steps of a run", async () => {
    const { d, run } = make();
    const added: number[] = [];
    d.profile({ add: (described, record) => void added.push(described.steps.length, record.length) } as Profiler);
    d.submit(run, [d.upload(bytesOf(range(size)))], [d.allocate(4 * size)]);
    await d.idle();
    expect(added).toHaveLength(2);
    expect(added[0]).toBe(1);
  });
});

describe("errors", () => {
  it("names what does not fit", () => {
    const d = device({ threads: 0 });
    const other = device({ threads: 0 });
    const run = d.loadProgram(
      graph,
      program({
        inputs: [f32(4)],
        outputs: [f32(4)],
        kernels: [addFour],
        steps: [launch(0, [input(), input(), output()], 1)],
      }),
    );
    expect(() => d.submit(run, [], [d.allocate(16)])).toThrow(ArgumentError);
    expect(() => d.submit(run, [d.allocate(8)], [d.allocate(16)])).toThrow(/8 bytes.*expects 16/);
    expect(() => d.submit(run, [other.allocate(16)], [d.allocate(16)])).toThrow(DeviceError);
    const bad = program({ inputs: [], outputs: [], kernels: [addFour], steps: [launch(0, [output()], 1)] });
    expect(() => d.loadProgram(graph, bad)).toThrow(CompileError);
  });

  for (const options of [{ threads: 0 }, { threads: 2 }, { threads: 0, remote: true }]) {
    const { threads, remote = false } = options;
    it(`ends the device when a kernel traps, ${threads} threads${remote ? " beside a worker's" : ""}`, async () => {
      const d = device({ ...options, memoryBytes: 16 << 20 });
      const wild = kernel("wild", ["write"], (b, item) => [
        { kind: "store", buffer: 0, index: b.mul(item, b.index(2 ** 27)), value: b.const(1, "float32") },
      ]);
      const run = d.loadProgram(
        graph,
        program({
          inputs: [],
          outputs: [f32(4)],
          kernels: [wild],
          steps: [launch(0, [output()], 6, 1), launch(0, [output()], 2, 1)],
        }),
      );
      const y = d.allocate(16);
      if (remote) {
        d.submit(run, [], [y]);
        await expect(d.read(y)).rejects.toThrow(DeviceError);
      } else if (threads === 0) expect(() => d.submit(run, [], [y])).toThrow();
      else {
        d.submit(run, [], [y]);
        expect(() => d.readSync(y)).toThrow(DeviceError);
      }
      await expect(d.idle()).rejects.toThrow();
      expect(() => d.submit(run, [], [y])).toThrow();
    });
  }
});

it("ends the device when a kernel traps while the calling thread takes part", async () => {
  const d = device({ threads: 2, inline: true, memoryBytes: 16 << 20 });
  const stride = kernel(
    "stride",
    ["write"],
    (b, item) => [{ kind: "store", buffer: 0, index: b.mul(item, b.intArg(0)), value: b.const(1, "float32") }],
    1,
  );
  const [run, wild] = [0, 2 ** 27].map((by) => {
    const steps = range(200).map(() => launch(0, [output()], 6, 1, [by]));
    return d.loadProgram(graph, program({ inputs: [], outputs: [f32(4)], kernels: [stride], steps }));
  });
  if (!run || !wild) throw new Error("two programs");
  const y = d.allocate(16);
  d.submit(run, [], [y]);
  d.readSync(y);
  d.submit(run, [], [y]);
  expect(d.pending).toBe(0);
  expect(() => d.submit(wild, [], [y])).toThrow();
  await expect(d.idle()).rejects.toThrow();
  expect(() => d.submit(run, [], [y])).toThrow();
});

it("computes the same for costly elements, however many vectors it takes at a time", async () => {
  const d = device({ threads: 0 });
  for (const n of [3, 7, 16, 31, 64, 93, 1003]) {
    const x = valueOf(f32(n));
    const half = constant(0.5, "float32", [n]);
    const costly: Graph = { inputs: [x], outputs: [mul(mul(x, half), add(erf(mul(x, half)), tanh(x)))] };
    const values = range(n).map((i) => Math.sin(i) * 8);
    const [one, several] = [1, wasmTarget.interleaved ?? 1].map((interleaved) => compileForCores(costly, { ...wasmTarget, interleaved }));
    if (!one || !several) throw new Error("two programs");
    expect(await runOnce(d, several, [values])).toEqual(await runOnce(d, one, [values]));
    const [ofOne, ofSeveral] = [one, several].map(({ kernels }) => kernels.reduce((sum, k) => sum + renderKernel(k, true).body.length, 0));
    expect((ofSeveral ?? 0) / (ofOne ?? 1) > 1.5).toBe(n >= 16);
  }
});

it("compiles equal kernels once", () => {
  const d = device({ threads: 1 });
  const parts = { inputs: [f32(4)], outputs: [f32(4)], steps: [launch(0, [input(), output()], 4, 8, [4])] };
  const again = kernel(
    "the-same",
    ["read", "write"],
    (b, item) => {
      const from = b.sub(b.sub(b.intArg(0), b.index(1)), item);
      return [
        { kind: "store", buffer: 1, index: item, value: b.add(b.load(0, "float32", from), b.const(1, "float32")) },
      ];
    },
    1,
  );
  for (const one of [reverseAddOne, again]) d.loadProgram(graph, program({ ...parts, kernels: [one] }));
  expect(d.kernelCount).toBe(1);
  d.loadProgram(graph, program({ ...parts, kernels: [again, addFour, addFour], steps: [] }));
  expect(d.kernelCount).toBe(2);
});
