import { FormatError } from "../core/errors.js";
import { arrayBytes, fileItemBytes, scalarBytes, swapBytes } from "./file-array.js";
import type { PickleValue } from "./pickle-value.js";
import { unpickle } from "./pickle.js";
import { TorchObjects, TorchTensor } from "./torch-objects.js";
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

/**
 * What torch.save wrote, in the zip format or the one before it (.pt, .pth, .th): `TorchTensor`s in dictionaries (maps), lists
 * and tuples (arrays). Nothing else is built and no code is run. Throws FormatError for damaged files and for every global that
 * is not needed for that, naming it.
 *
 * Source: torch/serialization.py and torch/_utils.py of PyTorch, whose formats these are.
 */
export async function decodeTorch(bytes: Uint8Array, options: UnpackOptions = {}): Promise<PickleValue> {
  if (isZip(bytes)) return decodeTorchArchive(readZip(bytes, options), unpackedLimit(bytes.length, options));
  if (isLegacyTorch(bytes)) return decodeLegacy(bytes, unpackedLimit(bytes.length, options));
  if (new TextDecoder().decode(bytes.subarray(257, 262)) === "ustar") {
    throw new FormatError("torch: a tar file, as PyTorch before 0.1.10 wrote it; load and save it again with a newer PyTorch.");
  }
  throw new FormatError("torch: neither a zip archive nor PyTorch's older format; this is another format.");
}

/** The same from an archive whose directory has been read. */
export async function decodeTorchArchive(entries: ReadonlyMap<string, ZipEntry>, limit: number): Promise<PickleValue> {
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
function decodeLegacy(bytes: Uint8Array, limit: number): PickleValue {
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

/** Names under which checkpoints commonly keep a model's state, the more telling first. */
const stateNames = ["state_dict", "model_state_dict", "model", "net", "params"];

/**
 * The tensors by name of a model's state: of the file's dictionary itself, or of the one that a checkpoint holds as "state_dict",
 * "model_state_dict", "model", "net", "params" or as its only dictionary of tensors. Throws FormatError where there is none.
 */
export function torchState(content: PickleValue): Map<string, TorchTensor> {
  if (!(content instanceof Map)) throw new FormatError("torch: the file holds no dictionary; read it with decodeTorch and take what you need.");
  const own = tensorsOf(content);
  if (own.size > 0 && own.size === content.size) return own;
  const inner = [...content].flatMap(([key, value]) => {
    const tensors = value instanceof Map ? tensorsOf(value) : undefined;
    return tensors && tensors.size > 0 && value instanceof Map && tensors.size === value.size ? [{ key, tensors }] : [];
  });
  const named = stateNames.flatMap((name) => inner.filter(({ key }) => key === name));
  const chosen = named[0] ?? (inner.length === 1 ? inner[0] : undefined);
  if (chosen) return chosen.tensors;
  if (own.size > 0 && inner.length === 0) return own;
  const keys = [...content.keys()].slice(0, 20).map((key) => String(key));
  throw new FormatError(`torch: no model's state among ${keys.join(", ")}; read the file with decodeTorch and take what you need.`);
}

function tensorsOf(dict: ReadonlyMap<PickleValue, PickleValue>): Map<string, TorchTensor> {
  const found = new Map<string, TorchTensor>();
  for (const [key, value] of dict) if (typeof key === "string" && value instanceof TorchTensor) found.set(key, value);
  return found;
}
