import { byteSize, typedView, type DType, type TypedArray } from "../core/dtype.js";
import { DeviceError, DisposedError } from "../core/errors.js";
import { fromBfloat16, fromFloat16 } from "../core/half.js";
import type { Shape } from "../core/shape.js";
import type { Storage, Value } from "../ir/graph.js";
import { backendOf } from "../runtime/devices.js";
import { disposedStorage, evaluateValues } from "../runtime/evaluate.js";
import { HostStorage } from "../runtime/host-storage.js";
import { refuseInTrace } from "../runtime/trace.js";

/** Elements as nested arrays, one level for each axis; a bare number for a scalar. */
export type NestedArray = number | NestedArray[];

/** The memory of a value, computed if need be. */
function storageFor(op: string, value: Value): Storage {
  refuseInTrace(op);
  if (!value.storage) evaluateValues([value], backendOf(value.device));
  const { storage } = value;
  if (!storage || storage === disposedStorage) throw new DisposedError(`[${op}] the tensor was disposed: read it before`);
  return storage;
}

/** Elements of a value in row-major order. */
export async function readValue(op: string, value: Value): Promise<TypedArray> {
  return elementsOf(await readBytes(op, value), value.dtype);
}

/** The bytes of a value as they are stored; they belong to the caller. */
export async function readBytes(op: string, value: Value): Promise<Uint8Array> {
  const storage = storageFor(op, value);
  return storage instanceof HostStorage ? storage.data.slice() : backendOf(storage.device).read(storage);
}

/** The same, waiting. Throws DeviceError where the device cannot wait. */
export function readValueSync(op: string, value: Value): TypedArray {
  return elementsOf(readBytesSync(op, value), value.dtype);
}

/** The bytes of a value as they are stored. Throws DeviceError where the device cannot wait. */
export function readBytesSync(op: string, value: Value): Uint8Array {
  const storage = storageFor(op, value);
  if (storage instanceof HostStorage) return storage.data.slice();
  const device = backendOf(storage.device);
  if (!device.readSync) throw new DeviceError(`[${op}] ${device.name} cannot be read without waiting: use await and the asynchronous form`);
  return device.readSync(storage);
}

function elementsOf(bytes: Uint8Array, dtype: DType): TypedArray {
  const size = byteSize(dtype);
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const view = typedView(dtype, aligned.buffer, aligned.byteOffset, aligned.byteLength / size);
  if (dtype !== "float16" && dtype !== "bfloat16") return view;
  return Float32Array.from(view, dtype === "float16" ? fromFloat16 : fromBfloat16);
}

/** A flat row-major array as nested arrays. */
export function nest(data: TypedArray, shape: Shape): NestedArray {
  let position = 0;
  const build = (axis: number): NestedArray => {
    if (axis === shape.length) return data[position++] ?? NaN;
    return Array.from({ length: shape[axis] ?? 0 }, () => build(axis + 1));
  };
  return build(0);
}
