import { FormatError } from "../core/errors.js";
import { crc32 } from "./crc32.js";
import { deflate, inflate } from "./deflate.js";

export interface UnpackOptions {
  /** What a file may unpack to in all; the larger of 256 MiB and 64 times its own size if not given. */
  readonly maxUnpackedBytes?: number | undefined;
}

/** A file in a zip archive. */
export interface ZipEntry {
  readonly name: string;
  /** Unpacked bytes. */
  readonly size: number;
  /** Its content; a view of the archive if it is stored there as it is. Throws FormatError where it is damaged. */
  read(): Promise<Uint8Array>;
}

const localHeader = 0x04034b50;
const centralHeader = 0x02014b50;
const endRecord = 0x06054b50;
const end64Record = 0x06064b50;
const end64Locator = 0x07064b50;
const stored = 0;
const deflated = 8;
const endBytes = 22;
const localBytes = 30;
const centralBytes = 46;

/** Deflate gives at most 258 bytes for two bits. */
const maxDeflateRatio = 1032;

/** Whether the bytes begin as a zip archive does, an empty one too. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && ((bytes[2] === 3 && bytes[3] === 4) || (bytes[2] === 5 && bytes[3] === 6));
}

/** What a file of this size may unpack to. */
export function unpackedLimit(fileBytes: number, { maxUnpackedBytes }: UnpackOptions = {}): number {
  return maxUnpackedBytes ?? Math.max(256 * 2 ** 20, 64 * fileBytes);
}

/**
 * The files of a zip archive by name, stored or deflated; folders are left out. Nothing is unpacked before it is read. Throws
 * FormatError for damaged archives, encryption, other compression, names that lead out of a folder, names that come twice,
 * entries that overlap, and for what would unpack to more than `maxUnpackedBytes`.
 *
 * Source: PKWARE's APPNOTE.TXT 6.3.
 */
export function readZip(bytes: Uint8Array, options: UnpackOptions = {}): Map<string, ZipEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { count, start, size } = findDirectory(view);
  if (start + size > bytes.length || count * centralBytes > size) throw damaged("its directory passes the end");
  const limit = unpackedLimit(bytes.length, options);
  const entries = new Map<string, ZipEntry>();
  const spans: (readonly [start: number, end: number, name: string])[] = [];
  let at = start;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const entry = readDirectoryEntry(bytes, view, at, start + size);
    at = entry.next;
    const { name, offset, packedBytes, unpackedBytes, method, checksum } = entry;
    requireHarmlessName(name);
    if (entries.has(name)) throw damaged(`the name ${JSON.stringify(name)} comes twice`);
    const dataStart = localDataStart(view, offset, name);
    if (dataStart + packedBytes > start) throw damaged(`"${name}" passes the end of the data`);
    spans.push([offset, dataStart + packedBytes, name]);
    if (name.endsWith("/")) continue;
    const what = `zip: "${name}"`;
    if (method === stored ? packedBytes !== unpackedBytes : unpackedBytes > packedBytes * maxDeflateRatio) {
      throw damaged(`"${name}" announces ${unpackedBytes} bytes, which its ${packedBytes} cannot give`);
    }
    total += unpackedBytes;
    if (total > limit) {
      throw new FormatError(`zip: unpacks to more than ${limit} bytes; if the file can be trusted, raise { maxUnpackedBytes }.`);
    }
    const packed = bytes.subarray(dataStart, dataStart + packedBytes);
    const read = async (): Promise<Uint8Array> => {
      if (method === deflated) return inflate(what, packed, unpackedBytes, checksum);
      if (crc32(packed) !== checksum) throw new FormatError(`${what} has another checksum than it announces; the file is damaged.`);
      return packed;
    };
    entries.set(name, { name, size: unpackedBytes, read });
  }
  requireApart(spans);
  return entries;
}

function damaged(why: string): FormatError {
  return new FormatError(`zip: ${why}; the file is damaged, truncated or made to do harm.`);
}

/** A whole number below 2^53 from 8 bytes. */
function uint64(view: DataView, at: number): number {
  const value = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  if (!Number.isSafeInteger(value)) throw damaged("it announces a size of 2^53 or more");
  return value;
}

/** The directory's place, from the record at the end, which a comment of up to 65,535 bytes may follow. */
function findDirectory(view: DataView): { count: number; start: number; size: number } {
  const last = view.byteLength - endBytes;
  let end = last;
  const first = Math.max(0, last - 0xffff);
  while (end >= first && !(view.getUint32(end, true) === endRecord && end + endBytes + view.getUint16(end + 20, true) === view.byteLength)) end--;
  if (end < first) throw damaged("it has no end record");
  const count = view.getUint16(end + 10, true);
  const size = view.getUint32(end + 12, true);
  const start = view.getUint32(end + 16, true);
  if (count !== 0xffff && size !== 0xffffffff && start !== 0xffffffff) return { count, start, size };
  const locator = end - 20;
  if (locator < 0 || view.getUint32(locator, true) !== end64Locator) return { count, start, size };
  const end64 = uint64(view, locator + 8);
  if (end64 + 56 > locator || view.getUint32(end64, true) !== end64Record) throw damaged("its 64-bit end record is missing");
  return { count: uint64(view, end64 + 32), size: uint64(view, end64 + 40), start: uint64(view, end64 + 48) };
}

interface DirectoryEntry {
  readonly name: string;
  readonly method: number;
  readonly checksum: number;
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  /** Of the local header. */
  readonly offset: number;
  readonly next: number;
}

function readDirectoryEntry(bytes: Uint8Array, view: DataView, at: number, end: number): DirectoryEntry {
  if (at + centralBytes > end || view.getUint32(at, true) !== centralHeader) throw damaged("its directory has fewer entries than announced");
  const [flags, method, checksum] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true), view.getUint32(at + 16, true)];
  const nameStart = at + centralBytes;
  const extraStart = nameStart + view.getUint16(at + 28, true);
  const extraEnd = extraStart + view.getUint16(at + 30, true);
  const next = extraEnd + view.getUint16(at + 32, true);
  if (next > end) throw damaged("its directory passes the end");
  const name = new TextDecoder().decode(bytes.subarray(nameStart, extraStart));
  if (flags & 1) throw new FormatError(`zip: "${name}" is encrypted; unpack the archive with its password first.`);
  if (method !== stored && method !== deflated) {
    throw new FormatError(`zip: "${name}" is compressed by method ${method}; expected stored (0) or deflated (8).`);
  }
  const sizes = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
  const wide = wideSizes(view, extraStart, extraEnd);
  const [unpackedBytes = 0, packedBytes = 0, offset = 0] = sizes.map((size) => (size === 0xffffffff && wide.length > 0 ? (wide.shift() ?? 0) : size));
  return { name, method, checksum, packedBytes, unpackedBytes, offset, next };
}

/** The 64-bit numbers of an entry's extra field: those that do not fit their places. */
function wideSizes(view: DataView, start: number, end: number): number[] {
  for (let at = start; at + 4 <= end; ) {
    const length = view.getUint16(at + 2, true);
    const [from, to] = [at + 4, Math.min(end, at + 4 + length)];
    if (view.getUint16(at, true) !== 1) at += 4 + length;
    else return Array.from({ length: Math.min(3, Math.floor((to - from) / 8)) }, (_, i) => uint64(view, from + 8 * i));
  }
  return [];
}

function localDataStart(view: DataView, offset: number, name: string): number {
  if (offset + localBytes > view.byteLength || view.getUint32(offset, true) !== localHeader) {
    throw damaged(`"${name}" is not where the directory says`);
  }
  return offset + localBytes + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
}

/** Who writes entries to a folder must not leave it, on any system. */
function requireHarmlessName(name: string): void {
  const parts = name.split("/");
  if (name === "" || name.startsWith("/") || /[\\\0]|^[a-zA-Z]:/.test(name) || parts.some((part) => part === ".." || part === ".")) {
    throw new FormatError(`zip: the name ${JSON.stringify(name)} leads out of the archive; such files are refused.`);
  }
}

/** Entries that share data are how a small archive unpacks to petabytes. */
function requireApart(spans: (readonly [start: number, end: number, name: string])[]): void {
  let [end, before] = [0, ""];
  for (const [start, own, name] of spans.sort(([a], [b]) => a - b)) {
    if (start < end) throw damaged(`"${name}" overlaps "${before}"`);
    [end, before] = [own, name];
  }
}

/**
 * A zip archive of the given files, deflated if `compressed`. Times are those of 1 January 1980, so that equal content gives equal
 * bytes. Throws FormatError for 4 GiB or more and for more than 65,534 files.
 */
export async function writeZip(files: ReadonlyMap<string, Uint8Array>, { compressed = false }: { readonly compressed?: boolean } = {}): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [name, data] of files) {
    requireHarmlessName(name);
    const packed = compressed ? await deflate(data) : data;
    const nameBytes = new TextEncoder().encode(name);
    // Version needed 2.0, UTF-8 names, method, time, date, checksum, sizes, lengths of name and extra field.
    const common: Field[] = [[2, 20], [2, 0x800], [2, compressed ? deflated : stored], [2, 0], [2, 0x21], [4, crc32(data)], [4, packed.length], [4, data.length], [2, nameBytes.length], [2, 0]]; // prettier-ignore
    parts.push(record([[4, localHeader], ...common]), nameBytes, packed);
    directory.push(record([[4, centralHeader], [2, 20], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]]), nameBytes);
    offset += localBytes + nameBytes.length + packed.length;
    if (Math.max(offset, data.length) >= 0xffffffff) throw new FormatError("zip: 4 GiB or more; write safetensors, which has no such limit.");
  }
  if (files.size >= 0xffff) throw new FormatError(`zip: ${files.size} files; at most 65,534 fit.`);
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = record([[4, endRecord], [2, 0], [2, 0], [2, files.size], [2, files.size], [4, size], [4, offset], [2, 0]]);
  const all = [...parts, ...directory, end];
  const bytes = new Uint8Array(offset + size + endBytes);
  let at = 0;
  for (const part of all) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

type Field = readonly [bytes: 2 | 4, value: number];

function record(fields: readonly Field[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [bytes, value] of fields) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}
