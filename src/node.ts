import { NativeBackend } from "./backends/native/native-backend.js";
import { ReferenceBackend } from "./backends/reference/reference-backend.js";
import { createNodeWasm } from "./backends/wasm/wasm-node.js";
import { registerBackend, setAutoDevices } from "./runtime/devices.js";

export * from "./index.js";

registerBackend("native", ({ threads }) => new NativeBackend(threads === undefined ? {} : { threads }));
registerBackend("wasm", ({ threads }) => createNodeWasm(threads === undefined ? {} : { threads }));
registerBackend("reference", () => new ReferenceBackend());
setAutoDevices(["native", "wasm", "reference"]);
