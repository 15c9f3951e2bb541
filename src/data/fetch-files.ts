import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { DataError, FormatError } from "../core/errors.js";
import type { Archive, DataFile } from "./catalog.js";
import { claimPart, releasePart } from "./download-part.js";
import { download, type DownloadOptions } from "./download.js";
import { unpackGzip } from "./unpack.js";

/** How far the download of one file is. */
export interface FileProgress {
  readonly file: string;
  readonly received: number;
  readonly bytes: number;
}

export interface FetchOptions extends Omit<DownloadOptions, "onProgress"> {
  readonly onProgress?: ((progress: FileProgress) => void) | undefined;
}

/**
 * Downloads these files into a folder, which is made if need be; archives are unpacked, and only the wanted files kept. At any
 * moment each file is there as published, or not there. Throws DataError.
 */
export async function fetchFiles(files: readonly DataFile[], folder: string, options: FetchOptions = {}): Promise<void> {
  try {
    // Closed to others, as the compiled kernels beside it must be.
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new DataError(`cannot make the folder ${folder}: ${String(error)}`, { cause: error });
  }
  const archives = new Map<string, { readonly archive: Archive; readonly members: DataFile[] }>();
  for (const file of files) {
    if (isArchive(file.from)) {
      const known = archives.get(file.from.url);
      if (known) known.members.push(file);
      else archives.set(file.from.url, { archive: file.from, members: [file] });
    } else {
      const request = { urls: file.from, bytes: file.bytes, sha256: file.sha256, path: join(folder, file.name) };
      await download(request, following(file.name, file.bytes, options));
    }
  }
  for (const { archive, members } of archives.values()) {
    const name = archive.url.slice(archive.url.lastIndexOf("/") + 1);
    const request = { urls: [archive.url], bytes: archive.bytes, sha256: archive.sha256, path: join(folder, name) };
    await download(request, following(name, archive.bytes, options), async (packed) => {
      await unpackMembers(await readFile(packed), members, folder, archive.url);
      await rm(packed, { force: true });
    });
  }
}

function isArchive(from: DataFile["from"]): from is Archive {
  return "url" in from;
}

function following(file: string, bytes: number, { onProgress, ...options }: FetchOptions): DownloadOptions {
  return { ...options, onProgress: onProgress && ((received) => onProgress({ file, received, bytes })) };
}

async function unpackMembers(
  packed: Uint8Array,
  members: readonly DataFile[],
  folder: string,
  source: string,
): Promise<void> {
  const { parseTar } = await import("nanotar");
  const wanted = members.reduce((sum, member) => sum + member.bytes, 0);
  // Besides the members: their headers, and small files such as descriptions.
  const archive = await unpackGzip(packed, 2 * wanted + 2 ** 20, source);
  const entries = parseTar(archive);
  for (const member of members) {
    const data = entries.find((entry) => entry.name.slice(entry.name.lastIndexOf("/") + 1) === member.name)?.data;
    if (!data) throw new FormatError(`${source}: holds no file ${member.name}.`);
    const sum = createHash("sha256").update(data).digest("hex");
    if (sum !== member.sha256) {
      throw new DataError(`${source}: its ${member.name} has the SHA-256 ${sum} instead of ${member.sha256}.`);
    }
    await writeWhole(join(folder, member.name), data);
  }
}

/** Writes a file that at any moment is whole or not there. */
async function writeWhole(path: string, data: Uint8Array): Promise<void> {
  const part = await claimPart(path);
  try {
    const file = await open(part, "w");
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (error) {
    throw new DataError(`cannot write ${path}: ${String(error)}`, { cause: error });
  } finally {
    await releasePart(part);
  }
}
