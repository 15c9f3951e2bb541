import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { DataError } from "../core/errors.js";
import { typeOf } from "./headers.js";
import { type Answer } from "./answer.js";

/** The studio's pages by their path in an address. What is not in this list cannot be asked for. */
export type Pages = ReadonlyMap<string, string>;

/** Finds the built pages in a folder. Throws DataError where there are none. */
export async function findPages(folder: string): Promise<Pages> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const pages = new Map<string, string>();
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    pages.set(`/${relative(folder, path).split(sep).join("/")}`, path);
  }
  const index = pages.get("/index.html");
  if (index === undefined) throw new DataError(`the studio's pages are not in ${folder}; in the package's folder, build them: npm run build`);
  return pages.set("/", index);
}

/** A page, or undefined for a path that names none. */
export async function readPage(pages: Pages, path: string): Promise<Answer | undefined> {
  const file = pages.get(path);
  if (file === undefined) return undefined;
  // A file in assets/ is named for its content.
  const headers = path.startsWith("/assets/") ? { "cache-control": "private, max-age=31536000, immutable" } : {};
  return { status: 200, headers: { "content-type": typeOf(file), ...headers }, body: await readFile(file) };
}
