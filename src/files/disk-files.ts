import { mkdir, readdir, rename, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { DataError } from "../core/errors.js";
import { removeAbandoned, temporaryName } from "../core/temporary-name.js";
import { writeFileAtomic } from "./atomic-file.js";
import type { FileContents, Files } from "./files.js";
import { RangeReader } from "./range-reader.js";

/** The file system. */
export const diskFiles: Files = {
  open: (path) => RangeReader.open(path),

  write: async (path, data) => {
    await makeFolder(dirname(path));
    await writeFileAtomic(path, data);
  },

  list: async (folder) => {
    try {
      removeAbandoned(folder);
      return (await readdir(folder)).sort();
    } catch (error) {
      if (hasCode(error, "ENOENT")) return undefined;
      throw new DataError(`cannot read the folder ${folder}: ${String(error)}`, { cause: error });
    }
  },

  /** A folder is gone at once, or still whole. */
  remove: async (path) => {
    const aside = join(dirname(resolve(path)), temporaryName());
    try {
      await rename(path, aside);
      await rm(aside, { recursive: true, force: true });
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw new DataError(`cannot remove ${path}: ${String(error)}`, { cause: error });
    }
  },

  /** It exists whole or not at all: the files go to a folder beside it, which then takes the name. */
  createFolder: async (path, contents, replace = false) => {
    const name = basename(resolve(path));
    const parent = dirname(resolve(path));
    const beside = join(parent, temporaryName());
    try {
      await fill(beside, contents);
      removeAbandoned(parent);
      if (replace) await diskFiles.remove(path);
      for (let copy = 1; copy <= 1000; copy++) {
        const place = join(dirname(path), copy === 1 ? name : `${name}-${copy}`);
        if (await takeName(beside, place)) return place;
      }
      throw new DataError(`cannot make the folder ${path}: it and a thousand names like it are taken`);
    } catch (error) {
      await rm(beside, { recursive: true, force: true }).catch(() => undefined);
      if (error instanceof DataError) throw error;
      throw new DataError(`cannot make a folder in ${parent}: ${String(error)}`, { cause: error });
    }
  },
};

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error: unknown) => {
    throw new DataError(`cannot make the folder ${path}: ${String(error)}`, { cause: error });
  });
}

async function fill(folder: string, contents: FileContents): Promise<void> {
  await makeFolder(folder);
  for (const [name, content] of contents) await writeFileAtomic(join(folder, name), content);
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
