import { expect, test } from "vitest";
import { FormatError } from "../core/errors.js";
import { crc32 } from "./crc32.js";
import { readZip, writeZip } from "./zip.js";

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const bytesOf = (content: string): Uint8Array => new TextEncoder().encode(content);
const files = new Map([
  ["a/b.txt", bytesOf("hello hello hello hello")],
  ["empty", new Uint8Array()],
  ["π", bytesOf("π")],
]);

/** Sets a little-endian number of 2 or 4 bytes. */
function poke(bytes: Uint8Array, at: number, value: number, size: 2 | 4): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  if (size === 2) view.setUint16(at, value, true);
  else view.setUint32(at, value, true);
  return copy;
}

/** Where the n-th directory entry lies. */
function directoryEntry(bytes: Uint8Array, n = 0): number {
  let at = -1;
  for (let i = 0; i <= n; i++) at = Buffer.from(bytes).indexOf(Buffer.from("PK\x01\x02", "latin1"), at + 1);
  return at;
}

test("CRC-32 of the check string of its catalogue", () => {
  expect(crc32(bytesOf("123456789"))).toBe(0xcbf43926);
});

test.each([false, true])("gives back what was written, compressed: %s", async (compressed) => {
  const entries = readZip(await writeZip(files, { compressed }));
  expect([...entries.keys()]).toEqual([...files.keys()]);
  for (const [name, content] of files) expect(await entries.get(name)?.read()).toEqual(content);
});

test("a comment at the end, folders and 64-bit sizes are read", async () => {
  const plain = await writeZip(new Map([["folder/", new Uint8Array()], ["x", bytesOf("xyz")]]));
  const commented = new Uint8Array([...poke(plain, plain.length - 2, 5, 2), ...bytesOf("PK\x05\x06!")]);
  expect([...readZip(commented).keys()]).toEqual(["x"]);
  // The same with the sizes in an extra field of the directory, as for files of 4 GiB.
  const at = directoryEntry(plain, 1);
  const extra = Uint8Array.of(1, 0, 16, 0, 3, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0);
  let wide = poke(poke(poke(plain, at + 20, 0xffffffff, 4), at + 24, 0xffffffff, 4), at + 30, extra.length, 2);
  const end = plain.length - 22;
  wide = new Uint8Array([...wide.subarray(0, end), ...extra, ...wide.subarray(end)]);
  const size = new DataView(plain.buffer).getUint32(end + 12, true);
  expect(text(await readZip(poke(wide, wide.length - 10, size + extra.length, 4)).get("x")?.read())).toBe("xyz");
});

test.each(["../x", "a/../../x", "/etc/passwd", "C:/x", "..\\x", "a\0b", "./x", ""])("the name %j is refused", async (name) => {
  const placeholder = "n".repeat(name.length);
  const bytes = await writeZip(new Map([[placeholder || "n", new Uint8Array(3)]]));
  const at = directoryEntry(bytes);
  const named = bytes.slice();
  named.set(bytesOf(name), at + 46);
  if (name === "") named.set([0, 0], at + 28);
  expect(() => readZip(named)).toThrow(FormatError);
  await expect(writeZip(new Map([[name, new Uint8Array()]]))).rejects.toThrow(FormatError);
});

test("bombs are refused by what they announce", async () => {
  const bytes = await writeZip(new Map([["zeros", new Uint8Array(2e6)]]), { compressed: true });
  expect(bytes.length).toBeLessThan(3000);
  expect(() => readZip(bytes, { maxUnpackedBytes: 1e6 })).toThrow(/more than 1000000 bytes/);
  expect((await readZip(bytes).get("zeros")?.read())?.length).toBe(2e6);
  const at = directoryEntry(bytes);
  expect(() => readZip(poke(bytes, at + 24, 0xfffffffe, 4))).toThrow(/cannot give/);
});

test("bombs are refused by what comes out", async () => {
  const bytes = await writeZip(new Map([["zeros", new Uint8Array(2e6)]]), { compressed: true });
  const at = directoryEntry(bytes);
  await expect(readZip(poke(bytes, at + 24, 1000, 4)).get("zeros")?.read()).rejects.toThrow(/more than the 1000 bytes/);
  await expect(readZip(poke(bytes, at + 24, 2e6 + 1, 4)).get("zeros")?.read()).rejects.toThrow(FormatError);
});

test("entries that share their data are refused", async () => {
  const bytes = await writeZip(new Map([["a", bytesOf("12345")], ["b", bytesOf("12345")]]));
  expect(() => readZip(poke(bytes, directoryEntry(bytes, 1) + 42, 0, 4))).toThrow(/overlaps/);
});

test.each([
  ["a name that comes twice", (b: Uint8Array) => { b[directoryEntry(b, 1) + 46] = 0x61; return b; }, /twice/],
  ["encryption", (b: Uint8Array) => poke(b, directoryEntry(b) + 8, 1, 2), /encrypted/],
  ["another compression", (b: Uint8Array) => poke(b, directoryEntry(b) + 10, 12, 2), /method 12/],
  ["a place past the end", (b: Uint8Array) => poke(b, directoryEntry(b) + 42, 1e6, 4), /not where/],
  ["a directory past the end", (b: Uint8Array) => poke(b, b.length - 6, 1e6, 4), /passes the end/],
  ["more entries than there are", (b: Uint8Array) => poke(b, b.length - 12, 3, 2), /passes the end|fewer/],
  ["no end", (b: Uint8Array) => b.subarray(0, b.length - 1), /end record/],
  ["nothing", () => new Uint8Array(), /end record/],
])("%s is refused", async (_, change, message) => {
  const bytes = await writeZip(new Map([["a", bytesOf("12345")], ["b", bytesOf("12345")]]));
  const changed = change(bytes);
  expect(() => readZip(changed)).toThrow(FormatError);
  expect(() => readZip(changed)).toThrow(message);
});

test("a changed byte is noticed by the checksum", async () => {
  const bytes = await writeZip(new Map([["a", bytesOf("12345")]]));
  bytes[32] = 1;
  await expect(readZip(bytes).get("a")?.read()).rejects.toThrow(/checksum/);
});
