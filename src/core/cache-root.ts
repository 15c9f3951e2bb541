import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The user's cache folder of Gradus: `GRADUS_CACHE`, or `gradus` in `XDG_CACHE_HOME` or ~/.cache. It may not exist yet. */
export function cacheRoot(): string {
  const given = process.env["GRADUS_CACHE"];
  return given ? resolve(given) : join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "gradus");
}
