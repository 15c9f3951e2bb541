import { decodeSafetensorsArrays, encodeSafetensorsArrays } from "../io/safetensors-arrays.js";
import type { FileArray } from "../io/file-array.js";
import { fromTensor, toTensor } from "../io/tensor-data.js";
import type { AnyModule, LoadOptions, LoadResult } from "../nn/index.js";

/** A model's parameters and buffers by their state-dict names, as a safetensors file. */
export async function encodeModel(model: AnyModule): Promise<Uint8Array> {
  const arrays = new Map<string, FileArray>();
  for (const [name, value] of Object.entries(model.stateDict())) arrays.set(name, await fromTensor(value));
  return encodeSafetensorsArrays(arrays, new Map([["format", "pt"]]));
}

/**
 * Assigns the tensors of a safetensors file to the parameters and buffers of their names; see `Module.loadStateDict`.
 * Throws FormatError for a damaged file, DTypeError for element types that no tensor has, StateDictError.
 */
export function loadModel(model: AnyModule, file: Uint8Array, options: LoadOptions = {}): LoadResult {
  const arrays = decodeSafetensorsArrays(file);
  return model.loadStateDict(Object.fromEntries([...arrays].map(([name, array]) => [name, toTensor(name, array)])), options);
}
