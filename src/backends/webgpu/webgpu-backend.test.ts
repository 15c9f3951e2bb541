import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testAdapter } from "../../../test/webgpu-adapter.js";
import type { Place, Program } from "../../compiler/program.js";
import { CompileError, DeviceError, DeviceLostError, DisposedError, OutOfMemoryError } from "../../core/errors.js";
import {
  arange, compile, concat, device, evaluate, manualSeed, mseLoss, nn, openDevice, optim, randn, setDefaultDevice, tensor, Trainer, zeros, type Backend, type Tensor,
} from "../../index.js";
import { ExprBuilder } from "../../ir/expr-builder.js";
import { input, type Graph } from "../../ir/graph.js";
import type { Expr, Kernel } from "../../ir/loop.js";
import * as ops from "../../ops/index.js";
import { registerGpu } from "../../runtime/devices.js";
import { createNodeWasm } from "../wasm/wasm-node.js";
import { openWebgpu, type WebgpuOptions } from "./open-webgpu.js";
import type { WebgpuBackend } from "./webgpu-backend.js";

const adapter = await testAdapter();
const opened: Backend[] = [];

/** A device of its own, with what it is made of. */
async function open(options?: WebgpuOptions): Promise<{ readonly backend: WebgpuBackend; readonly gpu: GPUDevice }> {
  const fresh = await testAdapter();
  if (!fresh) throw new Error("the adapter went away");
  const request = fresh.requestDevice.bind(fresh);
  const devices: GPUDevice[] = [];
  fresh.requestDevice = async (descriptor) => {
    const made = await request(descriptor);
    devices.push(made);
    return made;
  };
  const backend = await openWebgpu(fresh, options);
  opened.push(backend);
  const [gpu] = devices;
  if (!gpu) throw new Error("no device was asked for");
  return { backend, gpu };
}

afterAll(async () => {
  for (const each of opened) await each.close();
});

const whole = (base: Place["base"], index: number): Place => ({ base, index, offset: 0, strides: [] });
const bytes = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const numbers = (data: Uint8Array): number[] => [...new Float32Array(data.buffer)];

/** A program of one kernel that writes an element of its output from two of its inputs. */
function program(n: number, inPlace: number, value: (b: ExprBuilder, first: Expr, second: Expr) => Expr, kernel: Partial<Kernel> = {}): Program {
  const b = new ExprBuilder();
  const item = b.counter("item", n);
  const at = b.ref(item);
  const buffers = (["read", "read", "write"] as const).map((access) => ({ dtype: "float32" as const, access, scratchSize: 0 }));
  const stored = value(b, b.load(0, "float32", at), b.load(1, "float32", at));
  const made: Kernel = { name: "probe", buffers, item, body: [{ kind: "store", buffer: 2, index: at, value: stored }], intCount: 0, flops: 0, bytes: 0, ...kernel };
  const type = { shape: [n], dtype: "float32" as const };
  const places = [whole("input", 0), whole("input", 1), whole("output", 0)];
  return {
    inputs: [type, type], outputs: [type], inPlace: [inPlace], constants: [], arenaBytes: 0, kernels: [made],
    steps: [{ kind: "launch", kernel: 0, buffers: places, ints: [], items: n, grain: 1 }], flops: 0, bytes: 0,
  };
}

const nothing = { inputs: [], outputs: [] };
/** out = first + 2 second */
const weighted = (b: ExprBuilder, first: Expr, second: Expr): Expr => b.add(first, b.mul(b.const(2, "float32"), second));

describe.skipIf(!adapter)("a WebGPU device", () => {
  let backend: WebgpuBackend;
  beforeAll(async () => {
    ({ backend } = await open());
    setDefaultDevice(backend);
  });

  it("runs a program with one submission, and reads of one moment with another", async () => {
    const add = compile((x: Tensor) => [x.add(1), x.exp().sum(), x.cumsum(0)] as const);
    const x = tensor([1, 2, 3]);
    await add(x)[0].data();
    const before = backend.submissions;
    const read = await Promise.all(add(x).map((y) => y.array()));
    expect(read[0]).toEqual([2, 3, 4]);
    expect(read[2]).toEqual([1, 3, 6]);
    expect(backend.submissions).toBe(before + 2);
  });

  it("reads what was there when it was asked for", async () => {
    const executable = backend.loadProgram(nothing, program(2, 0, weighted));
    const [x, y] = [backend.upload(bytes(1, 2)), backend.upload(bytes(10, 20))];
    const before = backend.read(x);
    backend.submit(executable, [x, y], [x]);
    const after = backend.read(x);
    backend.release(x);
    const other = backend.upload(bytes(7, 8));
    expect(numbers(await before)).toEqual([1, 2]);
    expect(numbers(await after)).toEqual([21, 42]);
    expect(numbers(await backend.read(other))).toEqual([7, 8]);
    await expect(backend.read(x)).rejects.toThrow(DisposedError);
  });

  it("leaves an input alone whose output is somewhere else", async () => {
    const executable = backend.loadProgram(nothing, program(2, 0, weighted));
    const [x, y, z] = [backend.upload(bytes(1, 2)), backend.upload(bytes(10, 20)), backend.allocate(8)];
    backend.submit(executable, [x, y], [z]);
    expect(numbers(await backend.read(z))).toEqual([21, 42]);
    expect(numbers(await backend.read(x))).toEqual([1, 2]);
  });

  it("takes one tensor for two inputs, even if the output overwrites it", async () => {
    const sum = compile((a: Tensor, b: Tensor) => a.add(b));
    const x = tensor([1, 2, 3]);
    expect(await sum(x, x).array()).toEqual([2, 4, 6]);
    const executable = backend.loadProgram(nothing, program(2, 0, weighted));
    const twice = backend.upload(bytes(1, 2));
    backend.submit(executable, [twice, twice], [twice]);
    expect(numbers(await backend.read(twice))).toEqual([3, 6]);
  });

  it("keeps the versions of state that somebody holds", async () => {
    const p = new nn.Linear(2, 1, { bias: false });
    const optimizer = new optim.SGD(p.parameters(), { lr: 1 });
    const step = compile((x: Tensor) => {
      p.forward(x).sum().backward();
      optimizer.step();
      optimizer.zeroGrad();
    });
    const first = p.weight.detach();
    const start = await first.array();
    for (let i = 0; i < 3; i++) step(tensor([[1, 2]]));
    expect(await first.array()).toEqual(start);
    const moved = (start as number[][]).map((row) => row.map((w, i) => [0, 1, 2].reduce((v) => Math.fround(v - (1 + i)), w)));
    expect(await p.weight.array()).toEqual(moved);
  });

  it("holds any number of bytes, and none", async () => {
    const five = backend.upload(Uint8Array.of(1, 2, 3, 4, 5));
    expect([...(await backend.read(five))]).toEqual([1, 2, 3, 4, 5]);
    const [a, b] = [tensor([1, 2, 3], { dtype: "uint8" }), tensor([4, 5, 6, 7, 8], { dtype: "uint8" })];
    expect([...(await concat([a, b, a]).data())]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3]);
    expect([...(await tensor([true, false, true]).logicalNot().data())]).toEqual([0, 1, 0]);
    const empty = zeros([0, 3]);
    expect(await empty.add(1).data()).toHaveLength(0);
    expect(await empty.sum().item()).toBe(0);
    expect(await backend.read(backend.upload(new Uint8Array()))).toHaveLength(0);
  });

  it("copies pieces that do not begin at whole words", async () => {
    const at = (base: Place["base"], offset: number): Place => ({ base, index: 0, offset, strides: [3] });
    const type = { shape: [12], dtype: "uint8" as const };
    const executable = backend.loadProgram(nothing, {
      inputs: [type], outputs: [type], inPlace: [-1], constants: [Uint8Array.of(91, 92, 93), Uint8Array.of(94)], arenaBytes: 16, kernels: [],
      steps: [
        { kind: "loop", count: 3, body: [{ kind: "copy", from: at("input", 0), to: at("arena", 1), bytes: 3 }, { kind: "copy", from: at("arena", 1), to: at("output", 1), bytes: 3 }] },
        { kind: "copy", from: { ...whole("constant", 1) }, to: { ...whole("output", 0) }, bytes: 1 },
        { kind: "copy", from: { ...whole("constant", 0), offset: 1 }, to: { ...whole("output", 0), offset: 10 }, bytes: 2 },
      ],
      flops: 0, bytes: 0,
    });
    const [from, to] = [backend.upload(Uint8Array.from({ length: 12 }, (_, i) => i)), backend.allocate(12)];
    backend.submit(executable, [from], [to]);
    expect([...(await backend.read(to))]).toEqual([94, 0, 1, 2, 3, 4, 5, 6, 7, 8, 92, 93]);
  });

  it("starts more groups than one dimension has", async () => {
    const n = 65535 * 256 + 1;
    const x = arange(n, { dtype: "float32" }).mul(2);
    await evaluate(x);
    expect(await x.at("-2:").array()).toEqual([2 * (n - 2), 2 * (n - 1)]);
    x.dispose();
  });

  it("sorts long rows by groups", async () => {
    const numbers = Float32Array.from({ length: 65_537 }, (_, i) => (i % 1009 === 0 ? NaN : (i * 7919) % 30_011));
    const { values, indices } = tensor(numbers).sort(0);
    const [got, from] = await Promise.all([values.data(), indices.data()]);
    const rank = (i: number): number => (Number.isNaN(numbers[i]) ? Infinity : (numbers[i] ?? 0));
    const order = [...numbers.keys()].sort((i, j) => (rank(i) === rank(j) ? i - j : rank(i) - rank(j)));
    expect(order.filter((row, i) => from[i] !== row || !Object.is(got[i], numbers[row]))).toEqual([]);
  });

  it("allocates nothing in a compiled step", async () => {
    const model = new nn.Sequential(new nn.Linear(20, 30), new nn.ReLU(), new nn.Linear(30, 1));
    const optimizer = new optim.Adam(model.parameters());
    const step = compile((x: Tensor) => {
      const loss = model.forward(x).square().mean();
      loss.backward();
      optimizer.step();
      optimizer.zeroGrad();
      return loss;
    });
    const x = randn([8, 20]);
    const counts = (): number[] => [backend.memory.all, backend.kernelCount];
    const run = async (): Promise<void> => {
      const loss = step(x);
      await loss.data();
      loss.dispose();
    };
    for (let i = 0; i < 3; i++) await run();
    const before = [...counts(), backend.submissions, backend.dispatches];
    for (let i = 0; i < 20; i++) await run();
    const dispatches = (backend.dispatches - (before[3] ?? 0)) / 20;
    expect([...counts(), backend.submissions, dispatches]).toEqual([before[0], before[1], (before[2] ?? 0) + 40, Math.round(dispatches)]);
  });

  it("keeps a shader as long as a program uses it", async () => {
    const scaled = (): Graph => {
      const x = input({ shape: [7], dtype: "float32" });
      return { inputs: [x], outputs: [ops.mul(x, ops.constant(0.62519, "float32", [7]))] };
    };
    const before = backend.kernelCount;
    const compiled = (): number => backend.kernelCount - before;
    const held = [backend.load(scaled())];
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    // What was made in this turn of the event loop is held by it.
    const turn = async (): Promise<void> => {
      await backend.idle();
      await new Promise((resolve) => setImmediate(resolve));
      collect();
    };
    await turn();
    backend.load(scaled());
    expect(compiled()).toBe(1);
    held.pop();
    await turn();
    backend.load(scaled());
    expect(compiled()).toBe(2);
  });

  it("gives memory back that nobody holds, without being told", async () => {
    const mebibytes = 2000;
    for (let i = 0; i < mebibytes; i++) {
      backend.allocate(2 ** 20);
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(backend.memory.all).toBeLessThan((mebibytes / 2) * 2 ** 20);
  });
});

describe.skipIf(!adapter)("the limits of a WebGPU device", () => {
  it.skipIf((adapter?.limits.maxStorageBufferBindingSize ?? 0) < 300e6)("are the adapter's: 300 MB are one tensor", async () => {
    const { backend } = await open();
    setDefaultDevice(backend);
    const n = 75e6;
    const x = zeros([n]).add(3);
    await evaluate(x);
    const y = x.mul(x);
    expect(await y.at(-1).item()).toBe(9);
    const large = new Uint8Array(4 * n);
    large[4 * n - 1] = 77;
    const read = await backend.read(backend.upload(large));
    expect([read.length, read[0], read[4 * n - 1]]).toEqual([4 * n, 0, 77]);
    await backend.close();
  });

  it("are named when a tensor is beyond", async () => {
    const { backend } = await open({ limits: { maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27 } });
    expect(() => backend.allocate(2 ** 27 + 4)).toThrow(OutOfMemoryError);
    expect(() => backend.allocate(2 ** 27 + 4)).toThrow(/134217732 bytes.*maxStorageBufferBindingSize is 134217728/);
    const arena = { ...program(1, -1, weighted), arenaBytes: 2 ** 27 + 4 };
    expect(() => backend.loadProgram(nothing, arena)).toThrow(/intermediate results.*maxStorageBufferBindingSize/);
  });

  it("are so low that shaders can number every byte of a buffer with an i32", async () => {
    const fresh = await testAdapter();
    if (!fresh) throw new Error("the adapter went away");
    const request = fresh.requestDevice.bind(fresh);
    let asked: Record<string, number | undefined> | undefined;
    const large = {
      info: fresh.info,
      features: fresh.features,
      limits: new Proxy(fresh.limits, { get: (limits, name: keyof GPUSupportedLimits) => (name === "maxStorageBufferBindingSize" ? 2 ** 32 - 4 : limits[name]) }),
      requestDevice: (descriptor: GPUDeviceDescriptor) => {
        asked = descriptor.requiredLimits;
        return request();
      },
    };
    opened.push(await openWebgpu(large as unknown as GPUAdapter));
    expect(asked?.["maxStorageBufferBindingSize"]).toBe(2 ** 31 - 4);
  });

  it("of queued runs is not reached by a Trainer that accumulates", async () => {
    const { backend } = await open();
    setDefaultDevice(backend);
    for (const accumulate of [3, 40]) {
      const model = new nn.Linear(2, 1);
      const trainer = new Trainer({ model, loss: mseLoss, optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }), accumulate });
      const batches = Array.from({ length: 40 }, (): [Tensor, Tensor] => [tensor([[1, 2]]), tensor([[3]])]);
      const { loss } = await trainer.fit(batches, undefined, { epochs: 1 });
      expect(loss).toBeGreaterThanOrEqual(0);
    }
  });

  it("of eight buffers holds for kernels over many tensors", async () => {
    const { backend } = await open({ limits: { maxStorageBuffersPerShaderStage: 8 } });
    const train = async (target: Backend): Promise<number[]> => {
      setDefaultDevice(target);
      manualSeed(1);
      const model = new nn.Sequential(...Array.from({ length: 6 }, () => new nn.Linear(7, 7)));
      const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
      const [x, y] = [randn([5, 7]), randn([5, 7])];
      const step = compile(() => {
        const loss = mseLoss(model.forward(x), y);
        loss.backward();
        optimizer.step();
        optimizer.zeroGrad();
        return loss;
      });
      const losses: number[] = [];
      for (let i = 0; i < 5; i++) losses.push(await step().item());
      const joined = concat([...model.parameters()].map((p) => p.detach().flatten()));
      return [...losses, ...(await joined.data())];
    };
    const [got, expected] = [await train(backend), await train(createNodeWasm({ threads: 0 }))];
    expect(got).toHaveLength(expected.length);
    got.forEach((v, i) => expect(v).toBeCloseTo(expected[i] ?? NaN, 5));
  });
});

describe.skipIf(!adapter)("what goes wrong on a WebGPU device", () => {
  it("is a CompileError with the place in the shader", async () => {
    const { backend } = await open();
    const broken = backend.loadProgram(nothing, program(2, -1, (b, first) => b.add(first, b.cast(b.intArg(3), "float32"))));
    const [x, y] = [backend.upload(bytes(1, 2)), backend.allocate(8)];
    backend.submit(broken, [x, x], [y]);
    const read = backend.read(y);
    await expect(read).rejects.toThrow(CompileError);
    await expect(read).rejects.toThrow(/kernel "probe".*\n\d+:\d+: .*n3/s);
    // Each run and each read says so, and other programs run.
    expect(() => backend.submit(broken, [x, x], [y])).toThrow(CompileError);
    await expect(backend.read(y)).rejects.toThrow(CompileError);
    const z = backend.allocate(8);
    backend.submit(backend.loadProgram(nothing, program(2, -1, weighted)), [x, x], [z]);
    expect(numbers(await backend.read(z))).toEqual([3, 6]);
  });

  it("is told of all that was computed with it, and of nothing else", async () => {
    const { backend } = await open();
    const broken = backend.loadProgram(nothing, program(2, -1, (b, first) => b.add(first, b.cast(b.intArg(3), "float32"))));
    const sound = backend.loadProgram(nothing, program(2, 0, weighted));
    const [x, y, z, other] = [backend.upload(bytes(1, 2)), backend.allocate(8), backend.allocate(8), backend.allocate(8)];
    backend.submit(broken, [x, x], [y]);
    backend.submit(sound, [x, y], [z]);
    backend.submit(sound, [z, x], [z]);
    backend.submit(sound, [x, x], [other]);
    const reads = await Promise.allSettled([y, z, other, x].map((storage) => backend.read(storage)));
    expect(reads.map((read) => (read.status === "fulfilled" ? numbers(read.value) : read.reason instanceof CompileError))).toEqual([true, true, [3, 6], [1, 2]]);
    expect(() => backend.submit(sound, [x, z], [other])).toThrow(CompileError);
    await expect(backend.read(z)).rejects.toThrow(CompileError);
    expect(numbers(await backend.read(other))).toEqual([3, 6]);
  });

  it("is a DeviceError where more runs are queued than may be under way", async () => {
    const { backend } = await open();
    const executable = backend.loadProgram(nothing, program(2, 0, weighted));
    const [x, y] = [backend.upload(bytes(0, 0)), backend.upload(bytes(1, 2))];
    const run = (): void => backend.submit(executable, [x, y], [x]);
    for (let i = 0; i < 16; i++) run();
    expect(run).toThrow(DeviceError);
    expect(run).toThrow(/16 runs are under way.*await a read or idle\(\)/);
    expect(numbers(await backend.read(x))).toEqual([32, 64]);
    for (let i = 0; i < 16; i++) run();
    await backend.idle();
    for (let i = 0; i < 16; i++) run();
    expect(numbers(await backend.read(x))).toEqual([96, 192]);
  });

  it("is a CompileError where the adapter refuses a kernel", async () => {
    const { backend } = await open();
    const lane = { id: 1, name: "lane", type: "index", lanes: 1, min: 0, max: 4095 } as const;
    const broken = backend.loadProgram(nothing, program(2, -1, weighted, { group: { size: 4096, lane } }));
    const [x, y] = [backend.upload(bytes(1, 2)), backend.allocate(8)];
    backend.submit(broken, [x, x], [y]);
    await expect(backend.idle()).rejects.toThrow(/refuses kernel "probe": .*4096/s);
  });

  it.skipIf(!adapter?.info.isFallbackAdapter)("is an OutOfMemoryError where memory ends", async () => {
    const { backend } = await open();
    const storages = Array.from({ length: 8 }, () => backend.allocate(2 ** 30));
    await expect(backend.idle()).rejects.toThrow(OutOfMemoryError);
    for (const storage of storages) backend.release(storage);
    await backend.idle();
    expect([...(await backend.read(backend.upload(Uint8Array.of(1, 2, 3))))]).toEqual([1, 2, 3]);
  });

  it.skipIf(!adapter?.info.isFallbackAdapter)("is over when there is memory again for intermediate results", async () => {
    const { backend, gpu } = await open();
    const arena = { ...program(2, -1, weighted), arenaBytes: 2 ** 20 };
    const executable = backend.loadProgram(nothing, { ...arena, steps: [{ kind: "copy", from: whole("input", 0), to: whole("arena", 0), bytes: 8 }, ...arena.steps] });
    const [x, y, z] = [backend.upload(bytes(1, 2)), backend.allocate(8), backend.allocate(8)];
    const create = gpu.createBuffer.bind(gpu);
    // The adapter in software never has so much at once.
    gpu.createBuffer = (descriptor) => create({ ...descriptor, size: 2 ** 30 });
    backend.submit(executable, [x, x], [y]);
    gpu.createBuffer = create;
    for (let i = 0; i < 2; i++) await expect(backend.read(y)).rejects.toThrow(OutOfMemoryError);
    backend.submit(executable, [x, x], [z]);
    expect(numbers(await backend.read(z))).toEqual([3, 6]);
  });

  it("is a DeviceLostError after which another device can be opened", async () => {
    const devices: GPUDevice[] = [];
    registerGpu("webgpu", async () => {
      const { backend, gpu } = await open();
      devices.push(gpu);
      return backend;
    });
    expect(() => device("webgpu")).toThrow(/await openDevice\("webgpu"\)/);
    const first = await openDevice("webgpu");
    expect(device("webgpu")).toBe(first);
    const x = tensor([1, 2], { device: first });
    const pending = x.add(1).data();
    devices[0]?.destroy();
    await expect(pending).rejects.toThrow(DeviceLostError);
    await expect(x.add(2).data()).rejects.toThrow(/was lost.*await openDevice\("webgpu"\).*checkpoint/);
    await expect(first.idle()).rejects.toThrow(DeviceLostError);
    expect(first.isLost).toBe(true);
    const second = await openDevice("webgpu");
    expect(second).not.toBe(first);
    expect(await tensor([1, 2], { device: second }).add(1).array()).toEqual([2, 3]);
  });

  it("is a DeviceError where memory of another device comes, or the device was closed", async () => {
    const [{ backend: one }, { backend: other }] = [await open(), await open()];
    const executable = one.loadProgram(nothing, program(2, -1, weighted));
    const [x, y] = [one.upload(bytes(1, 2)), other.upload(bytes(1, 2))];
    expect(() => one.submit(executable, [x, y], [x])).toThrow(DeviceError);
    expect(() => one.submit(executable, [x], [x])).toThrow(/2 inputs was given 1/);
    await one.close();
    expect(() => one.allocate(4)).toThrow(/closed/);
    await one.close();
  });
});
