import { afterAll, describe, expect, it } from "vitest";
import { NativeBackend } from "../../src/backends/native/native-backend.js";
import { isNativeAvailable } from "../../src/backends/native/native-host.js";
import { createNodeWasm } from "../../src/backends/wasm/wasm-node.js";
import { openWebgpu } from "../../src/backends/webgpu/open-webgpu.js";
import type { Place, Program } from "../../src/compiler/program.js";
import { ExprBuilder } from "../../src/ir/expr-builder.js";
import type { Kernel, KernelBuffer } from "../../src/ir/loop.js";
import { compile, randn, setDefaultDevice, type Tensor } from "../../src/index.js";
import { startProfile } from "../../src/runtime/measurement.js";
import { profileRows } from "../../src/runtime/profile-report.js";
import type { Profile } from "../../src/runtime/profile.js";
import { testAdapter } from "../webgpu-adapter.js";

const at = (base: Place["base"], strides: readonly number[] = []): Place => ({ base, index: 0, offset: 0, strides });

function addOne(): Kernel {
  const b = new ExprBuilder();
  const item = b.counter("i", 1 << 20);
  const index = b.ref(item);
  const buffer = (access: KernelBuffer["access"]): KernelBuffer => ({ dtype: "float32", access, scratchSize: 0 });
  const value = b.add(b.load(0, "float32", index), b.const(1, "float32"));
  return { name: "add-one", buffers: [buffer("read"), buffer("write")], item, body: [{ kind: "store", buffer: 1, index, value }], intCount: 0, flops: 10, bytes: 80 };
}

/** Three rows of ten, one launch each, and a copy of everything that all threads make. */
const size = 30;
const loops: Program = {
  inputs: [{ shape: [size], dtype: "float32" }],
  outputs: [{ shape: [size], dtype: "float32" }],
  inPlace: [-1],
  constants: [],
  arenaBytes: 4 * size,
  kernels: [addOne()],
  steps: [
    { kind: "loop", count: 0, body: [{ kind: "copy", from: at("input", [0]), to: at("arena", [0]), bytes: 4 }] },
    { kind: "loop", count: 3, body: [{ kind: "launch", kernel: 0, buffers: [at("input", [40]), at("arena", [40])], ints: [], items: 10, grain: 3 }] },
    { kind: "copy", from: at("arena"), to: at("output"), bytes: 4 * size },
  ],
  flops: 1e12,
  bytes: 0,
};

function check({ programs, trace }: Profile, runs: number): void {
  for (const program of programs) {
    const parts = program.steps.reduce((sum, step) => sum + step.workMs + step.waitMs, program.outsideMs);
    expect(parts).toBeCloseTo(program.totalMs, 9);
    expect(program.steps.every((step) => step.workMs >= 0 && step.waitMs >= 0)).toBe(true);
    expect(program.runs).toBe(runs - 1);
  }
  expect(trace).toHaveLength(runs * programs.length);
  const starts = trace.map(({ record }) => record[0] ?? 0);
  expect([...starts].sort((a, b) => a - b)).toEqual(starts);
}

const adapter = await testAdapter();
const gpu = adapter?.features.has("timestamp-query") ? await openWebgpu(adapter) : undefined;

describe.each([
  { name: "native", opened: isNativeAvailable() ? [new NativeBackend({ threads: 1 }), new NativeBackend({ threads: 2 })] : [] },
  { name: "wasm", opened: [createNodeWasm({ threads: 1 }), createNodeWasm({ threads: 2 })] },
  { name: "webgpu", opened: gpu ? [gpu] : [] },
])("$name", ({ opened }) => {
  const available = opened.length > 0;
  afterAll(async () => {
    for (const device of opened) await device.close();
  });

  it.skipIf(!available)("counts the steps of compiled calls while it is asked to", async () => {
    for (const device of opened) {
      setDefaultDevice(device);
      const step = compile((x: Tensor, y: Tensor) => x.matmul(y).relu().add(1));
      const [x, y] = [randn([96, 96]), randn([96, 96])];
      await step(x, y).data();
      const measurement = startProfile(device);
      for (let i = 0; i < 5; i++) await step(x, y).data();
      const profile = measurement.stop();
      await step(x, y).data();
      check(profile, 5);
      const rows = profileRows(profile);
      expect(rows.find(({ label }) => /^0\.\d dot.*\[96,96\]$/.test(label))).toMatchObject({ launches: 4 });
      expect(rows.reduce((sum, row) => sum + row.share, 0)).toBeCloseTo(1, 9);
      const flops = profile.programs.flatMap(({ steps }) => steps).reduce((sum, s) => sum + s.flops, 0);
      expect(flops).toBeGreaterThanOrEqual(2 * 96 ** 3);
      expect(measurement.read()).toEqual(profile);
    }
  });

  it.skipIf(!available)("adds up what runs in loops, for queued runs too", async () => {
    for (const device of opened) {
      const executable = device.loadProgram({ inputs: [], outputs: [] }, loops);
      const measurement = startProfile(device);
      const x = device.upload(new Uint8Array(Float32Array.from({ length: size }, (_, i) => i).buffer));
      const outputs = Array.from({ length: 40 }, () => device.allocate(4 * size));
      for (const [i, output] of outputs.entries()) {
        // Nobody can wait at once for a GPU, which takes 16 runs at a time.
        if (device.name === "webgpu" && i % 16 === 0) await device.idle();
        device.submit(executable, [x], [output]);
      }
      await device.idle();
      const profile = measurement.read();
      check(profile, 40);
      expect(profile.programs[0]?.steps.map(({ name, launches }) => [name, launches])).toEqual([["add-one", 3], ["copy", 1]]);
      const result = await device.read(outputs[39] ?? x);
      expect([...new Float32Array(result.buffer)]).toEqual(Array.from({ length: size }, (_, i) => i + 1));
      measurement.stop();
    }
  });
});
