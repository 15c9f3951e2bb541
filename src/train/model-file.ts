import { byteSize, dtypes, typedView, type DType, type TypedArray } from "../core/dtype.js";
import { DTypeError } from "../core/errors.js";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "../core/half.js";
import { decodeSafetensors, encodeSafetensors, type SafetensorsDType, type SafetensorsTensor } from "../io/safetensors.js";
import type { AnyModule, LoadOptions, LoadResult } from "../nn/index.js";
import { tensor, type Tensor } from "../tensor/index.js";

const storedAs: Readonly<Record<DType, SafetensorsDType>> = {
  float32: "F32",
  float64: "F64",
  int32: "I32",
  uint32: "U32",
  uint8: "U8",
  int8: "I8",
  bool: "BOOL",
  float16: "F16",
  bfloat16: "BF16",
};

/** A model's parameters and buffers by their state-dict names, as a safetensors file. */
export async function encodeModel(model: AnyModule): Promise<Uint8Array> {
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [name, value] of Object.entries(model.stateDict())) tensors.set(name, await toStoredTensor(value));
  return encodeSafetensors(tensors, new Map([["format", "pt"]]));
}

/**
 * Assigns the tensors of a safetensors file to the parameters and buffers of their names; see `Module.loadStateDict`.
 * Throws FormatError for a damaged file, DTypeError for element types that no tensor has, StateDictError.
 */
export function loadModel(model: AnyModule, file: Uint8Array, options: LoadOptions = {}): LoadResult {
  const { tensors } = decodeSafetensors(file);
  return model.loadStateDict(Object.fromEntries([...tensors].map(([name, stored]) => [name, fromStoredTensor(name, stored)])), options);
}

/** A tensor as a file holds it. */
export async function toStoredTensor(value: Tensor): Promise<SafetensorsTensor> {
  const { shape, dtype } = value;
  const elements = toStored(dtype, await value.data());
  return { dtype: storedAs[dtype], shape, data: new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength) };
}

/** A tensor from a file. Throws DTypeError for element types that no tensor has. */
export function fromStoredTensor(name: string, stored: SafetensorsTensor): Tensor {
  const dtype = dtypes.find((known) => storedAs[known] === stored.dtype);
  if (!dtype) throw new DTypeError(`[loadModel] "${name}" holds ${stored.dtype}: expected one of ${Object.values(storedAs).join(", ")}`);
  // The copy puts the elements on their alignment.
  const bytes = new Uint8Array(stored.data);
  const elements = typedView(dtype, bytes.buffer, 0, bytes.byteLength / byteSize(dtype));
  return tensor(fromStored(dtype, elements), { shape: stored.shape, dtype });
}

/** Elements as a file has them: reading a tensor of halves gives floats. */
function toStored(dtype: DType, elements: TypedArray): TypedArray {
  if (dtype === "float16") return Uint16Array.from(elements, toFloat16);
  return dtype === "bfloat16" ? Uint16Array.from(elements, toBfloat16) : elements;
}

function fromStored(dtype: DType, elements: TypedArray): TypedArray {
  if (dtype === "float16") return Float32Array.from(elements, fromFloat16);
  return dtype === "bfloat16" ? Float32Array.from(elements, fromBfloat16) : elements;
}
