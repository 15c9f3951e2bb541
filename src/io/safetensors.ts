import { FormatError } from "../core/errors.js";
import { arrayBytes, isSizes } from "./file-array.js";
import { repeatedKey } from "./repeated-key.js";

/** Element types that a safetensors file may hold and whose elements are whole bytes. */
export type SafetensorsDType =
  | "BOOL"
  | "U8"
  | "I8"
  | "F8_E4M3"
  | "F8_E5M2"
  | "F8_E8M0"
  | "U16"
  | "I16"
  | "F16"
  | "BF16"
  | "U32"
  | "I32"
  | "F32"
  | "U64"
  | "I64"
  | "F64"
  | "C64";

/** One tensor as it lies in the file: little-endian, row-major. */
export interface SafetensorsTensor {
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  /** `itemBytes · Π shape` bytes. */
  readonly data: Uint8Array;
}

export interface SafetensorsContent {
  readonly tensors: Map<string, SafetensorsTensor>;
  readonly metadata: Map<string, string>;
}

/** Bytes of one element. */
export const safetensorsItemBytes: Readonly<Record<SafetensorsDType, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
  C64: 8,
};

const lengthBytes = 8;
const metadataKey = "__metadata__";
/** The reference implementation's limit: a reader need not hold a larger header in memory. */
const maxHeaderBytes = 100_000_000;

/**
 * Encodes named tensors as a safetensors file: 8 bytes of header length, a JSON header padded with spaces to a multiple
 * of 8, then the data without gaps. Wider elements come first, so that each tensor is aligned to its element;
 * otherwise the map's order is kept. Throws FormatError for a tensor whose data does not fit its shape, and for names
 * that the format cannot hold.
 *
 * Source: the format description of huggingface/safetensors.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array {
  const fields: string[] = [];
  if (metadata.size > 0) {
    for (const text of [...metadata].flat()) requireUnicode(text, "metadata");
    fields.push(
      jsonField(metadataKey, `{${[...metadata].map(([k, v]) => jsonField(k, JSON.stringify(v))).join(",")}}`),
    );
  }
  const ordered = [...tensors].sort(([, a], [, b]) => safetensorsItemBytes[b.dtype] - safetensorsItemBytes[a.dtype]);
  let offset = 0;
  for (const [name, { dtype, shape, data }] of ordered) {
    requireUnicode(name, "tensor name");
    if (name === metadataKey) throw new FormatError(`safetensors: "${metadataKey}" cannot name a tensor; rename it.`);
    const expected = byteLengthOf(name, dtype, shape);
    if (data.length !== expected) {
      throw new FormatError(
        `safetensors: tensor "${name}" of ${dtype} [${shape.join(", ")}] takes ${expected} bytes, ` +
          `its data has ${data.length}.`,
      );
    }
    const end = offset + expected;
    fields.push(jsonField(name, JSON.stringify({ dtype, shape, data_offsets: [offset, end] })));
    offset = end;
  }
  const json = new TextEncoder().encode(`{${fields.join(",")}}`);
  const headerBytes = Math.ceil(json.length / 8) * 8;
  if (headerBytes > maxHeaderBytes) throw headerTooLong(headerBytes);

  const bytes = new Uint8Array(lengthBytes + headerBytes + offset);
  new DataView(bytes.buffer).setUint32(0, headerBytes, true);
  bytes.set(json, lengthBytes);
  bytes.fill(0x20, lengthBytes + json.length, lengthBytes + headerBytes);
  let position = lengthBytes + headerBytes;
  for (const [, { data }] of ordered) {
    bytes.set(data, position);
    position += data.length;
  }
  return bytes;
}

/** Written by hand, because an object literal would reorder keys like "0" and swallow "__proto__". */
function jsonField(key: string, json: string): string {
  return `${JSON.stringify(key)}:${json}`;
}

/**
 * Decodes a safetensors file. The tensors' data are views of `bytes`, not copies, and not aligned in memory unless
 * `bytes` is and the writer cared. Throws FormatError for anything that the format does not allow: truncation,
 * offsets that overlap, leave gaps or pass the end, sizes that do not match, repeated keys, unknown types.
 *
 * Source: the format description of huggingface/safetensors.
 */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsContent {
  const headerEnd = safetensorsHeaderEnd(bytes, bytes.length);
  const data = bytes.subarray(headerEnd);
  const { places, metadata } = decodeSafetensorsHeader(bytes.subarray(0, headerEnd), data.length);
  const tensors = new Map(
    [...places].map(([name, { dtype, shape, start, end }]): [string, SafetensorsTensor] => [
      name,
      { dtype, shape, data: data.subarray(start, end) },
    ]),
  );
  return { tensors, metadata };
}

/** Bytes of a file that hold the header's length. */
export const safetensorsLengthBytes = lengthBytes;

/** Where the data begin in a file of `fileBytes` that begins with `bytes`. Throws FormatError where that is not possible. */
export function safetensorsHeaderEnd(bytes: Uint8Array, fileBytes: number): number {
  if (bytes.length < lengthBytes) {
    throw new FormatError(`safetensors: ${bytes.length} bytes; the header's length alone takes ${lengthBytes}.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = view.getUint32(0, true) + 2 ** 32 * view.getUint32(4, true);
  if (headerBytes > maxHeaderBytes) throw headerTooLong(headerBytes);
  const headerEnd = lengthBytes + headerBytes;
  if (headerEnd <= fileBytes) return headerEnd;
  throw new FormatError(
    `safetensors: the header takes ${headerBytes} bytes, but only ${fileBytes - lengthBytes} follow its length; ` +
      "the file is truncated.",
  );
}

/** Where a tensor lies, counted from the header's end. */
export interface SafetensorsPlace {
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** The places of all tensors, from a file's beginning up to the data, of which there are `dataBytes`. Throws as `decodeSafetensors`. */
export function decodeSafetensorsHeader(
  bytes: Uint8Array,
  dataBytes: number,
): { places: Map<string, SafetensorsPlace>; metadata: Map<string, string> } {
  const places = new Map<string, SafetensorsPlace>();
  let metadata = new Map<string, string>();
  for (const [name, value] of Object.entries(parseHeader(bytes.subarray(lengthBytes)))) {
    if (name === metadataKey) {
      metadata = parseMetadata(value);
      continue;
    }
    requireUnicode(name, "tensor name");
    places.set(name, parseEntry(name, value, dataBytes));
  }
  requireContiguous([...places].map(([name, { start, end }]) => ({ name, start, end })), dataBytes);
  return { places, metadata };
}

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseHeader(bytes: Uint8Array): JsonObject {
  if (bytes[0] !== 0x7b)
    throw new FormatError('safetensors: the header does not begin with "{"; this is another format.');
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (error) {
    throw new FormatError(`safetensors: the header is no valid UTF-8 JSON (${String(error)}).`, { cause: error });
  }
  if (!isObject(header)) throw new FormatError("safetensors: the header is no JSON object.");
  const repeated = repeatedKey(text);
  if (repeated !== undefined) throw new FormatError(`safetensors: the header has the key "${repeated}" twice.`);
  return header;
}

function parseMetadata(value: unknown): Map<string, string> {
  const metadata = new Map<string, string>();
  if (!isObject(value)) throw new FormatError(`safetensors: ${metadataKey} is no JSON object.`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") throw new FormatError(`safetensors: ${metadataKey} "${key}" is no string.`);
    requireUnicode(key, "metadata");
    requireUnicode(text, "metadata");
    metadata.set(key, text);
  }
  return metadata;
}

function parseEntry(name: string, value: unknown, dataBytes: number): SafetensorsPlace {
  if (!isObject(value)) throw new FormatError(`safetensors: tensor "${name}" is described by no JSON object.`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDType(dtype)) {
    const known = Object.keys(safetensorsItemBytes).join(", ");
    throw new FormatError(`safetensors: tensor "${name}" has the dtype ${JSON.stringify(dtype)}; known are ${known}.`);
  }
  if (!isSizes(shape)) {
    throw new FormatError(
      `safetensors: tensor "${name}" has a shape that is no list of whole numbers from 0 to 2^53 - 1.`,
    );
  }
  const [start, end] = isSizes(offsets) && offsets.length === 2 ? offsets : [];
  if (start === undefined || end === undefined || start > end || end > dataBytes) {
    throw new FormatError(
      `safetensors: tensor "${name}" needs data_offsets [start, end] with 0 <= start <= end <= ${dataBytes}, ` +
        "the bytes after the header; the file is damaged or truncated.",
    );
  }
  const expected = byteLengthOf(name, dtype, shape);
  if (end - start !== expected) {
    throw new FormatError(
      `safetensors: tensor "${name}" of ${dtype} [${shape.join(", ")}] takes ${expected} bytes, ` +
        `its offsets span ${end - start}.`,
    );
  }
  return { dtype, shape, start, end };
}

function isDType(value: unknown): value is SafetensorsDType {
  return typeof value === "string" && Object.hasOwn(safetensorsItemBytes, value);
}

function byteLengthOf(name: string, dtype: SafetensorsDType, shape: readonly number[]): number {
  return arrayBytes(`safetensors: tensor "${name}"`, safetensorsItemBytes[dtype], shape);
}

function requireContiguous(spans: { name: string; start: number; end: number }[], dataBytes: number): void {
  let position = 0;
  for (const { name, start, end } of spans.sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== position) {
      const fault = start < position ? "overlaps the tensor before it" : "leaves a gap before it";
      throw new FormatError(`safetensors: tensor "${name}" ${fault}: it starts at ${start}, expected ${position}.`);
    }
    position = end;
  }
  if (position !== dataBytes) {
    throw new FormatError(`safetensors: ${dataBytes - position} bytes at the end belong to no tensor.`);
  }
}

/** Half a surrogate pair has no UTF-8 form: other readers refuse it. */
function requireUnicode(text: string, what: string): void {
  if (/\p{Surrogate}/u.test(text)) {
    throw new FormatError(`safetensors: the ${what} ${JSON.stringify(text)} holds half a surrogate pair.`);
  }
}

function headerTooLong(headerBytes: number): FormatError {
  return new FormatError(
    `safetensors: a header of ${headerBytes} bytes; the limit is ${maxHeaderBytes}. ` +
      "A file that announces this is another format.",
  );
}
