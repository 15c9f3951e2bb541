import type { Backend } from "../../runtime/backend.js";
import { DeferredBackend } from "../../runtime/deferred-backend.js";
import type { BrowserWasmOptions } from "./wasm-browser.js";

/** A WebAssembly device in a page or in a web worker; its code is fetched now, and what is asked of it meanwhile waits. */
export function createBrowserWasm(options: BrowserWasmOptions = {}): Backend {
  const threads = globalThis.crossOriginIsolated === true ? (options.threads ?? navigator.hardwareConcurrency) : 0;
  return new DeferredBackend({ name: "wasm", threads: Math.max(1, threads) }, async () => {
    const { startBrowserWasm } = await import("./wasm-browser.js");
    return startBrowserWasm(threads, options);
  });
}
