import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../core/errors.js";
import { writeFileAtomic } from "../files/atomic-file.js";
import type { Archive, DataFile } from "./catalog.js";
import { download, type DownloadOptions } from "./download.js";
import type { FileProgress } from "./file-progress.js";
import { isArchive, nameInUrl, unpackMembers } from "./unpack-archive.js";

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
    const name = nameInUrl(archive.url);
    const request = { urls: [archive.url], bytes: archive.bytes, sha256: archive.sha256, path: join(folder, name) };
    await download(request, following(name, archive.bytes, options), async (packed) => {
      for (const { name: member, bytes } of await unpackMembers(await readFile(packed), members, archive.url)) await writeFileAtomic(join(folder, member), bytes);
      await rm(packed, { force: true });
    });
  }
}

function following(file: string, bytes: number, { onProgress, ...options }: FetchOptions): DownloadOptions {
  return { ...options, onProgress: onProgress && ((received) => onProgress({ file, received, bytes })) };
}
