import { NativeBackend } from "../../src/backends/native/native-backend.js";
import { isNativeAvailable } from "../../src/backends/native/native-host.js";
import { ReferenceBackend } from "../../src/backends/reference/reference-backend.js";
import { createNodeWasm } from "../../src/backends/wasm/wasm-node.js";
import type { Backend } from "../../src/runtime/backend.js";

let interpreter: Backend | undefined;
let devices: readonly Backend[] | undefined;

/** The oracle: every operator's plain meaning in float64. */
export function reference(): Backend {
  return (interpreter ??= new ReferenceBackend());
}

/** The devices that generate code, on two threads each; native only where there is a C compiler. */
export function compiledDevices(): readonly Backend[] {
  return (devices ??= [...(isNativeAvailable() ? [new NativeBackend({ threads: 2 })] : []), createNodeWasm({ threads: 2 })]);
}
