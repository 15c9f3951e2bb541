import * as wasm from "./opcodes.js";
import { encodeModule, indexed, plain, type WasmModule } from "./wasm-module.js";

const probe: WasmModule = {
  imports: [],
  sharedMemory: false,
  table: false,
  types: [],
  functions: [
    {
      name: "",
      type: { params: ["v128"], results: ["v128"] },
      locals: [],
      body: [indexed(wasm.localGet, 0), indexed(wasm.localGet, 0), indexed(wasm.localGet, 0), plain(wasm.f32x4RelaxedMadd)],
    },
  ],
};

/** Whether the engine has the fused multiply-add of WebAssembly's relaxed SIMD. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(encodeModule(probe));
}
