import { ReferenceBackend } from "./backends/reference/reference-backend.js";
import { createBrowserWasm } from "./backends/wasm/wasm-browser.js";
import { registerBackend, setAutoDevices } from "./runtime/devices.js";

export * from "./index.js";
export { createBrowserWasm, workerSource, type BrowserWasmOptions } from "./backends/wasm/wasm-browser.js";

registerBackend("wasm", ({ threads }) => createBrowserWasm(threads === undefined ? {} : { threads }));
registerBackend("reference", () => new ReferenceBackend());
setAutoDevices(["wasm", "reference"]);
