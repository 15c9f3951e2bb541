import { FormatError } from "../core/errors.js";
import type { FileArray } from "./file-array.js";
import { decodeNpy, encodeNpy } from "./npy.js";
import type { UnpackOptions, ZipEntry } from "./zip.js";

/**
 * The arrays of a .npz file by name, stored or deflated. Throws FormatError for damaged files and for what would unpack to more
 * than `maxUnpackedBytes`, DTypeError for elements that are no numbers.
 */
export async function decodeNpz(bytes: Uint8Array, options: UnpackOptions = {}): Promise<Map<string, FileArray>> {
  const { readZip } = await import("./zip.js");
  return npzArrays(readZip(bytes, options));
}

/** The same from an archive whose directory has been read. */
export async function npzArrays(entries: ReadonlyMap<string, ZipEntry>): Promise<Map<string, FileArray>> {
  const arrays = new Map<string, FileArray>();
  for (const [file, entry] of entries) {
    if (!file.endsWith(".npy")) throw new FormatError(`npz: "${file}" is no .npy file; this is another kind of archive.`);
    arrays.set(file.slice(0, -4), decodeNpy(await entry.read()));
  }
  return arrays;
}

/** A .npz file as numpy.savez writes it, or as numpy.savez_compressed does. Throws as `encodeNpy`, and FormatError for 4 GiB. */
export async function encodeNpz(arrays: ReadonlyMap<string, FileArray>, options: { readonly compressed?: boolean } = {}): Promise<Uint8Array> {
  const { writeZip } = await import("./zip.js");
  return writeZip(new Map([...arrays].map(([name, array]) => [`${name}.npy`, encodeNpy(array)])), options);
}
