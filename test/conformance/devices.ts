import { NativeBackend } from "../../src/backends/native/native-backend.js";
import { isNativeAvailable } from "../../src/backends/native/native-host.js";
import { ReferenceBackend } from "../../src/backends/reference/reference-backend.js";
import { createNodeWasm } from "../../src/backends/wasm/wasm-node.js";
import { openWebgpu } from "../../src/backends/webgpu/open-webgpu.js";
import type { Backend } from "../../src/runtime/backend.js";
import { testAdapter } from "../webgpu-adapter.js";

let interpreter: Backend | undefined;
let devices: readonly Backend[] | undefined;

const adapter = await testAdapter();
const gpu = adapter && (await openWebgpu(adapter));

/** The oracle: every operator's plain meaning in float64. */
export function reference(): Backend {
  return (interpreter ??= new ReferenceBackend());
}

/** The devices that generate code: native, on two threads, where there is a C compiler; WebAssembly; WebGPU where it finds an adapter. */
export function compiledDevices(): readonly Backend[] {
  return (devices ??= [...(isNativeAvailable() ? [new NativeBackend({ threads: 2 })] : []), createNodeWasm({ threads: 2 }), ...(gpu ? [gpu] : [])]);
}

/** Whether sums and products of a device know numbers below the smallest normal one; WebGPU lets a GPU take them for zero. */
export function hasSubnormals(backend: Backend): boolean {
  return backend.name !== "webgpu";
}
