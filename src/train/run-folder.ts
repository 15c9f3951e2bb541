import { ArgumentError, DataError } from "../core/errors.js";
import { files, type FileContents } from "../files/files.js";

export interface SaveOptions {
  /** A run that is there already is replaced. */
  readonly overwrite?: boolean;
}

const isRun = (entries: readonly string[] | undefined): boolean => entries?.includes("recipe.json") === true;

/**
 * Throws ArgumentError unless a run can be saved as the folder `path`: it must not exist yet, or be empty, or hold a run that may be replaced. To be asked
 * before the work is done.
 */
export async function requireFreeFolder(path: string, { overwrite = false }: SaveOptions = {}): Promise<void> {
  const entries = await (await files()).list(path).catch((error: unknown) => {
    throw new ArgumentError(`cannot save a run as ${path}: ${String(error)}; name another folder`, { cause: error });
  });
  if (entries?.[0] === undefined || (overwrite && isRun(entries))) return;
  const remedy = isRun(entries) ? "name a folder that does not exist yet, or replace the run in it by --overwrite" : "name a folder that does not exist yet";
  throw new ArgumentError(`${path} is not empty (it holds ${entries[0]}${overwrite ? ", and no run" : ""}); ${remedy}`);
}

/** `<base>-1`, or the next number that no run has yet. */
export async function nextRunFolder(base: string): Promise<string> {
  const { folder, name } = /^(?<folder>.*[/\\])?(?<name>[^/\\]*)$/.exec(base)?.groups ?? {};
  const taken = await (await files()).list(folder ?? ".").catch(() => undefined);
  const numbers = (taken ?? []).map((entry) => (entry.startsWith(`${name}-`) ? Number(entry.slice(`${name}-`.length)) : NaN));
  return `${base}-${1 + Math.max(0, ...numbers.filter((number) => Number.isSafeInteger(number)))}`;
}

/**
 * Writes a run's folder so that it is a run once it is whole. Where the name was taken meanwhile, the run becomes its neighbour
 * `<path>-2` or the next one that is free. Gives back the folder's path. Throws DataError where nothing can be written.
 */
export async function saveRunFolder(path: string, contents: FileContents, { overwrite = false }: SaveOptions = {}): Promise<string> {
  const place = await files();
  try {
    return await place.createFolder(path, contents, overwrite && isRun(await place.list(path)));
  } catch (error) {
    throw new DataError(`cannot save the run: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Writes files into the folder of a run that was begun, in order, each replaced as a whole. Throws DataError. */
export async function updateRunFolder(path: string, contents: FileContents): Promise<void> {
  const place = await files();
  for (const [name, content] of contents) await place.write(`${path}/${name}`, content);
}
