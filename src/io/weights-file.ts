import { ArgumentError, DataError, FormatError } from "../core/errors.js";
import { files } from "../files/files.js";
import type { StateDict } from "../tensor/state-dict.js";
import type { Tensor } from "../tensor/tensor.js";
import type { FileArray } from "./file-array.js";
import { encodeSafetensorsArrays } from "./safetensors-arrays.js";
import { SafetensorsFile } from "./safetensors-file.js";
import { decodeSafetensorsIndex, encodeSafetensorsIndex, shardArrays } from "./safetensors-index.js";
import { fromTensor, toTensor } from "./tensor-data.js";
import { decodeWeights, isSafetensors, type WeightsOptions } from "./weights.js";

const indexName = "model.safetensors.index.json";
/** The index of a model with a hundred thousand tensors takes ten million bytes. */
const maxIndexBytes = 100_000_000;

/**
 * Tensors by name, ready for `loadStateDict`, from bytes or from a file: safetensors, .npy, .npz or what torch.save wrote, told by its
 * content; or from the index of a sharded model, or a folder that holds `model.safetensors` or its index. Of safetensors only the
 * header and the tensors that `only` wants are read. Throws DataError where files are missing, FormatError for other and damaged
 * files, DTypeError for elements that no tensor has.
 */
export async function loadWeights(source: string | Uint8Array, options: WeightsOptions = {}): Promise<StateDict> {
  if (typeof source !== "string") return decodeWeights(source, options);
  const path = await weightsPath(source);
  const reader = await (await files()).open(path);
  try {
    const start = await reader.read(0, 16);
    if (isSafetensors(start)) return await loadSafetensors(path, options);
    if (!/^\s*\{/.test(new TextDecoder().decode(start))) return await decodeWeights(await reader.read(), options);
    if (reader.size > maxIndexBytes) throw new FormatError(`${path}: an index of ${reader.size} bytes; the limit is ${maxIndexBytes}.`);
    return await loadShards(path, new TextDecoder().decode(await reader.read()), options);
  } finally {
    await reader.close();
  }
}

/** A path up to its last separator. */
function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

async function weightsPath(path: string): Promise<string> {
  const names = await (await files()).list(path).catch(() => undefined);
  if (!names) return path;
  for (const name of [indexName, "model.safetensors"]) if (names.includes(name)) return `${path}/${name}`;
  throw new DataError(`${path} holds neither ${indexName} nor model.safetensors: name the file itself.`);
}

async function loadSafetensors(path: string, { device, only = () => true }: WeightsOptions): Promise<StateDict> {
  const file = await SafetensorsFile.open(path);
  const state: (readonly [string, Tensor])[] = [];
  try {
    for (const name of file.places.keys()) if (only(name)) state.push([name, toTensor(name, await file.read(name), device)]);
  } finally {
    await file.close();
  }
  return Object.fromEntries(state);
}

async function loadShards(path: string, text: string, { device, only = () => true }: WeightsOptions): Promise<StateDict> {
  const wanted = new Map<string, string[]>();
  const { files } = decodeSafetensorsIndex(text);
  for (const [name, file] of files) {
    if (!only(name)) continue;
    const names = wanted.get(file) ?? [];
    names.push(name);
    wanted.set(file, names);
  }
  const state: (readonly [string, Tensor])[] = [];
  for (const [name, names] of wanted) {
    const file = await SafetensorsFile.open(folderOf(path) + name);
    try {
      for (const tensor of names) {
        if (!file.places.has(tensor)) throw new FormatError(`${path}: "${tensor}" should lie in ${name}, which does not have it.`);
        state.push([tensor, toTensor(tensor, await file.read(tensor), device)]);
      }
    } finally {
      await file.close();
    }
  }
  return Object.fromEntries(state);
}

export interface SaveWeightsOptions {
  /** Bytes of tensors that one file may hold; what takes more is spread over several, with an index. */
  readonly maxShardSize?: number | undefined;
  /** Text to keep beside the tensors; `{ format: "pt" }` if not given. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/**
 * Writes tensors as a safetensors file; `path` ends in ".safetensors". With more than `maxShardSize` bytes the files are
 * `NAME-00001-of-0000N.safetensors` beside it and `NAME.safetensors.index.json`, written last. Returns the path to load from. Throws
 * ArgumentError, and DataError where files cannot be written.
 */
export async function saveWeights(path: string, state: StateDict, { maxShardSize, metadata = { format: "pt" } }: SaveWeightsOptions = {}): Promise<string> {
  const folder = folderOf(path);
  const stem = path.slice(folder.length).replace(/\.safetensors$/, "");
  if (folder + stem === path) throw new ArgumentError(`[saveWeights] ${path}: expected a name that ends in ".safetensors", the format that is written`);
  // All are read at once: what is queued later changes nothing.
  const arrays = await Promise.all(Object.entries(state).map(async ([name, tensor]): Promise<[string, FileArray]> => [name, await fromTensor(tensor)]));
  const { shards, totalBytes } = shardArrays(new Map(arrays), stem, maxShardSize);
  const texts = new Map(Object.entries(metadata));
  const places = new Map<string, string>();
  const place = await files();
  for (const [file, piece] of shards) {
    await place.write(folder + file, encodeSafetensorsArrays(piece, texts));
    for (const name of piece.keys()) places.set(name, file);
  }
  if (shards.size === 1) return path;
  await place.write(`${path}.index.json`, encodeSafetensorsIndex(places, totalBytes));
  return `${path}.index.json`;
}
