import { open, type FileHandle } from "node:fs/promises";
import { DataError } from "../core/errors.js";
import type { OpenFile } from "./files.js";

/** Node reads at most 2 GiB in one call. */
const maxPiece = 2 ** 30;

/** A file that is read in pieces. Errors of the system are thrown as DataError naming the file. */
export class RangeReader implements OpenFile {
  readonly path: string;
  readonly size: number;
  private readonly file: FileHandle;

  private constructor(path: string, size: number, file: FileHandle) {
    this.path = path;
    this.size = size;
    this.file = file;
  }

  static async open(path: string): Promise<RangeReader> {
    try {
      const file = await open(path, "r");
      const status = await file.stat();
      if (status.isFile()) return new RangeReader(path, status.size, file);
      await file.close();
    } catch (error) {
      throw new DataError(`cannot read ${path}: ${String(error)}.`, { cause: error });
    }
    throw new DataError(`cannot read ${path}: it is no file.`);
  }

  /** The bytes from `start` up to `end`, or up to the file's end. */
  async read(start = 0, end = this.size): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(Math.max(0, Math.min(end, this.size) - start));
    let filled = 0;
    while (filled < bytes.length) {
      const length = Math.min(maxPiece, bytes.length - filled);
      const { bytesRead } = await this.file.read(bytes, filled, length, start + filled).catch((error: unknown) => {
        throw new DataError(`cannot read ${this.path}: ${String(error)}.`, { cause: error });
      });
      if (bytesRead === 0) throw new DataError(`cannot read ${this.path}: it has become shorter.`);
      filled += bytesRead;
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}
