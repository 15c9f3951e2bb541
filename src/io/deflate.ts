import { FormatError } from "../core/errors.js";
import { crc32 } from "./crc32.js";

// The platform compresses gzip streams everywhere; bare deflate, as zip files hold it, only in newer versions. A gzip stream is
// a header, deflated data, and a trailer of checksum and size.
const gzipHeader = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
const trailerBytes = 8;

/**
 * Unpacks deflated data (RFC 1951) to exactly `size` bytes of the given checksum; `size` is what will be allocated. Throws
 * FormatError, at once when more comes out.
 */
export async function inflate(what: string, packed: Uint8Array, size: number, checksum: number): Promise<Uint8Array> {
  const trailer = new Uint8Array(trailerBytes);
  const view = new DataView(trailer.buffer);
  view.setUint32(0, checksum, true);
  view.setUint32(4, size % 2 ** 32, true);
  const unpacked = new Uint8Array(size);
  let filled = 0;
  try {
    for await (const chunk of transformed(new DecompressionStream("gzip"), [gzipHeader, packed, trailer])) {
      if (filled + chunk.length > size) throw new FormatError(`${what} unpacks to more than the ${size} bytes it announces.`);
      unpacked.set(chunk, filled);
      filled += chunk.length;
    }
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError(`${what} holds damaged deflated data (${String(error)}).`, { cause: error });
  }
  if (filled !== size || crc32(unpacked) !== checksum) throw new FormatError(`${what} does not unpack to what it announces; the file is damaged.`);
  return unpacked;
}

/** Packs data as RFC 1951 describes. */
export async function deflate(data: Uint8Array): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of transformed(new CompressionStream("gzip"), [data])) {
    chunks.push(chunk);
    length += chunk.length;
  }
  const stream = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    stream.set(chunk, at);
    at += chunk.length;
  }
  return stream.slice(gzipHeader.length, length - trailerBytes);
}

/** What comes out of a stream of bytes as the parts go in; leaving early stops it. */
async function* transformed(stream: CompressionStream | DecompressionStream, parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  const writer = stream.writable.getWriter();
  const reader: ReadableStreamDefaultReader<Uint8Array> = stream.readable.getReader();
  const write = async (): Promise<void> => {
    for (const part of parts) await writer.write(part as Uint8Array<ArrayBuffer>);
    await writer.close();
  };
  // A fault shows on the reading side too; there it is told.
  write().catch(() => undefined);
  writer.closed.catch(() => undefined);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
    await writer.abort().catch(() => undefined);
  }
}
