import { DataError, FormatError } from "../core/errors.js";
import { files } from "../files/files.js";
import type { CsvOptions } from "./csv.js";
import type { Table } from "./table.js";
import { unpackGzip } from "./unpack.js";

/** A larger text would not fit into one string. */
const largestText = 2 ** 29 - 24;

/**
 * The table in a CSV file, gzip-compressed or not, in UTF-8; columns get their kinds from what they hold, see `parseCsv`. Throws
 * DataError where it cannot be read, and what `parseCsv` throws.
 */
export async function loadCsv(path: string, options: CsvOptions = {}): Promise<Table> {
  const { parseCsv } = await import("./csv.js");
  return parseCsv(await loadText(path), { source: path, ...options });
}

/** The text of a file in UTF-8, gzip-compressed or not. Throws DataError where it cannot be read, FormatError for other bytes. */
export async function loadText(path: string): Promise<string> {
  const bytes = await unpackGzip(await readWhole(path), largestText, path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new FormatError(`${path}: holds bytes that are not UTF-8; save it in this encoding.`, { cause: error });
  }
}

async function readWhole(path: string): Promise<Uint8Array> {
  const file = await (await files()).open(path);
  try {
    if (file.size <= largestText) return await file.read();
  } finally {
    await file.close();
  }
  throw new DataError(`${path}: larger than ${largestText} bytes; split it.`);
}
