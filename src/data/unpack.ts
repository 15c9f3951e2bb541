import { FormatError } from "../core/errors.js";

/**
 * The content of gzip-compressed bytes (RFC 1952), and other bytes as they are: by content, not by name, since browsers often
 * unpack a download and keep its ".gz". Throws FormatError for damaged data and, at once, where more than `limit` bytes come out.
 */
export async function unpackGzip(bytes: Uint8Array, limit: number, source: string): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    const packed = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
    const reader = packed.pipeThrough(new DecompressionStream("gzip")).getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      length += read.value.length;
      if (length > limit) {
        await reader.cancel();
        throw new FormatError(`${source}: larger than ${limit} bytes unpacked, more than it can hold.`);
      }
      chunks.push(read.value);
    }
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError(`${source}: damaged gzip data (${String(error)}); fetch the file again.`, { cause: error });
  }
  const unpacked = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    unpacked.set(chunk, at);
    at += chunk.length;
  }
  return unpacked;
}
