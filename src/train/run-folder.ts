import { mkdir, readdir, rename, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { ArgumentError, DataError } from "../core/errors.js";
import { removeAbandoned, temporaryName } from "../core/temporary-name.js";
import { writeFileAtomic } from "../io/atomic-file.js";

/** A run's files by name. */
export type RunFiles = ReadonlyMap<string, Uint8Array | string>;

export interface SaveOptions {
  /** A run that is there already is replaced. */
  readonly overwrite?: boolean;
}

/**
 * Throws ArgumentError unless a run can be saved as the folder `path`: it must not exist yet, or be empty, or hold a run that may be replaced. To be asked
 * before the work is done.
 */
export async function requireFreeFolder(path: string, { overwrite = false }: SaveOptions = {}): Promise<void> {
  let entries: string[];
  try {
    entries = await readdir(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw new ArgumentError(`cannot save a run as ${path}: ${String(error)}; name another folder`, { cause: error });
  }
  if (entries.length === 0) return;
  const isRun = entries.includes("recipe.json");
  if (overwrite && isRun) return;
  const remedy = isRun ? "name a folder that does not exist yet, or replace the run in it by --overwrite" : "name a folder that does not exist yet";
  throw new ArgumentError(`${path} is not empty (it holds ${entries[0]}${overwrite ? ", and no run" : ""}); ${remedy}`);
}

/** `<base>-1`, or the next number that no run has yet. */
export async function nextRunFolder(base: string): Promise<string> {
  const name = basename(base);
  const taken = await readdir(dirname(base)).catch(() => []);
  const numbers = taken.map((entry) => (entry.startsWith(`${name}-`) ? Number(entry.slice(name.length + 1)) : NaN));
  return `${base}-${1 + Math.max(0, ...numbers.filter((number) => Number.isSafeInteger(number)))}`;
}

/**
 * Writes a run's folder so that it exists whole or not at all: the files go to a folder beside it, which then takes the
 * name. Where the name was taken meanwhile, the run becomes its neighbour `<path>-2` or the next one that is free.
 * Gives back the folder's path. Throws DataError where nothing can be written.
 */
export async function saveRunFolder(path: string, files: RunFiles, { overwrite = false }: SaveOptions = {}): Promise<string> {
  const name = basename(resolve(path));
  const parent = dirname(resolve(path));
  const beside = join(parent, temporaryName());
  try {
    await mkdir(beside, { recursive: true });
    removeAbandoned(parent);
    for (const [name, content] of files) await writeFileAtomic(join(beside, name), content);
    if (overwrite) await removeRun(path);
    for (let copy = 1; copy <= 1000; copy++) {
      const place = join(dirname(path), copy === 1 ? name : `${name}-${copy}`);
      if (await takeName(beside, place)) return place;
    }
    throw new DataError(`cannot save the run: ${path} and a thousand names like it are taken`);
  } catch (error) {
    await rm(beside, { recursive: true, force: true }).catch(() => undefined);
    if (error instanceof DataError) throw error;
    throw new DataError(`cannot save the run in ${parent}: ${String(error)}`, { cause: error });
  }
}

/** Removes a folder that holds a run: it is gone at once, or still whole. */
async function removeRun(path: string): Promise<void> {
  const entries = await readdir(path).catch((): string[] => []);
  if (!entries.includes("recipe.json")) return;
  const aside = join(dirname(resolve(path)), temporaryName());
  await rename(path, aside);
  await rm(aside, { recursive: true, force: true });
}

/** Writes files into the folder of a run that was begun, in order, each replaced as a whole. A folder that was removed is made again. Throws DataError. */
export async function updateRunFolder(path: string, files: RunFiles): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error: unknown) => {
    throw new DataError(`cannot save the run in ${path}: ${String(error)}`, { cause: error });
  });
  for (const [name, content] of files) await writeFileAtomic(join(path, name), content);
}

/** Whether `folder` could be renamed to `place`, which only an empty folder may hold. */
async function takeName(folder: string, place: string): Promise<boolean> {
  await rmdir(place).catch(() => undefined);
  try {
    await rename(folder, place);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOTEMPTY") || hasCode(error, "EEXIST") || hasCode(error, "ENOTDIR") || hasCode(error, "EPERM")) return false;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
