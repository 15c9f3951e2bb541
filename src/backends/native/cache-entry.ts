import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryName } from "../../core/temporary-name.js";

/**
 * The content of a file of the cache; undefined where there is none that may be trusted: a symbolic link, another user's
 * file, and one that others may write.
 */
export function readEntry(folder: string, name: string): Buffer | undefined {
  let file: number | undefined;
  try {
    file = openSync(join(folder, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const status = fstatSync(file);
    if (!status.isFile() || status.uid !== process.getuid?.() || (status.mode & 0o022) !== 0) return undefined;
    return readFileSync(file);
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Writes an entry so that at any moment it is the old one, the new one or not there. Throws what the file system throws. */
export function writeEntry(folder: string, name: string, content: string): void {
  const beside = join(folder, temporaryName());
  try {
    writeFileSync(beside, content, { mode: 0o600, flag: "wx" });
    placeEntry(beside, folder, name);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/** Gives a file of the cache folder its name, in place of whatever has it. */
export function placeEntry(file: string, folder: string, name: string): void {
  const place = join(folder, name);
  try {
    renameSync(file, place);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EISDIR") throw error;
    rmSync(place, { recursive: true, force: true });
    renameSync(file, place);
  }
}

/** Characters of a SHA-256. */
const sumLength = 64;

/** The text of an entry that `writeSummed` wrote; undefined where there is none, or not all of it as it was. */
export function readSummed(folder: string, name: string): string | undefined {
  const content = readEntry(folder, name);
  const text = content?.subarray(sumLength + 1);
  return text && content?.toString("latin1", 0, sumLength) === sha256(text) ? text.toString("utf8") : undefined;
}

/** Writes an entry with its SHA-256. One that cannot be written is not kept, as a full disk is no reason to stop. */
export function writeSummed(folder: string, name: string, text: string): void {
  try {
    writeEntry(folder, name, `${sha256(text)}\n${text}`);
  } catch {
    // What it holds is made anew where it is needed.
  }
}

export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
