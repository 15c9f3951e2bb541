import { stat } from "node:fs/promises";
import { join } from "node:path";
import { cacheRoot } from "../core/cache-root.js";
import type { DatasetEntry } from "./catalog.js";
import { spellings } from "./read-dataset.js";

/** What of a data set's files lies on this machine. */
export interface FoundFiles {
  /** Paths, in the catalog's order. */
  readonly paths: readonly string[];
  /** Names of the files that are not there; where there are any, `paths` holds the others, all from one folder. */
  readonly missing: readonly string[];
}

/** The folder in which the files of a data set are kept after download. */
export function keptIn(name: string): string {
  return join(cacheRoot(), "data", name);
}

/** The folders in which the files of a data set are looked for, the first ones preferred. */
export function placesOf(name: string, entry: DatasetEntry, dataDir: string | undefined): string[] {
  const root = dataDir || process.env["GRADUS_DATA"];
  const given = root ? [...(entry.folders ?? [name]).map((folder) => join(root, folder)), root] : [];
  return [...given, keptIn(name)];
}

/** Looks for all files of a data set in one of these folders; else for those of which most are there. */
export async function findFiles(entry: DatasetEntry, places: readonly string[]): Promise<FoundFiles> {
  let best: FoundFiles = { paths: [], missing: entry.files.map((file) => file.name) };
  for (const place of places) {
    const found = await Promise.all(entry.files.map((file) => findFile(place, spellings(file.name))));
    const missing = entry.files.filter((_, i) => found[i] === undefined).map((file) => file.name);
    if (missing.length < best.missing.length || missing.length === 0) {
      best = { paths: found.filter((path) => path !== undefined), missing };
    }
    if (missing.length === 0) break;
  }
  return best;
}

/** The files that stand for a part of a data set, where they are in a data folder. */
export async function findPart(entry: DatasetEntry, dataDir: string | undefined): Promise<readonly string[] | undefined> {
  const root = dataDir || process.env["GRADUS_DATA"];
  if (!root || entry.kind !== "images" || !entry.part) return undefined;
  for (const folder of entry.part.folders) {
    const found = await Promise.all(entry.part.files.map((file) => findFile(join(root, folder), [file])));
    const paths = found.filter((path) => path !== undefined);
    if (paths.length === found.length) return paths;
  }
  return undefined;
}

async function findFile(folder: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    const path = join(folder, name);
    const status = await stat(path).catch(() => undefined);
    if (status?.isFile()) return path;
  }
  return undefined;
}
