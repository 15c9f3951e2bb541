import { compileForCores } from "../../compiler/compile-for-cores.js";
import { WasmBackend } from "./wasm-backend.js";
import { workerSource } from "./worker-source.js";
import type { WorkerFactory, WorkerReply } from "./worker-queue.js";

export interface BrowserWasmOptions {
  /**
   * Worker threads; as many as cores by default. Without cross-origin isolation a page has one, and a web worker computes
   * by itself.
   */
  readonly threads?: number;
  /** Where the worker's program is served from, for pages whose policy forbids Blob URLs: it is the file `gradus/wasm-worker`. */
  readonly workerUrl?: string | URL;
  readonly budgetBytes?: number;
  readonly memoryBytes?: number;
}

/** A WebAssembly device in a page or in a web worker, with so many worker threads on shared memory. */
export function startBrowserWasm(threads: number, { workerUrl, ...limits }: BrowserWasmOptions): WasmBackend {
  // Only a page's own thread is forbidden to sleep.
  const inPage = typeof document !== "undefined";
  let url = workerUrl;
  const worker: WorkerFactory = (onReply) => {
    url ??= URL.createObjectURL(new Blob([workerSource], { type: "text/javascript" }));
    const thread = new Worker(url, { name: "gradus-wasm" });
    thread.onmessage = (event: MessageEvent<WorkerReply>) => onReply(event.data);
    // A script that cannot be loaded is an event without a message.
    thread.onerror = ({ message }: Partial<ErrorEvent>) => onReply({ kind: "failed", message: message ?? `its program cannot be loaded from ${String(url)}` });
    return {
      post: (message, transfer = []) => thread.postMessage(message, [...transfer]),
      keepAlive: () => undefined,
      terminate: async () => thread.terminate(),
    };
  };
  return new WasmBackend({
    ...limits,
    threads,
    remote: inPage && threads === 0,
    canWait: !inPage,
    inline: !inPage,
    worker,
    compileGraph: compileForCores,
  });
}
