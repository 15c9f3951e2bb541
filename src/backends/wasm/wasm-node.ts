import { availableParallelism } from "node:os";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import { provideAllParts } from "../../compiler/all-parts.js";
import { compileForCores } from "../../compiler/compile-for-cores.js";
import { hasRelaxedSimd } from "./features.js";
import { WasmBackend } from "./wasm-backend.js";
import { workerSource } from "./worker-source.js";
import type { WorkerFactory, WorkerReply } from "./worker-queue.js";

provideAllParts();

export interface NodeWasmOptions {
  /** Worker threads; as many as cores by default. 0 runs everything on the calling thread. */
  readonly threads?: number;
  /** Whether the calling thread runs programs of some microseconds, and takes part in those below a millisecond; true by default. */
  readonly inline?: boolean;
  /** Whether one worker owns the memory, as in a page that may not share it; the calling thread then cannot wait. */
  readonly remote?: boolean;
  readonly budgetBytes?: number;
  readonly memoryBytes?: number;
}

const nodeWorker: WorkerFactory = (onReply) => {
  const worker = new Worker(workerSource, { eval: true, name: "gradus-wasm" });
  worker.on("message", (reply: WorkerReply) => onReply(reply));
  worker.on("error", (error) =>
    onReply({ kind: "failed", message: error instanceof Error ? error.message : String(error) }),
  );
  return {
    post: (message, transfer = []) => worker.postMessage(message, [...transfer]),
    keepAlive: (on) => {
      if (on) worker.ref();
      else worker.unref();
    },
    terminate: async () => void (await worker.terminate()),
  };
};

/** A WebAssembly device in Node. Turns on the engine's relaxed SIMD where a flag is needed for it. */
export function createNodeWasm(options: NodeWasmOptions = {}): WasmBackend {
  if (!hasRelaxedSimd()) setFlagsFromString("--experimental-wasm-relaxed-simd");
  return new WasmBackend({
    threads: availableParallelism(),
    inline: true,
    ...options,
    canWait: true,
    worker: nodeWorker,
    compileGraph: compileForCores,
  });
}
