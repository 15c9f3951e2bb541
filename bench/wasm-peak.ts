import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import { hasRelaxedSimd } from "../src/backends/wasm/features.js";
import * as wasm from "../src/backends/wasm/opcodes.js";
import { constant, encodeModule, indexed, plain, typed, type Instruction, type WasmFunction } from "../src/backends/wasm/wasm-module.js";

const rounds = 8;
const iterations = 12_000_000;
/** Sums that are added to in turn: enough to hide an addition's latency, and few enough for 16 registers. */
const sums = 12;

/** A module whose `spin(n)` does n rounds of multiply-adds on vectors in registers. */
function spinModule(): Uint8Array<ArrayBuffer> {
  const [count, factor, firstSum] = [0, 1, 2];
  const fused = hasRelaxedSimd();
  const numbered = Array.from({ length: sums }, (_, i) => firstSum + i);
  const get = (local: number): Instruction => indexed(wasm.localGet, local);
  const multiplyAdd = (sum: number): Instruction[] => {
    const product: Instruction[] = fused ? [get(sum), get(factor), get(factor), plain(wasm.f32x4RelaxedMadd)] : [get(sum), get(factor), plain(wasm.f32x4Mul), get(factor), plain(wasm.f32x4Add)];
    return [...product, indexed(wasm.localSet, sum)];
  };
  const body: Instruction[] = [
    typed(wasm.loop),
    ...numbered.flatMap(multiplyAdd),
    get(count),
    constant(wasm.i32Const, 1),
    plain(wasm.i32Sub),
    indexed(wasm.localTee, count),
    indexed(wasm.brIf, 0),
    plain(wasm.end),
    ...numbered.flatMap((sum, i) => (i === 0 ? [get(sum)] : [get(sum), plain(wasm.f32x4Add)])),
    indexed(wasm.f32x4ExtractLane, 0),
  ];
  const locals = Array.from({ length: 1 + sums }, () => "v128" as const);
  const spin: WasmFunction = { name: "spin", type: { params: ["i32"], results: ["f32"] }, locals, body };
  return new Uint8Array(encodeModule({ imports: [], sharedMemory: false, table: false, types: [], functions: [spin] }));
}

const workerSource = `
const { parentPort, workerData } = require("node:worker_threads");
const { spin } = new WebAssembly.Instance(new WebAssembly.Module(workerData), { env: { memory: new WebAssembly.Memory({ initial: 1, maximum: 1 }) } }).exports;
parentPort.on("message", (n) => { spin(n); parentPort.postMessage(0); });
`;

/** GFLOP/s of float32 multiply-adds in WebAssembly, all threads together. */
export async function measureWasmPeak(threads: number): Promise<number> {
  if (!hasRelaxedSimd()) setFlagsFromString("--experimental-wasm-relaxed-simd");
  const module = spinModule();
  const workers = Array.from({ length: threads }, () => new Worker(workerSource, { eval: true, workerData: module }));
  const spinAll = (n: number): Promise<unknown> =>
    Promise.all(
      workers.map((worker) => {
        worker.postMessage(n);
        return once(worker, "message");
      }),
    );
  try {
    // The engine makes fast code of it while it is warmed up.
    for (let i = 0; i < 3; i++) await spinAll(iterations / 4);
    let best = Infinity;
    for (let i = 0; i < rounds; i++) {
      const start = performance.now();
      await spinAll(iterations);
      best = Math.min(best, performance.now() - start);
    }
    return (threads * iterations * sums * 4 * 2) / best / 1e6;
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
