import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ArgumentError } from "../core/errors.js";
import { cacheRoot } from "../core/cache-root.js";
import { catalog } from "../data/catalog.js";
import { keptIn } from "../data/find-files.js";
import { exitCodes } from "./exit-codes.js";
import { oneOf } from "./one-of.js";
import { formatBytes, formatCount } from "./progress-line.js";

/** What the user's cache folder holds. */
export interface CacheContent {
  readonly folder: string;
  readonly kernels: { readonly files: number; readonly bytes: number };
  readonly data: { readonly files: number; readonly bytes: number };
}

/** Names that compiled kernels, programs, the compiler's description, kernels that it rejected and measured tiles have; anything else in the folder is not ours. */
const kernelName = /^(?:toolchain-|rejected-|tiles-)?[0-9a-f]{40,64}(?:\.[\w.-]+)?$/;

/** Carries out `gradus cache` and gives its exit code. */
export async function cache(action: string | undefined, given: { readonly data?: true; readonly json?: true }): Promise<number> {
  if (action !== undefined) oneOf("cache", action, ["clear"]);
  else if (given.data) throw new ArgumentError("--data goes with clear, as in: gradus cache clear --data");
  const before = await readCache();
  if (action !== undefined) await clearCache(before.folder, given.data === true);
  const after = action === undefined ? before : await readCache();
  if (given.json) process.stdout.write(`${JSON.stringify(after, null, 2)}\n`);
  else if (action === undefined) process.stdout.write(`${formatCache(after).join("\n")}\n`);
  else {
    const bytes = before.kernels.bytes + before.data.bytes - after.kernels.bytes - after.data.bytes;
    process.stdout.write(`Removed ${formatBytes(bytes)} from ${after.folder}\n`);
  }
  return exitCodes.done;
}

/** Measures the user's cache folder. */
export async function readCache(): Promise<CacheContent> {
  const folder = cacheRoot();
  const kernels = (await entriesOf(folder)).filter((name) => kernelName.test(name)).map((name) => join(folder, name));
  const data: string[] = [];
  for (const name of Object.keys(catalog)) {
    const kept = keptIn(name);
    data.push(...(await entriesOf(kept)).map((file) => join(kept, file)));
  }
  return { folder, kernels: await sizeOf(kernels), data: await sizeOf(data) };
}

/** What `gradus cache` and `gradus doctor` say about it. */
export function formatCache({ folder, kernels, data }: CacheContent): string[] {
  return [
    folder,
    `  compiled kernels  ${formatBytes(kernels.bytes).padStart(9)} in ${formatCount(kernels.files)} files`,
    `  data sets         ${formatBytes(data.bytes).padStart(9)} in ${formatCount(data.files)} files`,
  ];
}

/** Removes only what has the names of kernels and of known data sets: the folder may be one that holds other things. */
async function clearCache(folder: string, withData: boolean): Promise<void> {
  for (const name of await entriesOf(folder)) if (kernelName.test(name)) await rm(join(folder, name), { recursive: true, force: true });
  if (withData) for (const name of Object.keys(catalog)) await rm(keptIn(name), { recursive: true, force: true });
}

async function entriesOf(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

async function sizeOf(paths: readonly string[]): Promise<{ files: number; bytes: number }> {
  let [files, bytes] = [0, 0];
  for (const path of paths) {
    const status = await stat(path).catch(() => undefined);
    if (!status?.isFile()) continue;
    files++;
    bytes += status.size;
  }
  return { files, bytes };
}
