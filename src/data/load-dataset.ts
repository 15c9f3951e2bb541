import { readFile, stat } from "node:fs/promises";
import { ArgumentError, DataError } from "../core/errors.js";
import { catalog, type DatasetEntry, type DatasetName } from "./catalog.js";
import type { FetchOptions } from "./fetch-files.js";
import { findFiles, findPart, keptIn, placesOf } from "./find-files.js";
import { readDataset, type DatasetOf } from "./read-dataset.js";
import type { NamedBytes } from "./read-images.js";

export interface LoadDatasetOptions extends FetchOptions {
  /** Folder with the files, themselves or in a folder of the data set's name; `GRADUS_DATA` if not given. */
  readonly dataDir?: string | undefined;
  /** False: what is not on this machine is not downloaded. True if not given, unless `GRADUS_OFFLINE` is set. */
  readonly download?: boolean | undefined;
}

/** No file of a known data set, even unpacked, is larger. */
const largestFile = 64 * 2 ** 20;

/**
 * A data set by its name in `catalog`: images, a table or a text. Its files are taken from the data folder, else from the user's
 * cache folder, else they are downloaded from where their authors publish them, checked and kept there. Throws DataError
 * where they cannot be had or do not belong together, FormatError where one is damaged, ArgumentError for an unknown name.
 */
export async function loadDataset<N extends DatasetName>(name: N, options: LoadDatasetOptions = {}): Promise<DatasetOf<N>> {
  if (!Object.hasOwn(catalog, name)) {
    throw new ArgumentError(`no data set "${name}"; there are ${Object.keys(catalog).join(", ")}`);
  }
  const entry: DatasetEntry = catalog[name];
  return readDataset(name, await readFiles(await placeFiles(name, entry, options)));
}

/** Where the files of a data set lie, after a download if need be. */
async function placeFiles(name: string, entry: DatasetEntry, options: LoadDatasetOptions): Promise<readonly string[]> {
  const { dataDir, download = !process.env["GRADUS_OFFLINE"] } = options;
  const places = placesOf(name, entry, dataDir);
  const found = await findFiles(entry, places);
  if (found.missing.length === 0) return found.paths;
  const part = await findPart(entry, dataDir);
  if (part) return part;
  if (!download) throw missingFiles(name, entry, found.missing, places, "downloads are switched off");
  const kept = keptIn(name);
  const { missing } = await findFiles(entry, [kept]);
  const { fetchFiles } = await import("./fetch-files.js");
  try {
    await fetchFiles(entry.files.filter((file) => missing.includes(file.name)), kept, options);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw missingFiles(name, entry, missing, places, error.message, error);
  }
  return (await findFiles(entry, [kept])).paths;
}

function missingFiles(
  name: string,
  entry: DatasetEntry,
  missing: readonly string[],
  places: readonly string[],
  why: string,
  cause?: unknown,
): DataError {
  const files = entry.files.filter((file) => missing.includes(file.name));
  const list = files.map(({ name: file, bytes, from }) => {
    const address = "url" in from ? `in ${from.url}` : from.join(" or ");
    return `  ${file} (${bytes} bytes): ${address}`;
  });
  return new DataError(
    `${name}: files are missing in ${places.join(", ")}:\n${list.join("\n")}\n` +
      `They are those of ${entry.home}, and could not be had: ${why}.\n` +
      `Put ${entry.files.length === 1 ? "it" : "all of them"} into DIR/${name} and name DIR with --data-dir or the ` +
      `environment variable GRADUS_DATA, or put them into ${keptIn(name)}. The data set digits needs no download.`,
    { cause },
  );
}

async function readFiles(paths: readonly string[]): Promise<NamedBytes[]> {
  const files: NamedBytes[] = [];
  for (const path of paths) {
    try {
      const { size } = await stat(path);
      if (size > largestFile) {
        throw new DataError(`${path}: larger than ${largestFile} bytes, more than any file of a known data set.`);
      }
      const bytes = await readFile(path);
      // A plain array: `slice` of a Node buffer would be a view where that of a Uint8Array is a copy.
      files.push({ name: path, bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) });
    } catch (error) {
      if (error instanceof DataError) throw error;
      throw new DataError(`cannot read ${path}: ${String(error)}`, { cause: error });
    }
  }
  return files;
}
