import { DataError, FormatError } from "../core/errors.js";
import { sha256 } from "../core/sha256.js";
import type { Archive, DataFile } from "./catalog.js";
import type { NamedBytes } from "./read-images.js";
import { unpackGzip } from "./unpack.js";

/** Whether a file comes in an archive. */
export function isArchive(from: DataFile["from"]): from is Archive {
  return "url" in from;
}

/** What the file at an address is called. */
export function nameInUrl(url: string): string {
  return url.slice(url.lastIndexOf("/") + 1);
}

/**
 * The members of a gzip-compressed tar archive, found by name in whatever folder of it. Throws FormatError for a damaged archive or
 * one without them, DataError where a member is another than that of the catalog.
 */
export async function unpackMembers(packed: Uint8Array, members: readonly DataFile[], source: string): Promise<NamedBytes[]> {
  const { parseTar } = await import("nanotar");
  const wanted = members.reduce((sum, member) => sum + member.bytes, 0);
  // Besides the members: their headers, and small files such as descriptions.
  const entries = parseTar(await unpackGzip(packed, 2 * wanted + 2 ** 20, source));
  return Promise.all(
    members.map(async ({ name, sha256: expected }) => {
      const bytes = entries.find((entry) => nameInUrl(entry.name) === name)?.data;
      if (!bytes) throw new FormatError(`${source}: holds no file ${name}.`);
      const sum = await sha256(bytes);
      if (sum !== expected) throw new DataError(`${source}: its ${name} has the SHA-256 ${sum} instead of ${expected}.`);
      return { name, bytes };
    }),
  );
}
