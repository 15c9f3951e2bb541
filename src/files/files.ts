import { DataError } from "../core/errors.js";

/** A file that was opened, to be read in pieces. */
export interface OpenFile {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** The bytes from `start` up to `end`, or up to the file's end. Throws DataError. */
  read(start?: number, end?: number): Promise<Uint8Array<ArrayBuffer>>;
  /** To be called after use. */
  close(): Promise<void>;
}

/** The content of files by their names. */
export type FileContents = ReadonlyMap<string, Uint8Array | string>;

/**
 * Where runs, models and data sets lie: folders of the file system in Node, the page's own storage in a browser. Paths are
 * separated by "/". What cannot be done is thrown as DataError naming the path.
 */
export interface Files {
  /** Opens a file. Throws DataError where there is none. */
  open(path: string): Promise<OpenFile>;
  /**
   * Writes a file, in a folder that is made if need be: at any moment, even after a crash, the path holds its old content
   * or all of the new.
   */
  write(path: string, data: Uint8Array | string): Promise<void>;
  /** The names in a folder in their order, without what broken writes left there; undefined where nothing has its name. */
  list(folder: string): Promise<readonly string[] | undefined>;
  /** Removes a file, or a folder with all that is in it; nothing where there is none. */
  remove(path: string): Promise<void>;
  /**
   * Makes a folder with files, which is there once its last one is. Where the name is taken by other than an empty folder, `replace`
   * puts it in the place of what is there, and else it becomes the neighbour `<path>-2` or the next one that is free.
   * Gives back the folder's path. Where folders cannot be renamed, as in a page's storage, its last file is there once the folder is whole.
   */
  createFolder(path: string, contents: FileContents, replace?: boolean): Promise<string>;
}

let platform: (() => Files | Promise<Files>) | undefined;

/** Says where files lie; the entry of each platform does. */
export function setFiles(load: () => Files | Promise<Files>): void {
  platform = load;
}

/**
 * Where this platform keeps files: the file system in Node; in a page the storage of its origin (OPFS), in which paths begin at
 * its root.
 *
 * ```ts
 * const stored = await files();
 * await stored.write("notes/today.txt", "a line\n");
 * console.log(await stored.list("notes")); // → [ 'today.txt' ]
 * await stored.remove("notes");
 * ```
 */
export async function files(): Promise<Files> {
  if (!platform) throw new DataError("[files] nobody said where files lie: import gradus itself, not one of its modules");
  return platform();
}

/** The content of a file. Throws DataError where it cannot be read. */
export async function readWhole(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const file = await (await files()).open(path);
  return file.read().finally(() => file.close());
}
