import { ArgumentError, DataError } from "../core/errors.js";
import { sha256 } from "../core/sha256.js";
import { files, readWhole } from "../files/files.js";
import { catalog, type Archive, type DatasetEntry, type DatasetName } from "./catalog.js";
import type { FileProgress } from "./file-progress.js";
import { readDataset, spellings, type DatasetOf } from "./read-dataset.js";
import type { NamedBytes } from "./read-images.js";
import { isArchive, nameInUrl, unpackMembers } from "./unpack-archive.js";

export interface PageDatasetOptions {
  /** The data set's files, or the archive that holds them, as the user picked or dropped them. */
  readonly files?: Iterable<Blob & { readonly name: string }> | undefined;
  /** False: what is not in the page's storage is not fetched; true if not given. */
  readonly download?: boolean | undefined;
  /** Told of each piece that comes. */
  readonly onProgress?: ((progress: FileProgress) => void) | undefined;
}

/** Something to fetch: a file of the catalog, or the archive of several. */
interface Request {
  readonly name: string;
  readonly urls: readonly string[];
  readonly bytes: number;
  readonly sha256: string;
}

/** See `loadDataset` of the browser's entry. */
export async function loadPageDataset<N extends DatasetName>(name: N, options: PageDatasetOptions = {}): Promise<DatasetOf<N>> {
  if (!Object.hasOwn(catalog, name)) throw new ArgumentError(`no data set "${name}"; there are ${Object.keys(catalog).join(", ")}`);
  const entry: DatasetEntry = catalog[name];
  const folder = `data/${name}`;
  const { files: given, download = true, onProgress } = options;
  if (given) {
    const named = await Promise.all([...given].map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })));
    const members = await openArchives(entry, named);
    const dataset = await readDataset(name, members);
    await keep(folder, members);
    return dataset;
  }
  const stored = await storedFiles(entry, folder);
  if (stored) return readDataset(name, stored);
  if (!download) throw new DataError(`${name}: its files are not in the page's storage, and downloads are switched off. ${remedy(name, entry)}`);
  const fetched: NamedBytes[] = [];
  for (const request of requestsOf(entry)) {
    const bytes = await fetchBytes(request, onProgress).catch((error: unknown) => {
      throw new DataError(`${name}: ${request.name} could not be fetched:\n${error instanceof Error ? error.message : String(error)}\n${remedy(name, entry)}`, { cause: error });
    });
    fetched.push({ name: request.name, bytes });
  }
  const members = await openArchives(entry, fetched);
  await keep(folder, members);
  return readDataset(name, members);
}

function remedy(name: string, entry: DatasetEntry): string {
  const addresses = requestsOf(entry).map(({ urls }) => `  ${urls.join(" or ")}`);
  return `Download what is at\n${addresses.join("\n")}\nand let the user pick it: loadDataset("${name}", { files: input.files }). The data set digits needs no download.`;
}

function requestsOf(entry: DatasetEntry): Request[] {
  const requests = new Map<string, Request>();
  for (const { name, from, bytes, sha256: sum } of entry.files) {
    if (!isArchive(from)) requests.set(name, { name, urls: from, bytes, sha256: sum });
    else requests.set(from.url, { name: nameInUrl(from.url), urls: [from.url], bytes: from.bytes, sha256: from.sha256 });
  }
  return [...requests.values()];
}

/** The files as they are, with the members of archives in the place of these. */
async function openArchives(entry: DatasetEntry, named: readonly NamedBytes[]): Promise<NamedBytes[]> {
  const opened = named.map(async (file) => {
    const of = (from: Archive | readonly string[]): boolean => isArchive(from) && nameInUrl(from.url) === file.name;
    const members = entry.files.filter(({ from }) => of(from));
    return members.length > 0 ? unpackMembers(file.bytes, members, file.name) : [file];
  });
  return (await Promise.all(opened)).flat();
}

/** All files of a data set, where they are kept; undefined where one is missing. */
async function storedFiles(entry: DatasetEntry, folder: string): Promise<NamedBytes[] | undefined> {
  if (entry.files.length === 0) return [];
  const names = (await (await files()).list(folder).catch(() => undefined)) ?? [];
  const found = entry.files.map((file) => spellings(file.name).find((name) => names.includes(name)));
  if (found.some((name) => name === undefined)) return undefined;
  return Promise.all(found.map(async (name = "") => ({ name, bytes: await readWhole(`${folder}/${name}`) })));
}

/** For the next time: where the storage is full or refused, the data are there all the same. */
async function keep(folder: string, named: readonly NamedBytes[]): Promise<void> {
  try {
    for (const { name, bytes } of named) await (await files()).write(`${folder}/${name}`, bytes);
  } catch (error) {
    console.warn(`gradus: the data set is not kept for the next time: ${String(error)}`);
  }
}

/** The bytes at the first address that gives the expected ones. Throws DataError with what went wrong at each. */
async function fetchBytes(request: Request, onProgress: PageDatasetOptions["onProgress"]): Promise<Uint8Array> {
  const faults: string[] = [];
  for (const url of request.urls) {
    const result = await fetchFrom(url, request, onProgress).catch((error: unknown) => {
      // A page is not told why.
      return `${String(error)}: the page is offline, or that server lets no page of another origin read it (CORS)`;
    });
    if (typeof result !== "string") return result;
    faults.push(`  ${url}: ${result}`);
  }
  throw new DataError(faults.join("\n"));
}

async function fetchFrom(url: string, { name, bytes: size, sha256: expected }: Request, onProgress: PageDatasetOptions["onProgress"]): Promise<Uint8Array | string> {
  const response = await fetch(url);
  if (!response.ok || !response.body) return `answers ${response.status} ${response.statusText}`.trimEnd();
  const bytes = new Uint8Array(size);
  let received = 0;
  const reader = response.body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    if (received + read.value.length > size) {
      await reader.cancel();
      return `sends more than the ${size} bytes that were expected`;
    }
    bytes.set(read.value, received);
    received += read.value.length;
    onProgress?.({ file: name, received, bytes: size });
  }
  if (received < size) return `sends ${received} bytes, and ${size} were expected`;
  const sum = await sha256(bytes);
  return sum === expected ? bytes : `sends other bytes: their SHA-256 is ${sum}, and ${expected} was expected`;
}
