import { ArgumentError, FormatError } from "../core/errors.js";
import type { FileArray } from "./file-array.js";
import { repeatedKey } from "./repeated-key.js";

/** Tensors that are spread over several safetensors files. */
export interface SafetensorsIndex {
  /** The file, beside the index, that holds each tensor. */
  readonly files: Map<string, string>;
  /** Bytes of all tensors, if the index tells. */
  readonly totalBytes: number | undefined;
}

/**
 * Reads the text of a `model.safetensors.index.json`. Throws FormatError for anything but tensors' names with names of files in the
 * same folder.
 *
 * Source: the sharded checkpoints of huggingface/transformers.
 */
export function decodeSafetensorsIndex(text: string): SafetensorsIndex {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new FormatError(`safetensors index: no valid JSON (${String(error)}).`, { cause: error });
  }
  if (!isObject(content) || !isObject(content["weight_map"])) throw new FormatError('safetensors index: no object with a "weight_map".');
  const repeated = repeatedKey(text);
  if (repeated !== undefined) throw new FormatError(`safetensors index: the key "${repeated}" comes twice.`);
  const files = new Map<string, string>();
  for (const [name, file] of Object.entries(content["weight_map"])) {
    if (typeof file !== "string" || file === "" || file === "." || file === ".." || /[/\\\0:]/.test(file)) {
      throw new FormatError(`safetensors index: "${name}" lies in ${JSON.stringify(file)}, expected the name of a file in the same folder.`);
    }
    files.set(name, file);
  }
  const total = isObject(content["metadata"]) ? content["metadata"]["total_size"] : undefined;
  return { files, totalBytes: typeof total === "number" ? total : undefined };
}

/** The text of an index. */
export function encodeSafetensorsIndex(files: ReadonlyMap<string, string>, totalBytes: number): string {
  // Written by hand, because an object literal would reorder keys like "0" and swallow "__proto__".
  const lines = [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, file]) => `    ${JSON.stringify(name)}: ${JSON.stringify(file)}`);
  return `{\n  "metadata": {\n    "total_size": ${totalBytes}\n  },\n  "weight_map": {\n${lines.join(",\n")}\n  }\n}\n`;
}

export interface SafetensorsShards {
  /** The arrays of each file. */
  readonly shards: Map<string, Map<string, FileArray>>;
  readonly totalBytes: number;
}

/**
 * Spreads arrays, in their order, over files of at most `maxBytes` of data each; a larger array has a file of its own. The files are
 * named as Hugging Face's: `model-00001-of-00003.safetensors` for the stem "model", `model.safetensors` if one is enough. Throws
 * ArgumentError for a limit that is no number above 0.
 */
export function shardArrays(arrays: ReadonlyMap<string, FileArray>, stem: string, maxBytes = Infinity): SafetensorsShards {
  if (!(maxBytes > 0)) throw new ArgumentError(`[shardArrays] maxShardSize ${maxBytes}: expected bytes above 0`);
  const pieces: Map<string, FileArray>[] = [];
  let room = -1;
  let totalBytes = 0;
  for (const [name, array] of arrays) {
    if (array.data.length > room) {
      pieces.push(new Map());
      room = maxBytes;
    }
    pieces.at(-1)?.set(name, array);
    room -= array.data.length;
    totalBytes += array.data.length;
  }
  if (pieces.length === 0) pieces.push(new Map());
  const digits = (n: number): string => String(n).padStart(5, "0");
  const nameOf = (i: number): string => (pieces.length === 1 ? `${stem}.safetensors` : `${stem}-${digits(i + 1)}-of-${digits(pieces.length)}.safetensors`);
  return { shards: new Map(pieces.map((piece, i) => [nameOf(i), piece])), totalBytes };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
