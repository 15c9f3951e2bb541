import { openDevice } from "../src/node.js";
import { testAdapter } from "./webgpu-adapter.js";

const hasGpu = (await testAdapter()) !== undefined;
if (hasGpu) await openDevice("webgpu");

/** Names of the devices that every kernel is tried on; "webgpu", which is then open, only where an adapter is found. */
export const testedDevices: readonly string[] = ["reference", "native", "wasm", ...(hasGpu ? ["webgpu"] : [])];
