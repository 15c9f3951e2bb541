import { FormatError } from "../core/errors.js";
import { arrayBytes, fileItemBytes, scalarBytes, swapBytes } from "./file-array.js";
import type { PickleValue } from "./pickle-value.js";
import { unpickle } from "./pickle.js";
import { TorchObjects } from "./torch-objects.js";
import { isZip, readZip, unpackedLimit, type UnpackOptions, type ZipEntry } from "./zip.js";

/** The number that begins a file of PyTorch's first format, pickled. */
const legacyMagic = 0x1950a86a20f9469cfc6cn;
const legacyProtocol = 1001;
/** PROTO, a protocol, LONG1, ten bytes: the magic number. */
const legacyStart = [0x80, undefined, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19] as const;

/** Whether the bytes begin as a file does that torch.save wrote before PyTorch 1.6. */
export function isLegacyTorch(bytes: Uint8Array): boolean {
  return legacyStart.every((byte, i) => byte === undefined || bytes[i] === byte);
}

/** Whether a zip archive is laid out as torch.save does. */
export function isTorchArchive(entries: ReadonlyMap<string, ZipEntry>): boolean {
  return [...entries.keys()].some((name) => /^[^/]+\/data\.pkl$/.test(name));
}

/** What `decodeTorch` does. */
export async function readTorch(bytes: Uint8Array, options: UnpackOptions): Promise<PickleValue> {
  if (isZip(bytes)) return readTorchArchive(readZip(bytes, options), unpackedLimit(bytes.length, options));
  if (isLegacyTorch(bytes)) return readLegacy(bytes, unpackedLimit(bytes.length, options));
  if (new TextDecoder().decode(bytes.subarray(257, 262)) === "ustar") {
    throw new FormatError("torch: a tar file, as PyTorch before 0.1.10 wrote it; load and save it again with a newer PyTorch.");
  }
  throw new FormatError("torch: neither a zip archive nor PyTorch's older format; this is another format.");
}

/** The same from an archive whose directory has been read. */
export async function readTorchArchive(entries: ReadonlyMap<string, ZipEntry>, limit: number): Promise<PickleValue> {
  const pickles = [...entries.values()].filter(({ name }) => /^[^/]+\/data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (!pickle || pickles.length !== 1) throw new FormatError(`torch: the archive has ${pickles.length} files data.pkl, expected one; this is another format.`);
  const folder = pickle.name.slice(0, -"data.pkl".length);
  const pickled = await pickle.read();
  const objects = new TorchObjects(pickled.length, limit);
  const { value } = unpickle(pickled, 0, objects);
  const order = await entries.get(`${folder}byteorder`)?.read();
  const isBigEndian = order !== undefined && new TextDecoder().decode(order) === "big";
  for (const storage of objects.storages.values()) {
    const name = `${folder}data/${storage.key}`;
    const expected = arrayBytes(`torch: storage "${storage.key}"`, fileItemBytes(storage.dtype), [storage.count]);
    const entry = entries.get(name);
    if (entry?.size !== expected) throw new FormatError(`torch: "${name}" should have ${expected} bytes and ${entry ? `has ${entry.size}` : "is missing"}.`);
    const bytes = await entry.read();
    storage.bytes = isBigEndian ? swapBytes(new Uint8Array(bytes), scalarBytes(storage.dtype)) : bytes;
  }
  return value;
}

/** Five pickles (magic number, protocol, system, object, keys of the storages), then each storage: its count and its elements. */
function readLegacy(bytes: Uint8Array, limit: number): PickleValue {
  const objects = new TorchObjects(bytes.length, limit);
  let at = 0;
  const next = (): PickleValue => {
    const { value, end } = unpickle(bytes, at, objects);
    at = end;
    return value;
  };
  if (next() !== legacyMagic || next() !== legacyProtocol) throw new FormatError(`torch: another protocol than ${legacyProtocol}; the file is damaged.`);
  next();
  const value = next();
  const keys = next();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!Array.isArray(keys)) throw new FormatError("torch: the keys of the storages are no list.");
  for (const key of keys) {
    const storage = typeof key === "string" ? objects.storages.get(key) : undefined;
    if (!storage || storage.bytes) throw new FormatError(`torch: storage ${JSON.stringify(String(key))} comes twice or belongs to no tensor.`);
    const size = arrayBytes(`torch: storage "${storage.key}"`, fileItemBytes(storage.dtype), [storage.count]);
    if (at + 8 + size > bytes.length) throw new FormatError(`torch: storage "${storage.key}" of ${size} bytes passes the end; the file is truncated.`);
    if (view.getBigInt64(at, true) !== BigInt(storage.count)) throw new FormatError(`torch: storage "${storage.key}" has another size than its tensors expect.`);
    storage.bytes = bytes.subarray(at + 8, at + 8 + size);
    at += 8 + size;
  }
  for (const { key, bytes: found } of objects.storages.values()) {
    if (!found) throw new FormatError(`torch: storage "${key}" is missing.`);
  }
  return value;
}
