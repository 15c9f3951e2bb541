import {
  appendFileSync,
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Target } from "../../compiler/target.js";
import type { Shape } from "../../core/shape.js";
import { input, type Graph } from "../../ir/graph.js";
import { add, mul } from "../../ops/index.js";
import { ProgramStore, type BuiltProgram } from "./program-store.js";
import { NativeBackend } from "./native-backend.js";
import { isNativeAvailable, NativeHost } from "./native-host.js";
import { nativeTarget } from "./native-target.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gradus-test-"));
  vi.stubEnv("GRADUS_VERIFY", "0");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function graphOf(shape: Shape, donate?: readonly number[]): Graph {
  const x = input({ shape, dtype: "float32" });
  return { inputs: [x], outputs: [add(mul(x, x), x)], ...(donate && { donate }) };
}

const target: Target = { name: "t", vectorBytes: 16, vectorRegisters: 16, l1Bytes: 1, l2Bytes: 2, float64: true, memoryBytes: 3 };
const program: BuiltProgram = {
  inputs: [],
  outputs: [],
  inPlace: [-1],
  constants: [Uint8Array.of(1, 2, 255)],
  arenaBytes: 64,
  kernels: [{ name: "k", flops: 2, bytes: 3, scratchBytes: 4, key: "abc" }],
  steps: [{ kind: "loop", count: 2, body: [{ kind: "launch", kernel: 0, buffers: [], ints: [5], items: 6, grain: 7, shape: [8] }] }],
  flops: 9,
  bytes: 10,
};

it("finds what was kept for an equal graph, target and compiler only", () => {
  const store = new ProgramStore(folder, "gcc");
  expect(store.find(graphOf([4]), target)).toBeUndefined();
  store.keep(graphOf([4]), target, program);
  const again = graphOf([4]);
  expect(new ProgramStore(folder, "gcc").find(again, target)).toEqual({ ...program, inputs: again.inputs, outputs: again.outputs });
  expect(store.find(graphOf([5]), target)).toBeUndefined();
  expect(store.find(graphOf([4], [0]), target)).toBeUndefined();
  expect(store.find(graphOf([4]), { ...target, l1Bytes: 2 })).toBeUndefined();
  expect(new ProgramStore(folder, "clang").find(graphOf([4]), target)).toBeUndefined();
});

it("does not trust a damaged file", () => {
  const store = new ProgramStore(folder, "gcc");
  store.keep(graphOf([4]), target, program);
  const [name = ""] = readdirSync(folder);
  const path = join(folder, name);
  const content = readFileSync(path, "utf8");
  for (let length = 0; length < content.length; length++) {
    writeFileSync(path, content.slice(0, length));
    expect(store.find(graphOf([4]), target)).toBeUndefined();
  }
  const whole = Buffer.from(content);
  for (let i = 0; i < whole.length; i++) {
    const flipped = Buffer.from(whole);
    flipped[i] = (flipped[i] ?? 0) ^ (1 << i % 8);
    writeFileSync(path, flipped);
    // The line feed between sum and program says nothing.
    expect(store.find(graphOf([4]), target) === undefined).toBe(i !== 64);
  }
  writeFileSync(path, content);
  expect(store.find(graphOf([4]), target)).toBeDefined();
});

it("trusts no link, and no file that others may write", () => {
  const store = new ProgramStore(folder, "gcc");
  store.keep(graphOf([4]), target, program);
  const [name = ""] = readdirSync(folder);
  const path = join(folder, name);
  chmodSync(path, 0o620);
  expect(store.find(graphOf([4]), target)).toBeUndefined();
  store.keep(graphOf([4]), target, program);
  expect(store.find(graphOf([4]), target)).toBeDefined();
  renameSync(path, join(folder, "elsewhere"));
  symlinkSync("elsewhere", path);
  expect(store.find(graphOf([4]), target)).toBeUndefined();
  store.keep(graphOf([4]), target, program);
  expect([lstatSync(path).isFile(), store.find(graphOf([4]), target) !== undefined]).toEqual([true, true]);
});

it("lets a program run that it cannot keep", () => {
  const store = new ProgramStore(join(folder, "missing"), "gcc");
  store.keep(graphOf([4]), target, program);
  expect(store.find(graphOf([4]), target)).toBeUndefined();
});

it("stays out of the way of those who watch the compiler", () => {
  const store = new ProgramStore(folder, "gcc");
  for (const name of ["GRADUS_VERIFY", "GRADUS_DEBUG"]) {
    vi.stubEnv(name, "1");
    store.keep(graphOf([4]), target, program);
    expect(readdirSync(folder)).toEqual([]);
    vi.stubEnv(name, "0");
  }
});

it.skipIf(!isNativeAvailable())("lets another process run a program without compiling, as long as its kernels are there", async () => {
  const run = async (): Promise<{ values: number[]; kernels: number; found: boolean }> => {
    const host = new NativeHost(folder);
    const before = host.compiledKernels;
    const device = new NativeBackend({ threads: 2, host });
    const graph = graphOf([3]);
    const found = host.findProgram(graph, nativeTarget()) !== undefined;
    const executable = device.load(graph);
    const x = device.upload(new Uint8Array(Float32Array.of(1, 2, 3).buffer));
    const y = device.allocate(12);
    device.submit(executable, [x], [y]);
    const values = [...new Float32Array((await device.read(y)).buffer)];
    await device.close();
    return { values, kernels: host.compiledKernels - before, found };
  };
  const values = [2, 6, 12];
  expect(await run()).toEqual({ values, kernels: 1, found: false });
  expect(await run()).toEqual({ values, kernels: 0, found: true });
  for (const name of readdirSync(folder)) if (name.endsWith(".so")) appendFileSync(join(folder, name), "damage");
  expect(await run()).toEqual({ values, kernels: 1, found: false });
});
