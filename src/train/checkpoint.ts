import { FormatError } from "../core/errors.js";
import { sha256 } from "../core/sha256.js";
import { decodeSafetensors, encodeSafetensors, type SafetensorsTensor } from "../io/safetensors.js";
import { fromSafetensors, toSafetensors } from "../io/safetensors-arrays.js";
import { fromTensor, toTensor } from "../io/tensor-data.js";
import { Tensor } from "../tensor/index.js";
import { isRecord } from "../tensor/tree.js";

/** Everything that a training run has learned at one step boundary. */
export interface Checkpoint {
  /** Steps that were done. */
  readonly step: number;
  /** Plain values and tensors in arrays and object literals, by the names of their owners. */
  readonly state: Readonly<Record<string, unknown>>;
}

const version = 1;
const stateKey = "gradus.checkpoint";
const hashKey = "gradus.sha256";
const noHash = "0".repeat(64);

/**
 * A checkpoint as one safetensors file. Its metadata holds what is no tensor, as JSON, and the SHA-256 of the whole file, whose own
 * place counts as 64 zeros. The tensors are read in the order of their devices' queues: what is queued later changes nothing.
 */
export async function encodeCheckpoint({ step, state }: Checkpoint): Promise<Uint8Array> {
  const found = new Map<string, Promise<SafetensorsTensor>>();
  const text = JSON.stringify({ version, step, state: withoutTensors(state, "", found) });
  const tensors = await Promise.all([...found].map(async ([name, stored]) => [name, await stored] as const));
  const file = encodeSafetensors(new Map(tensors), new Map([["format", "pt"], [hashKey, noHash], [stateKey, text]]));
  file.set(new TextEncoder().encode(await sha256(file)), hashPosition(file));
  return file;
}

/** Reads what `encodeCheckpoint` wrote. Throws FormatError for a file that is damaged or no checkpoint. */
export async function decodeCheckpoint(file: Uint8Array): Promise<Checkpoint> {
  const { tensors, metadata } = decodeSafetensors(file);
  const expected = metadata.get(hashKey);
  const text = metadata.get(stateKey);
  if (expected === undefined || text === undefined) throw new FormatError("[checkpoint] the file is no checkpoint: it holds tensors only");
  const copy = new Uint8Array(file);
  copy.set(new TextEncoder().encode(noHash), hashPosition(file));
  const found = await sha256(copy);
  if (found !== expected) throw new FormatError(`[checkpoint] the file is damaged: its SHA-256 is ${found} and should be ${expected}`);
  const content = JSON.parse(text) as { readonly version: number; readonly step: number; readonly state: unknown };
  if (content.version !== version) {
    throw new FormatError(`[checkpoint] the file has version ${content.version}, and this Gradus reads ${version}: go on with the one that wrote it`);
  }
  const state = withTensors(content.state, (name) => {
    const stored = tensors.get(name);
    if (!stored) throw new FormatError(`[checkpoint] the tensor "${name}" is missing`);
    return toTensor(name, fromSafetensors(stored));
  });
  return { step: content.step, state: state as Checkpoint["state"] };
}

/** The hash's place: the first in the file that holds its key, since the header comes first and metadata leads it. */
function hashPosition(file: Uint8Array): number {
  const key = new TextEncoder().encode(`"${hashKey}":"`);
  const at = file.findIndex((_, start) => key.every((byte, i) => file[start + i] === byte));
  if (at < 0) throw new FormatError("[checkpoint] the file's hash is missing");
  return at + key.length;
}

/** The tree with the names of tensors in their places, and of numbers that JSON lacks. */
function withoutTensors(tree: unknown, path: string, into: Map<string, Promise<SafetensorsTensor>>): unknown {
  const inner = (key: string): string => (path === "" ? key : `${path}/${key}`);
  if (tree instanceof Tensor) {
    into.set(path, fromTensor(tree).then(toSafetensors));
    return { $tensor: path };
  }
  if (typeof tree === "number" && !Number.isFinite(tree)) return { $number: String(tree) };
  if (Array.isArray(tree)) return tree.map((item: unknown, i) => withoutTensors(item, inner(String(i)), into));
  if (!isRecord(tree)) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, item]) => [key, withoutTensors(item, inner(key), into)]));
}

function withTensors(tree: unknown, tensorOf: (name: string) => Tensor): unknown {
  if (Array.isArray(tree)) return tree.map((item: unknown) => withTensors(item, tensorOf));
  if (!isRecord(tree)) return tree;
  if (typeof tree["$tensor"] === "string") return tensorOf(tree["$tensor"]);
  if (typeof tree["$number"] === "string") return Number(tree["$number"]);
  return Object.fromEntries(Object.entries(tree).map(([key, item]) => [key, withTensors(item, tensorOf)]));
}
