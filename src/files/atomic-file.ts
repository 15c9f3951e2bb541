import { open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DataError } from "../core/errors.js";
import { removeAbandoned, temporaryName } from "../core/temporary-name.js";

/**
 * Writes a file so that at any moment, even after a crash, `path` holds either its old content or all of the new:
 * the data goes to a file beside it, is flushed to disk, and takes the name by a rename. The folder must exist; what writers
 * that were killed left there is removed. Throws DataError where the file cannot be written; nothing is left behind then.
 */
export async function writeFileAtomic(path: string, data: Uint8Array | string): Promise<void> {
  const folder = dirname(path);
  const beside = join(folder, temporaryName());
  try {
    const file = await open(beside, "wx");
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw new DataError(
      `cannot write ${path}: ${String(error)}. Is ${folder} a folder with free space that you may write to?`,
      { cause: error },
    );
  }
  await flushFolder(folder);
  removeAbandoned(folder);
}

/** Makes the rename itself last; where folders cannot be flushed (Windows), the file is whole all the same. */
async function flushFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    await handle.sync().finally(() => handle.close());
  } catch {
    return;
  }
}
