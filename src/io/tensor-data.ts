import { DTypeError } from "../core/errors.js";
import { resolveDevice, type Backend } from "../runtime/devices.js";
import { leafFromBytes } from "../tensor/leaf.js";
import { readBytes } from "../tensor/read.js";
import { fileIntegerOf, withFileInteger, type FileInteger } from "../tensor/state-dict.js";
import { Tensor } from "../tensor/tensor.js";
import { isTensorDType, type FileArray } from "./file-array.js";

/**
 * A tensor of an array from a file. Integers that no tensor holds (int64, uint64, int16, uint16) become int32 and are written as they
 * were by `fromTensor`, also after they went through a model's state. Throws DTypeError for those that do not fit int32 and for
 * complex and 8-bit floats, ShapeError for more than 8 axes; `name` names the array in the message.
 */
export function toTensor(name: string, { dtype, shape, data }: FileArray, device?: Backend | string): Tensor {
  const target = resolveDevice(device);
  if (dtype === "bool") return new Tensor(leafFromBytes("load", data.map((byte) => (byte ? 1 : 0)), dtype, shape, target));
  if (isTensorDType(dtype)) return new Tensor(leafFromBytes("load", data, dtype, shape, target));
  if (!isFileInteger(dtype)) {
    throw new DTypeError(`[load] "${name}" holds ${dtype}, and tensors hold real numbers of 8 (integers) to 64 bits: convert it with what wrote it`);
  }
  const integers = toInt32(name, dtype, data);
  const bytes = new Uint8Array(integers.buffer, 0, integers.byteLength);
  return withFileInteger(new Tensor(leafFromBytes("load", bytes, "int32", shape, target)), dtype);
}

/** A tensor's elements as a file holds them; what `toTensor` made int32 has its own type again. */
export async function fromTensor(tensor: Tensor): Promise<FileArray> {
  const type = fileIntegerOf(tensor);
  const { shape, dtype } = tensor;
  const data = await readBytes("save", tensor.valueFor("save"));
  const written = type && fromInt32(type, data);
  return written ? { dtype: type, shape, data: written } : { dtype, shape, data };
}

const ranges: Readonly<Record<FileInteger, readonly [least: number, most: number]>> = {
  int16: [-(2 ** 15), 2 ** 15 - 1],
  uint16: [0, 2 ** 16 - 1],
  int64: [-Infinity, Infinity],
  uint64: [0, Infinity],
};

function isFileInteger(dtype: string): dtype is FileInteger {
  return Object.hasOwn(ranges, dtype);
}

function toInt32(name: string, dtype: FileInteger, data: Uint8Array): Int32Array {
  const bytes = new Uint8Array(data);
  if (dtype === "int16") return Int32Array.from(new Int16Array(bytes.buffer));
  if (dtype === "uint16") return Int32Array.from(new Uint16Array(bytes.buffer));
  const words = new Int32Array(bytes.buffer);
  return Int32Array.from({ length: words.length / 2 }, (_, i) => {
    const [low = 0, high = 0] = [words[2 * i], words[2 * i + 1]];
    if (dtype === "int64" ? high === low >> 31 : high === 0 && low >= 0) return low;
    const value = new DataView(bytes.buffer).getBigInt64(8 * i, true);
    throw new DTypeError(`[load] "${name}" holds ${dtype === "int64" ? value : BigInt.asUintN(64, value)} at ${i}, and tensors hold integers of 32 bits: convert it to float64`);
  });
}

/** The same integers in another type, or undefined where one does not fit because it was changed since it was read. */
function fromInt32(type: FileInteger, data: Uint8Array): Uint8Array | undefined {
  const integers = new Int32Array(new Uint8Array(data).buffer);
  const [least, most] = ranges[type];
  if (integers.some((value) => value < least || value > most)) return undefined;
  if (type === "int16" || type === "uint16") return new Uint8Array(Uint16Array.from(integers).buffer);
  const words = new Int32Array(2 * integers.length);
  for (let i = 0; i < integers.length; i++) {
    const value = integers[i] ?? 0;
    words[2 * i] = value;
    words[2 * i + 1] = value >> 31;
  }
  return new Uint8Array(words.buffer);
}
