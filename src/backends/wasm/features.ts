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
      body: [indexed("local.get", 0), indexed("local.get", 0), indexed("local.get", 0), plain("f32x4.relaxed_madd")],
    },
  ],
};

/** Whether the engine has the fused multiply-add of WebAssembly's relaxed SIMD. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(encodeModule(probe));
}
