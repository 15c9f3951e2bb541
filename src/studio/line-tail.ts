import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";

/** Whole lines that a file got. */
export interface NewLines {
  readonly kind: "lines";
  /** Bytes of the file before and after them. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** The file is another one, or was cut: reading begins anew. */
export interface Reset {
  readonly kind: "reset";
}

/** Bytes that are read at once, so that others have their turn in between. */
const pieceBytes = 1 << 20;
/** What was read last is compared with what is there now: a file that was written anew begins differently. */
const guardBytes = 64;

/** Reads the lines that are appended to a file, each once. The file need not be there yet; one that is a link is never read. */
export class LineTail {
  readonly #path: string;
  #offset: number;
  #guard: Buffer | undefined;

  /** `offset` is where lines begin that were not read yet. */
  constructor(path: string, offset = 0) {
    this.#path = path;
    this.#offset = offset;
  }

  /** Bytes that were read. */
  get offset(): number {
    return this.#offset;
  }

  /** The next lines, at most a megabyte of them; undefined where there are none now. */
  async next(): Promise<NewLines | Reset | undefined> {
    const file = await openPlainFile(this.#path);
    if (!file) return this.#offset > 0 ? this.#reset() : undefined;
    try {
      return await this.#read(file);
    } finally {
      await file.close();
    }
  }

  async #read(file: FileHandle): Promise<NewLines | Reset | undefined> {
    const { size } = await file.stat();
    if (size < this.#offset) return this.#reset();
    const before = Math.min(this.#offset, guardBytes);
    const buffer = Buffer.alloc(Math.min(size - this.#offset, pieceBytes) + before);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#offset - before);
    const guard = buffer.subarray(0, before);
    if (before > 0 && (guard.at(-1) !== newline || (this.#guard && !guard.equals(this.#guard)))) return this.#reset();
    this.#guard ??= Buffer.from(guard);
    const fresh = buffer.subarray(before, bytesRead);
    const end = fresh.lastIndexOf(newline) + 1;
    if (end === 0) return undefined;
    const from = this.#offset;
    this.#offset += end;
    this.#guard = Buffer.from(buffer.subarray(Math.max(0, before + end - guardBytes), before + end));
    return { kind: "lines", from, to: this.#offset, text: fresh.toString("utf8", 0, end) };
  }

  #reset(): Reset {
    this.#offset = 0;
    this.#guard = undefined;
    return { kind: "reset" };
  }
}

const newline = 10;

/** Opens a file for reading; undefined for what is none, or a link. */
export async function openPlainFile(path: string): Promise<FileHandle | undefined> {
  // Windows has no such flags. A pipe would keep its opener waiting for a writer.
  const { O_NOFOLLOW = 0, O_NONBLOCK = 0 }: Partial<typeof constants> = constants;
  const file = await open(path, constants.O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(() => undefined);
  if (!file) return undefined;
  if ((await file.stat()).isFile()) return file;
  await file.close();
  return undefined;
}

/** A file's bytes; undefined where there is none, or a link. */
export async function readPlainFile(path: string): Promise<Buffer | undefined> {
  const file = await openPlainFile(path);
  return file?.readFile().finally(() => file.close());
}

/** The last whole lines of a file, in at most so many bytes. */
export async function readLastLines(path: string, bytes: number): Promise<string> {
  const file = await openPlainFile(path);
  if (!file) return "";
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - bytes);
    const buffer = Buffer.alloc(size - from);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
    const text = buffer.toString("utf8", 0, bytesRead);
    return from === 0 ? text : text.slice(text.indexOf("\n") + 1);
  } finally {
    await file.close();
  }
}
