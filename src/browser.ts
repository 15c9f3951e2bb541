import { createBrowserWasm } from "./backends/wasm/browser-wasm.js";
import { openBrowserWebgpu } from "./backends/webgpu/webgpu-browser.js";
import type { DatasetName } from "./data/catalog.js";
import type { PageDatasetOptions } from "./data/page-dataset.js";
import type { DatasetOf } from "./data/read-dataset.js";
import { setFiles } from "./files/files.js";
import { registerBackend, registerGpu, setAutoDevices } from "./runtime/devices.js";

export * from "./index.js";
export { createBrowserWasm } from "./backends/wasm/browser-wasm.js";
export type { BrowserWasmOptions } from "./backends/wasm/wasm-browser.js";
export type { FileProgress } from "./data/file-progress.js";
export type { PageDatasetOptions } from "./data/page-dataset.js";

/**
 * A data set by its name in `catalog`: from the files that the user picked, else from the page's storage, else fetched from
 * where its authors publish it and checked. What was picked or fetched is kept in the folder `data/<name>` of the page's storage.
 * Throws DataError where files cannot be had (many servers let no page of another origin read them) or do not belong together,
 * FormatError where one is damaged, ArgumentError for an unknown name.
 */
export async function loadDataset<N extends DatasetName>(name: N, options?: PageDatasetOptions): Promise<DatasetOf<N>> {
  return (await import("./data/page-dataset.js")).loadPageDataset(name, options);
}

setFiles(async () => (await import("./files/page-files.js")).pageFiles);

// Code that computes is fetched with the first tensor: a page needs one device of several.
registerBackend("wasm", ({ threads }) => createBrowserWasm(threads === undefined ? {} : { threads }));
registerGpu("webgpu", openBrowserWebgpu);
setAutoDevices(["wasm"]);
