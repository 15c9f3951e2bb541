import { dirname } from "node:path";
import { catalog, type DatasetEntry } from "../data/catalog.js";
import { findFiles, findPart, placesOf } from "../data/find-files.js";
import { exitCodes } from "./exit-codes.js";
import { oneOf } from "./one-of.js";
import { formatBytes } from "./progress-line.js";
import { hasColour, painter, writeText } from "./terminal.js";

/** A data set and whether it is at hand. */
interface ListedDataset {
  readonly name: string;
  readonly kind: DatasetEntry["kind"];
  readonly title: string;
  readonly source: string;
  readonly licence: string;
  /** Bytes of its files as published. */
  readonly bytes: number;
  readonly state: "here" | "part" | "built in" | "not here";
  /** The folder that holds its files. */
  readonly folder: string | null;
}

/** Carries out `gradus datasets` and gives its exit code. */
export async function listDatasets(names: readonly string[], given: { readonly dataDir?: string; readonly json?: true }): Promise<number> {
  const entries = Object.entries<DatasetEntry>(catalog);
  const wanted = names.map((name) => oneOf("data set", name, entries.map(([known]) => known)));
  const listed: ListedDataset[] = [];
  for (const [name, entry] of entries) if (wanted.length === 0 || wanted.includes(name)) listed.push(await look(name, entry, given.dataDir));
  if (given.json) process.stdout.write(`${JSON.stringify(listed, null, 2)}\n`);
  else writeText(process.stdout, format(listed).trimEnd());
  return exitCodes.done;
}

async function look(name: string, entry: DatasetEntry, dataDir: string | undefined): Promise<ListedDataset> {
  const { kind, title, home, licence, files } = entry;
  const known = { name, kind, title, source: home, licence, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
  if (files.length === 0) return { ...known, state: "built in", folder: null };
  const found = await findFiles(entry, placesOf(name, entry, dataDir));
  const folderOf = (paths: readonly string[]): string | null => (paths[0] === undefined ? null : dirname(paths[0]));
  if (found.missing.length === 0) return { ...known, state: "here", folder: folderOf(found.paths) };
  const part = await findPart(entry, dataDir);
  return part ? { ...known, state: "part", folder: folderOf(part) } : { ...known, state: "not here", folder: null };
}

function format(listed: readonly ListedDataset[]): string {
  const paint = painter(hasColour(process.stdout));
  const width = Math.max(...listed.map(({ name }) => name.length));
  const blocks = listed.map(({ name, kind, title, source, licence, bytes, state, folder }) => {
    const where = {
      here: paint("green", `here: ${folder ?? ""}`),
      part: paint("yellow", `a part is here: ${folder ?? ""}`),
      "built in": paint("green", "built in"),
      "not here": `not here; ${formatBytes(bytes)} are downloaded when it is first used`,
    }[state];
    return [
      `${paint("bold", name.padEnd(width))}  ${kind.padEnd(6)}  ${where}`,
      `  ${title}`,
      paint("dim", `  ${source}`),
      paint("dim", `  licence: ${licence}`),
    ].join("\n");
  });
  return `${blocks.join("\n\n")}\n`;
}
