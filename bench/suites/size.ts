import { execFileSync } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { median } from "../measure.js";
import { isSelected, type BenchOptions } from "../options.js";
import { emptyRow, type Row } from "../row.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const starts = 9;

/** Milliseconds that a fresh process takes to import the built library, as it measures itself. */
function importTime(): number {
  const script = `const start = performance.now(); await import(${JSON.stringify(pathToFileURL(`${root}dist/node.js`))}); console.log(performance.now() - start)`;
  return Number(execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" }));
}

/** Milliseconds of a whole process of the command line. */
function helpTime(): number {
  const start = performance.now();
  execFileSync(process.execPath, [`${root}bin/gradus.js`, "--help"]);
  return performance.now() - start;
}

function medianTime(measure: () => number): number {
  measure();
  return median(Array.from({ length: starts }, measure));
}

interface BundleSize {
  /** The entry with everything that it imports at once. */
  readonly entry: number;
  /** With what it fetches to compute on wasm. */
  readonly running: number;
}

/** Kilobytes (1000 bytes) of a bundle for browsers as Vite makes it, minified and gzipped, without what the entry does not use. */
async function bundleSize(entry: string): Promise<BundleSize> {
  const made = await build({
    root,
    configFile: false,
    logLevel: "error",
    build: { write: false, target: "es2022", modulePreload: false, rolldownOptions: { input: `${root}${entry}`, preserveEntrySignatures: "allow-extension" } },
  });
  const files = (Array.isArray(made) ? made : [made]).flatMap((bundle) => ("output" in bundle ? bundle.output : []));
  const chunks = new Map(files.flatMap((file) => (file.type === "chunk" ? [[file.fileName, file]] : [])));
  const first = new Set<string>();
  const visit = (name: string): void => {
    if (first.has(name)) return;
    first.add(name);
    chunks.get(name)?.imports.forEach(visit);
  };
  for (const { fileName, isEntry } of chunks.values()) if (isEntry) visit(fileName);
  const kilobytes = (names: Iterable<string>): number =>
    [...names].reduce((sum, name) => sum + gzipSync(chunks.get(name)?.code ?? "", { level: 9 }).length, 0) / 1000;
  const entrySize = kilobytes(first);
  for (const { fileName, facadeModuleId } of chunks.values()) if (facadeModuleId === `${root}src/backends/wasm/wasm-browser.ts`) visit(fileName);
  return { entry: entrySize, running: kilobytes(first) };
}

/** How long the library takes to be there, and how large it is in a browser. */
export async function measureSize(options: BenchOptions, add: (row: Row) => void): Promise<void> {
  const selected = (name: string): boolean => isSelected(name, options);
  const row = (name: string, fields: Partial<Row>): Row => ({ ...emptyRow("size", name, options.device, 1), ...fields });
  const timed = [
    { name: "import", measure: importTime, limit: 80 },
    { name: "help", measure: helpTime, limit: 150 },
  ].filter(({ name }) => selected(name));
  if (timed.length > 0) execFileSync(process.execPath, [`${root}scripts/build.mjs`, "--noCheck"], { cwd: root });
  for (const { name, measure, limit } of timed) add(row(name, { oursMs: medianTime(measure), limit }));
  const bundles = [
    { name: "browser-entry", entry: "src/browser.ts", limits: { limit: 100 } },
    { name: "browser-mlp", entry: "bench/suites/mlp-example.ts", limits: { limit: 60 } },
    { name: "browser-example", entry: "examples/browser-vite/main.ts", limits: {}, whole: { limit: 100 } },
  ].filter(({ name }) => selected(name));
  for (const { name, entry, limits, whole } of bundles) {
    const size = await bundleSize(entry);
    add(row(name, { value: size.entry, unit: "kB", ...limits }));
    add(row(`${name}-wasm`, { value: size.running, unit: "kB", ...whole }));
  }
}
