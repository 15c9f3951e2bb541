import { DataError } from "../core/errors.js";
import type { Files, OpenFile } from "./files.js";

/** A path as the folders to pass and the last name. */
function partsOf(path: string): { readonly folders: readonly string[]; readonly name: string } {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  if (names.includes("..")) throw new DataError(`${path} leads out of the page's storage: name a path in it`);
  return { folders: names.slice(0, -1), name: names.at(-1) ?? "" };
}

const isMissing = (error: unknown): boolean => error instanceof DOMException && error.name === "NotFoundError";

/** What a call gives, or undefined where there is no such entry. Throws DataError for all else that fails. */
async function found<T>(what: string, call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (error instanceof DataError) throw error;
    const full = error instanceof DOMException && error.name === "QuotaExceededError";
    throw new DataError(`cannot ${what}: ${String(error)}${full ? "; remove what is not needed from the page's storage" : ""}`, { cause: error });
  }
}

async function root(): Promise<FileSystemDirectoryHandle> {
  const storage = (globalThis.navigator as Partial<Navigator> | undefined)?.storage;
  if (!storage?.getDirectory) throw new DataError("this page has no storage: serve it by https or from localhost, and let the browser keep its data");
  return storage.getDirectory();
}

async function folderOf(path: readonly string[], create: boolean): Promise<FileSystemDirectoryHandle> {
  let folder = await root();
  for (const name of path) folder = await folder.getDirectoryHandle(name, { create });
  return folder;
}

/** The storage that a page's origin has for files (OPFS). */
export const pageFiles: Files = {
  open: async (path) => {
    const { folders, name } = partsOf(path);
    const file = await found(`read ${path}`, async () => (await (await folderOf(folders, false)).getFileHandle(name)).getFile());
    // A write that was broken off leaves an empty file where there was none.
    if (!file?.size) throw new DataError(`cannot read ${path}: the page's storage has no such file`);
    return opened(path, file);
  },

  write: async (path, data) => {
    const { folders, name } = partsOf(path);
    await found(`write ${path}`, async () => {
      const file = await (await folderOf(folders, true)).getFileHandle(name, { create: true });
      // What is written takes the file's place when the stream is closed.
      const stream = await file.createWritable();
      try {
        await stream.write(data as FileSystemWriteChunkType);
      } catch (error) {
        await stream.abort().catch(() => undefined);
        throw error;
      }
      await stream.close();
    });
  },

  list: async (folder) => {
    const { folders, name } = partsOf(folder);
    return found(`read the folder ${folder}`, async () => {
      const names: string[] = [];
      for await (const entry of (await folderOf(name === "" ? [] : [...folders, name], false)).keys()) names.push(entry);
      return names.sort();
    });
  },

  remove: async (path) => {
    const { folders, name } = partsOf(path);
    await found(`remove ${path}`, async () => (await folderOf(folders, false)).removeEntry(name, { recursive: true }));
  },

  createFolder: async (path, contents, replace = false) => {
    const isTaken = async (place: string): Promise<boolean> => ((await pageFiles.list(place).catch(() => [place])) ?? []).length > 0;
    if (replace) await pageFiles.remove(path);
    let place = path.replace(/\/+$/, "");
    for (let copy = 2; await isTaken(place); copy++) place = `${path}-${copy}`;
    for (const [name, content] of contents) await pageFiles.write(`${place}/${name}`, content);
    return place;
  },
};

function opened(path: string, file: File): OpenFile {
  return {
    path,
    size: file.size,
    read: async (start = 0, end = file.size) => {
      const bytes = await found(`read ${path}`, () => file.slice(start, end).arrayBuffer());
      if (!bytes) throw new DataError(`cannot read ${path}: it is there no more`);
      return new Uint8Array(bytes);
    },
    close: () => Promise.resolve(),
  };
}
