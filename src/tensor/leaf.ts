import { byteSize, dtypes, typedView, type DType, type TypedArray } from "../core/dtype.js";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.js";
import { toBfloat16, toFloat16 } from "../core/half.js";
import { checkShape, formatShape, sizeOf, type Shape } from "../core/shape.js";
import type { Value } from "../ir/graph.js";
import { storedLeaf } from "../runtime/cell.js";
import type { Backend } from "../runtime/devices.js";

/** Numbers or booleans in arrays of equal lengths, or a typed array. */
export type TensorData = number | boolean | readonly TensorData[] | TypedArray | Uint8ClampedArray;

interface Flat {
  readonly shape: number[];
  readonly data: ArrayLike<number>;
  readonly dtype: DType;
}

/** An evaluated leaf with the given elements. `shape` is that of the data unless given. */
export function leafFrom(op: string, data: TensorData, device: Backend, dtype?: DType, shape?: Shape): Value {
  const flat = flatten(op, data);
  const type = { shape: shape ?? flat.shape, dtype: dtype ?? flat.dtype };
  if (!dtypes.includes(type.dtype)) throw new DTypeError(`[${op}] there is no dtype "${type.dtype}": expected one of ${dtypes.join(", ")}`);
  if (sizeOf(type.shape) !== flat.data.length) {
    throw new ShapeError(`[${op}] ${flat.data.length} elements do not fill shape ${formatShape(type.shape)}, which takes ${sizeOf(type.shape)}`);
  }
  return storedLeaf(type, device.upload(encode(flat.data, type.dtype)), device);
}

/** An evaluated leaf of elements as they are stored, row-major, at any alignment. Throws ShapeError where they do not fill the shape. */
export function leafFromBytes(op: string, bytes: Uint8Array, dtype: DType, shape: Shape, device: Backend): Value {
  checkShape(op, shape);
  const needed = sizeOf(shape) * byteSize(dtype);
  if (bytes.length !== needed) throw new ShapeError(`[${op}] ${bytes.length} bytes do not fill ${dtype} of shape ${formatShape(shape)}, which takes ${needed}`);
  return storedLeaf({ shape, dtype }, device.upload(bytes), device);
}

const dtypeOfArray: readonly (readonly [new (n: number) => TypedArray | Uint8ClampedArray, DType])[] = [
  [Float32Array, "float32"],
  [Float64Array, "float64"],
  [Int32Array, "int32"],
  [Uint32Array, "uint32"],
  [Uint8Array, "uint8"],
  [Uint8ClampedArray, "uint8"],
  [Int8Array, "int8"],
];

function isTyped(data: TensorData): data is TypedArray | Uint8ClampedArray {
  return ArrayBuffer.isView(data);
}

function flatten(op: string, data: TensorData): Flat {
  if (isTyped(data)) {
    const known = dtypeOfArray.find(([type]) => data instanceof type);
    if (!known) throw new ArgumentError(`[${op}] a ${data.constructor.name} cannot become a tensor: convert it to Float32Array or Int32Array`);
    return { shape: [data.length], data, dtype: known[1] };
  }
  const shape: number[] = [];
  for (let level: TensorData | undefined = data; typeof level === "object" && !isTyped(level); level = level[0]) shape.push(level.length);
  const values: number[] = [];
  let booleans = 0;
  const visit = (item: TensorData, depth: number): void => {
    if (typeof item === "number" || typeof item === "boolean") {
      if (depth !== shape.length) throw ragged(op, shape);
      if (typeof item === "boolean") booleans++;
      values.push(Number(item));
      return;
    }
    if (typeof item !== "object" || item === null) {
      throw new ArgumentError(`[${op}] ${String(item)} cannot be an element: expected numbers, booleans, nested arrays of them, or a typed array`);
    }
    if (isTyped(item)) {
      if (shape[depth] === undefined && depth === shape.length) shape.push(item.length);
      if (item.length !== shape[depth] || depth !== shape.length - 1) throw ragged(op, shape);
      for (const x of item) values.push(x);
      return;
    }
    if (item.length !== shape[depth]) throw ragged(op, shape);
    for (const inner of item) visit(inner, depth + 1);
  };
  visit(data, 0);
  return { shape, data: values, dtype: booleans > 0 && booleans === values.length ? "bool" : "float32" };
}

function ragged(op: string, shape: Shape): ShapeError {
  return new ShapeError(`[${op}] nested arrays must have equal lengths at each level; the first ones give ${formatShape(shape)}, others differ`);
}

/** Elements as the bytes of a dtype. */
function encode(data: ArrayLike<number>, dtype: DType): Uint8Array {
  if (dtypeOfArray.some(([type, own]) => own === dtype && data instanceof type) && ArrayBuffer.isView(data)) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  const bytes = new Uint8Array(data.length * byteSize(dtype));
  const view = typedView(dtype, bytes.buffer);
  if (dtype === "float16" || dtype === "bfloat16") {
    const convert = dtype === "float16" ? toFloat16 : toBfloat16;
    for (let i = 0; i < data.length; i++) view[i] = convert(data[i] ?? 0);
  } else if (dtype === "bool") {
    for (let i = 0; i < data.length; i++) view[i] = data[i] ? 1 : 0;
  } else {
    view.set(data);
  }
  return bytes;
}
