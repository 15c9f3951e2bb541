import { DataError } from "../core/errors.js";
import type { Files, OpenFile } from "./files.js";

/** A path as the folders to pass and the last name. */
function partsOf(path: string): { readonly folders: readonly string[]; readonly name: string } {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  if (names.includes("..")) throw new DataError(`${path} leads out of the page's storage: name a path in it`);
  return { folders: names.slice(0, -1), name: names.at(-1) ?? "" };
}

const isMissing = (error: unknown): boolean => error instanceof DOMException && error.name === "NotFoundError";

/** What a call gives. Throws DataError where it fails. */
async function attempt<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof DataError) throw error;
    const full = error instanceof DOMException && error.name === "QuotaExceededError";
    throw new DataError(`cannot ${what}: ${String(error)}${full ? "; remove what is not needed from the page's storage" : ""}`, { cause: error });
  }
}

/** The same, or undefined where there is no such entry. */
async function found<T>(what: string, call: () => Promise<T>): Promise<T | undefined> {
  return attempt(what, () =>
    call().catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    }),
  );
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

/** What a name in the making looks like: it is taken for abandoned when it is a day old. */
const temporary = /^\.[0-9a-f-]{36}\.tmp$/;
const abandonedMs = 24 * 60 * 60 * 1000;

/** All browsers that have `createWritable` have this too, and what is moved takes the place of what had the name. */
type StagedFile = FileSystemFileHandle & { move(folder: FileSystemDirectoryHandle, name: string): Promise<void> };

/** A file that is whole, in a folder, under a name of its own. */
async function stage(folder: FileSystemDirectoryHandle, data: Uint8Array | string): Promise<StagedFile> {
  const file = await folder.getFileHandle(`.${crypto.randomUUID()}.tmp`, { create: true });
  try {
    const stream = await file.createWritable();
    try {
      await stream.write(data as FileSystemWriteChunkType);
    } catch (error) {
      await stream.abort().catch(() => undefined);
      throw error;
    }
    await stream.close();
  } catch (error) {
    await unstage(folder, file);
    throw error;
  }
  return file as StagedFile;
}

/** Removes a staged file, unless it was moved away. */
async function unstage(folder: FileSystemDirectoryHandle, { name }: FileSystemFileHandle): Promise<void> {
  if (!temporary.test(name)) return;
  for (let waitMs = 1; waitMs < 1000; waitMs *= 2) {
    try {
      return await folder.removeEntry(name);
    } catch (error) {
      // A stream that was aborted holds its file a little longer.
      if (isMissing(error)) return;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

async function isFile(folder: FileSystemDirectoryHandle, name: string): Promise<boolean> {
  return folder.getFileHandle(name).then(() => true, () => false);
}

async function removeIfAbandoned(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
  try {
    const { lastModified } = await (await folder.getFileHandle(name)).getFile();
    if (Date.now() - lastModified > abandonedMs) await folder.removeEntry(name);
  } catch {
    // Its writer moved it meanwhile, or another page removed it.
  }
}

/** The storage that a page's origin has for files (OPFS). */
export const pageFiles: Files = {
  open: async (path) => {
    const { folders, name } = partsOf(path);
    const file = await found(`read ${path}`, async () => (await (await folderOf(folders, false)).getFileHandle(name)).getFile());
    if (!file) throw new DataError(`cannot read ${path}: the page's storage has no such file`);
    return opened(path, file);
  },

  write: async (path, data) => {
    const { folders, name } = partsOf(path);
    await attempt(`write ${path}`, async () => {
      const folder = await folderOf(folders, true);
      const file = await stage(folder, data);
      await file.move(folder, name).finally(() => unstage(folder, file));
    });
  },

  list: async (path) => {
    const { folders, name } = partsOf(path);
    return found(`read the folder ${path}`, async () => {
      const folder = await folderOf(name === "" ? [] : [...folders, name], false);
      const names: string[] = [];
      const hidden: string[] = [];
      for await (const entry of folder.keys()) (temporary.test(entry) ? hidden : names).push(entry);
      for (const entry of hidden) await removeIfAbandoned(folder, entry);
      return names.sort();
    });
  },

  remove: async (path) => {
    const { folders, name } = partsOf(path);
    await found(`remove ${path}`, async () => (await folderOf(folders, false)).removeEntry(name, { recursive: true }));
  },

  /**
   * All files are whole before the first of them takes its name; what was there and is not replaced goes last. A folder here cannot be
   * renamed: while its files take their names, the last of them is not there, which tells that the folder is not whole.
   */
  createFolder: async (path, contents, replace = false) => {
    const first = path.replace(/\/+$/, "");
    const { folders } = partsOf(first);
    const entries = (place: string): Promise<readonly string[] | undefined> => pageFiles.list(place).catch(() => [place]);
    const place = await attempt(`make the folder ${path}`, async () => {
      const parent = await folderOf(folders, true);
      const staged: [string, StagedFile][] = [];
      try {
        for (const [name, content] of contents) staged.push([name, await stage(parent, content)]);
        if (replace && (await isFile(parent, partsOf(first).name))) await pageFiles.remove(first);
        let free = first;
        for (let copy = 2; !replace && (await entries(free))?.length; copy++) free = `${first}-${copy}`;
        const folder = await parent.getDirectoryHandle(partsOf(free).name, { create: true });
        const last = staged.at(-1)?.[0];
        if (replace && last !== undefined) await pageFiles.remove(`${free}/${last}`);
        for (const [name, file] of staged) await file.move(folder, name);
        return free;
      } finally {
        for (const [, file] of staged) await unstage(parent, file);
      }
    });
    if (replace) for (const name of (await entries(place)) ?? []) if (!contents.has(name)) await pageFiles.remove(`${place}/${name}`);
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
