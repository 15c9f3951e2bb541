import { convolutionPart, offerConvolutionWays } from "../../compiler/convolution-part.js";
import { DeviceError } from "../../core/errors.js";
import { LatePart } from "../../core/late-part.js";
import type { Backend } from "../../runtime/backend.js";
import { DeferredBackend } from "../../runtime/deferred-backend.js";
import type { BrowserWasmOptions } from "./wasm-browser.js";

/** How every module begins; alone, one that is empty. */
const emptyModule = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/**
 * A WebAssembly device in a page or in a web worker; its code is fetched now, and what is asked of it meanwhile waits. Throws
 * DeviceError where the browser has no WebAssembly or the page's policy forbids it.
 */
export function createBrowserWasm(options: BrowserWasmOptions = {}): Backend {
  requireWasm();
  if (!convolutionPart()) offerConvolutionWays(new LatePart(() => import("./browser-convolutions.js")));
  const threads = globalThis.crossOriginIsolated === true ? (options.threads ?? navigator.hardwareConcurrency) : 0;
  return new DeferredBackend({ name: "wasm", threads: Math.max(1, threads) }, async () => {
    // A worker may wait for a value at once, and could not for code.
    const parts = typeof document === "undefined" ? LatePart.fetchAll() : undefined;
    const { startBrowserWasm } = await import("./wasm-browser.js");
    await parts;
    return startBrowserWasm(threads, options);
  });
}

function requireWasm(): void {
  try {
    new WebAssembly.Module(emptyModule);
  } catch (cause) {
    const remedy = typeof WebAssembly === "undefined" ? "this browser has no WebAssembly" : "the page's content security policy has to allow 'wasm-unsafe-eval'";
    throw new DeviceError(`[wasm] WebAssembly cannot be compiled here: ${remedy} (${String(cause)})`, { cause });
  }
}
