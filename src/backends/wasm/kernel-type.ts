import type { FunctionType } from "./wasm-module.js";

/** buffers (i32 addresses), ints (i32 each), first item, end of items, this thread's scratch memory. */
export const kernelType: FunctionType = { params: ["i32", "i32", "i32", "i32", "i32"], results: [] };
export const parameter = { buffers: 0, ints: 1, begin: 2, end: 3, scratch: 4 } as const;
