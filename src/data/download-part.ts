import { randomUUID } from "node:crypto";
import { readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isAbandoned, machine } from "../core/temporary-name.js";

/** Parts of downloads that are running in this process. */
const running = new Set<string>();

/**
 * A file beside `path` that only this download writes to: what a dead process left of the same download, for it to be gone on
 * with, or an empty one. The name tells machine and process, so that others see whether its owner is alive.
 */
export async function claimPart(path: string): Promise<string> {
  const folder = dirname(path);
  const prefix = `.${basename(path)}.`;
  const own = join(folder, `${prefix}${machine()}.${process.pid}.${randomUUID().slice(0, 8)}.part`);
  running.add(own);
  const left: { readonly file: string; readonly size: number }[] = [];
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix) || !name.endsWith(".part")) continue;
    const file = join(folder, name);
    const status = await stat(file).catch(() => undefined);
    if (status && isLeft(file, name.slice(prefix.length), status.mtimeMs)) left.push({ file, size: status.size });
  }
  left.sort((a, b) => b.size - a.size);
  let claimed = false;
  for (const { file } of left) {
    // Of several who claim it, one succeeds: to the others it is gone.
    if (claimed) await rm(file, { force: true });
    else claimed = await rename(file, own).then(() => true, () => false);
  }
  if (!claimed) await writeFile(own, "");
  return own;
}

/** Lets the part be claimed by a later download, here or elsewhere. */
export async function releasePart(part: string): Promise<void> {
  running.delete(part);
  const status = await stat(part).catch(() => undefined);
  if (status?.size === 0) await rm(part, { force: true });
}

function isLeft(file: string, owner: string, changedMs: number): boolean {
  const [host = "", pid = ""] = owner.split(".");
  if (host === machine() && Number(pid) === process.pid) return !running.has(file);
  return isAbandoned(host, Number(pid), changedMs);
}
