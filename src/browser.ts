import { createBrowserWasm } from "./backends/wasm/browser-wasm.js";
import { setFiles } from "./files/files.js";
import { DeferredBackend } from "./runtime/deferred-backend.js";
import { registerBackend, registerGpu, setAutoDevices } from "./runtime/devices.js";

export * from "./index.js";
export { createBrowserWasm } from "./backends/wasm/browser-wasm.js";
export type { BrowserWasmOptions } from "./backends/wasm/wasm-browser.js";
export { workerSource } from "./backends/wasm/worker-source.js";

setFiles(async () => (await import("./files/page-files.js")).pageFiles);

// Code that computes is fetched with the first tensor: a page needs one device of several.
registerBackend("wasm", ({ threads }) => createBrowserWasm(threads === undefined ? {} : { threads }));
registerBackend("reference", () => {
  return new DeferredBackend({ name: "reference", threads: 1 }, async () => {
    const { ReferenceBackend } = await import("./backends/reference/reference-backend.js");
    return new ReferenceBackend();
  });
});
registerGpu("webgpu", async (options) => (await import("./backends/webgpu/webgpu-browser.js")).openBrowserWebgpu(options));
setAutoDevices(["wasm", "reference"]);
