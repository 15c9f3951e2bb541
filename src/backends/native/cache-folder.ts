import { accessSync, constants, lstatSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheRoot } from "../../core/cache-root.js";
import { removeAbandoned, temporaryName } from "../../core/temporary-name.js";

/**
 * The folder of compiled kernels, the user's cache folder. Code is loaded from it, so it must be the user's own, closed to
 * others and no link; otherwise one line warns and a private temporary folder is used. What killed processes left is removed.
 */
export function openCacheFolder(): string {
  const folder = cacheRoot();
  const problem = refuse(folder);
  removeAbandoned(problem === undefined ? folder : tmpdir());
  if (problem === undefined) return folder;
  const temporary = join(tmpdir(), `gradus${temporaryName()}`);
  mkdirSync(temporary, { mode: 0o700 });
  process.once("exit", () => rmSync(temporary, { recursive: true, force: true }));
  console.warn(`gradus: ${folder} is not used as the compile cache (${problem}): kernels are compiled anew in each run`);
  return temporary;
}

function refuse(folder: string): string | undefined {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const status = lstatSync(folder);
    if (status.isSymbolicLink()) return "it is a symbolic link: set GRADUS_CACHE to the folder that it leads to";
    if (status.uid !== process.getuid?.()) return "it belongs to another user";
    if ((status.mode & 0o077) !== 0) return `its mode is ${(status.mode & 0o777).toString(8)} and should be 700`;
    accessSync(folder, constants.W_OK);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
