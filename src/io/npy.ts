import { DTypeError, FormatError } from "../core/errors.js";
import { stridesOf } from "../core/shape.js";
import { arrayBytes, fileItemBytes, gatherStrided, isSizes, scalarBytes, swapBytes, type FileArray, type FileDType } from "./file-array.js";

/** NumPy's kind and size of each element type. */
const codes: ReadonlyMap<string, FileDType> = new Map<string, FileDType>([
  ["b1", "bool"],
  ["u1", "uint8"],
  ["u2", "uint16"],
  ["u4", "uint32"],
  ["u8", "uint64"],
  ["i1", "int8"],
  ["i2", "int16"],
  ["i4", "int32"],
  ["i8", "int64"],
  ["f2", "float16"],
  ["f4", "float32"],
  ["f8", "float64"],
  ["c8", "complex64"],
  ["c16", "complex128"],
]);

const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);
/** NumPy writes one line of some 100 bytes; headers of megabytes belong to structured types, which no tensor has. */
const maxHeaderBytes = 2 ** 16 + 2 ** 12;

/** Whether the bytes begin as a .npy file does. */
export function isNpy(bytes: Uint8Array): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

/**
 * Decodes a .npy file of version 1, 2 or 3, in either byte order and either order of axes. Data that are row-major and
 * little-endian are a view of `bytes`. Throws FormatError for damaged files and DTypeError for elements that are no numbers
 * (objects, text, records).
 *
 * Source: NumPy Enhancement Proposal 1 and numpy.lib.format.
 */
export function decodeNpy(bytes: Uint8Array): FileArray {
  if (!isNpy(bytes)) throw new FormatError('npy: the file does not begin with "\\x93NUMPY"; this is another format.');
  const version = bytes[6] ?? 0;
  if (version < 1 || version > 3) throw new FormatError(`npy: version ${version}; expected 1, 2 or 3.`);
  const lengthBytes = version === 1 ? 2 : 4;
  const headerStart = 8 + lengthBytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = bytes.length < headerStart ? Infinity : version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (headerBytes > bytes.length - headerStart) throw new FormatError("npy: the header passes the end; the file is truncated.");
  if (headerBytes > maxHeaderBytes) throw new FormatError(`npy: a header of ${headerBytes} bytes; the limit is ${maxHeaderBytes}.`);
  const dataStart = headerStart + headerBytes;
  const { descr, fortranOrder, shape } = parseHeader(new TextDecoder().decode(bytes.subarray(headerStart, dataStart)));

  const code = /^([<>=|])([a-zA-Z?]\d*)$/.exec(descr);
  const dtype = codes.get(code?.[2] ?? "");
  if (!code || !dtype) throw new DTypeError(`npy: elements of type ${JSON.stringify(descr)}; expected one of ${[...codes.keys()].join(", ")}.`);
  const itemBytes = fileItemBytes(dtype);
  const expected = arrayBytes("npy: the array", itemBytes, shape);
  if (expected !== bytes.length - dataStart) {
    const what = `[${shape.join(", ")}] of ${dtype} takes ${expected} bytes, ${bytes.length - dataStart} follow the header`;
    throw new FormatError(`npy: ${what}; the file is damaged or truncated.`);
  }
  const stored = bytes.subarray(dataStart);
  const strides = stridesOf([...shape].reverse()).reverse();
  const ordered = fortranOrder && shape.length > 1 ? gatherStrided(stored, itemBytes, shape, strides) : stored;
  const data = code[1] === ">" && itemBytes > 1 ? swapBytes(new Uint8Array(ordered), scalarBytes(dtype)) : ordered;
  return { dtype, shape, data };
}

interface NpyHeader {
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

/** Reads the one form of a Python dictionary that NumPy writes: the three keys in any order, no escapes. */
function parseHeader(text: string): NpyHeader {
  const damaged = (): FormatError => new FormatError(`npy: the header ${JSON.stringify(text.slice(0, 200))} is not { 'descr', 'fortran_order', 'shape' }.`);
  const body = /^\{(.*)\}\s*$/s.exec(text)?.[1];
  if (body === undefined) throw damaged();
  const fields = new Map<string, string>();
  const field = /\s*(['"])(descr|fortran_order|shape)\1\s*:\s*(\[[^\n]*\]|'[^'\\]*'|"[^"\\]*"|True|False|\([\d,\sL]*\))\s*(?:,|$)/y;
  while (field.lastIndex < body.trimEnd().length) {
    const match = field.exec(body);
    const [, , key = "", value = ""] = match ?? [];
    if (!match || fields.has(key)) throw damaged();
    fields.set(key, value);
  }
  const [descr, order, sizes] = ["descr", "fortran_order", "shape"].map((key) => fields.get(key));
  if (descr?.startsWith("[")) throw new DTypeError(`npy: records of type ${descr.slice(0, 200)}; save each field as an array of its own.`);
  if (!descr || !/^['"]/.test(descr) || !order || order.length > 5 || !/^[TF]/.test(order) || !sizes?.startsWith("(")) throw damaged();
  const items = sizes.slice(1, -1).split(",").map((item) => item.trim());
  if (items.at(-1) === "") items.pop();
  else if (items.length === 1) throw damaged();
  // Python 2 marked long numbers with an L.
  const shape = items.map((item) => (/^\d+L?$/.test(item) ? parseInt(item, 10) : NaN));
  if (!isSizes(shape)) throw new FormatError(`npy: the shape ${sizes.slice(0, 200)} is no list of whole numbers from 0 to 2^53 - 1.`);
  return { descr: descr.slice(1, -1), fortranOrder: order === "True", shape };
}

/**
 * Encodes an array as NumPy does: version 1, row-major, little-endian. Throws DTypeError for element types that NumPy lacks
 * (bfloat16, float8), FormatError where the data do not fill the shape.
 */
export function encodeNpy({ dtype, shape, data }: FileArray): Uint8Array {
  const code = [...codes].find(([, known]) => known === dtype)?.[0];
  if (!code) throw new DTypeError(`npy: NumPy has no ${dtype}; convert to float32 with astype("float32").`);
  const expected = arrayBytes("npy: the array", fileItemBytes(dtype), shape);
  if (data.length !== expected) throw new FormatError(`npy: [${shape.join(", ")}] of ${dtype} takes ${expected} bytes, its data has ${data.length}.`);
  const order = fileItemBytes(dtype) === 1 ? "|" : "<";
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  // NumPy leaves room for the first size to grow to 21 digits in place.
  const room = shape.length > 0 ? 21 - String(shape[0]).length : 0;
  const text = `{'descr': '${order}${code}', 'fortran_order': False, 'shape': (${sizes}), }${" ".repeat(room)}`;
  // A line break ends the header where the data begin, at a multiple of 64.
  const dataStart = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(dataStart + data.length);
  bytes.set(magic);
  bytes[6] = 1;
  new DataView(bytes.buffer).setUint16(8, dataStart - 10, true);
  bytes.set(new TextEncoder().encode(`${text.padEnd(dataStart - 11)}\n`), 10);
  bytes.set(data, dataStart);
  return bytes;
}
