import { NativeBackend } from "./backends/native/native-backend.js";
import { ReferenceBackend } from "./backends/reference/reference-backend.js";
import { createNodeWasm } from "./backends/wasm/wasm-node.js";
import "./debug.js";
import { diskFiles } from "./files/disk-files.js";
import { setFiles } from "./files/files.js";
import { onDeviceStart, registerBackend, registerGpu, setAutoDevices } from "./runtime/devices.js";
import { profileUntilExit } from "./runtime/measurement.js";

export { webgpuInfo, type WebgpuInfo } from "./backends/webgpu/webgpu-info.js";
export { nativeInfo, type NativeInfo } from "./backends/native/native-info.js";
export { loadImageFolder, type ImageFolderOptions } from "./data/image-folder.js";
export { loadDataset, type LoadDatasetOptions } from "./data/load-dataset.js";
export * from "./index.js";

type Threads = { readonly threads?: number };
const given = (threads: number | undefined): Threads => (threads === undefined ? {} : { threads });

setFiles(() => diskFiles);
registerBackend("native", ({ threads }) => {
  // A program that the C compiler refuses is run by WebAssembly.
  return new NativeBackend({ ...given(threads), substitute: () => createNodeWasm(given(threads)) });
});
registerBackend("wasm", ({ threads }) => createNodeWasm(given(threads)));
registerBackend("reference", () => new ReferenceBackend());
registerGpu("webgpu", async (options) => (await import("./backends/webgpu/webgpu-node.js")).openNodeWebgpu(options));
onDeviceStart(profileUntilExit);
setAutoDevices(["native", "wasm", "reference"]);
