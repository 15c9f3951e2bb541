import fc from "fast-check";
import { expect, test } from "vitest";
import { FormatError } from "../core/errors.js";
import { decodeSafetensors, encodeSafetensors, safetensorsItemBytes } from "./safetensors.js";
import type { SafetensorsDType, SafetensorsTensor } from "./safetensors.js";

/** A file from its parts, built without the encoder. */
function file(header: string | Uint8Array, dataBytes = 0, headerBytes?: bigint): Uint8Array {
  const json = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, headerBytes ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

function entry(dtype: string, shape: unknown, offsets: unknown): string {
  return JSON.stringify({ dtype, shape, data_offsets: offsets });
}

const dtypes = Object.keys(safetensorsItemBytes) as SafetensorsDType[];

const anyTensor = fc
  .tuple(fc.constantFrom(...dtypes), fc.array(fc.nat(4), { maxLength: 3 }))
  .chain(([dtype, shape]) => {
    const length = shape.reduce((product, n) => product * n, safetensorsItemBytes[dtype]);
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((data): SafetensorsTensor => ({ dtype, shape, data }));
  });
const anyName = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("__proto__", "constructor", "0", "10", 'fc1."weight"\n', "π", ""),
);
const anyTensors = fc.array(fc.tuple(anyName, anyTensor), { maxLength: 6 }).map((pairs) => new Map(pairs));
const anyMetadata = fc.array(fc.tuple(anyName, anyName), { maxLength: 3 }).map((pairs) => new Map(pairs));

test("reads a file as the specification describes it", () => {
  const header =
    `{"__metadata__":{"format":"pt"},"b":${entry("F32", [2], [2, 10])},` +
    `"a":${entry("F16", [], [0, 2])},"none":${entry("I64", [0, 3], [10, 10])}}   `;
  const bytes = file(header, 10);
  bytes.set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], bytes.length - 10);
  const { tensors, metadata } = decodeSafetensors(bytes);
  expect([...metadata]).toEqual([["format", "pt"]]);
  expect([...tensors.keys()].sort()).toEqual(["a", "b", "none"]);
  expect(tensors.get("a")).toEqual({ dtype: "F16", shape: [], data: Uint8Array.of(1, 2) });
  expect(tensors.get("b")).toEqual({ dtype: "F32", shape: [2], data: Uint8Array.of(3, 4, 5, 6, 7, 8, 9, 10) });
  expect(tensors.get("none")).toEqual({ dtype: "I64", shape: [0, 3], data: new Uint8Array() });
});

test("writes length, header padded to 8 bytes, then the data with the widest elements first", () => {
  const tensors = new Map<string, SafetensorsTensor>([
    ["flag", { dtype: "BOOL", shape: [3], data: Uint8Array.of(1, 0, 1) }],
    ["x", { dtype: "F32", shape: [1, 1], data: Uint8Array.of(0, 0, 128, 63) }],
  ]);
  const bytes = encodeSafetensors(tensors, new Map([["epoch", "3"]]));
  const json =
    '{"__metadata__":{"epoch":"3"},"x":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},' +
    '"flag":{"dtype":"BOOL","shape":[3],"data_offsets":[4,7]}}';
  const headerBytes = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  expect(headerBytes % 8).toBe(0);
  expect(new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes))).toBe(json.padEnd(headerBytes, " "));
  expect(headerBytes - json.length).toBeLessThan(8);
  expect(Array.from(bytes.subarray(8 + headerBytes))).toEqual([0, 0, 128, 63, 1, 0, 1]);
});

test("decoding gives back what was encoded, each tensor aligned to its element", () => {
  fc.assert(
    fc.property(anyTensors, anyMetadata, (tensors, metadata) => {
      const bytes = encodeSafetensors(tensors, metadata);
      const decoded = decodeSafetensors(bytes);
      expect(decoded.metadata).toEqual(metadata);
      expect(new Map([...decoded.tensors].sort())).toEqual(new Map([...tensors].sort()));
      for (const { dtype, data } of decoded.tensors.values()) {
        expect(data.buffer).toBe(bytes.buffer);
        expect(data.byteOffset % safetensorsItemBytes[dtype]).toBe(0);
      }
    }),
  );
});

test("every truncation of a file, and every file with a byte more, is a FormatError", () => {
  fc.assert(
    fc.property(anyTensors, fc.nat(), (tensors, cut) => {
      const bytes = encodeSafetensors(tensors);
      expect(() => decodeSafetensors(bytes.subarray(0, cut % bytes.length))).toThrow(FormatError);
      const longer = new Uint8Array(bytes.length + 1);
      longer.set(bytes);
      expect(() => decodeSafetensors(longer)).toThrow(FormatError);
    }),
  );
});

test("a damaged file gives consistent tensors or a FormatError, nothing else", () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(anyTensors, damage, (tensors, changes) => {
      const bytes = encodeSafetensors(tensors);
      for (const [where, byte] of changes) bytes[where % bytes.length] = byte;
      requireSound(bytes);
    }),
    { numRuns: 1000 },
  );
});

test("any JSON as a header gives consistent tensors or a FormatError, nothing else", () => {
  const size = fc.oneof(fc.nat(20), fc.constantFrom(-1, -0, 0.5, 2 ** 31, 2 ** 53, 1e300, "4", null));
  const info = fc.record(
    {
      dtype: fc.constantFrom("F32", "BOOL", "F99", "toString", 5),
      shape: fc.oneof(fc.array(size, { maxLength: 4 }), fc.jsonValue()),
      data_offsets: fc.oneof(fc.array(size, { maxLength: 3 }), fc.jsonValue()),
    },
    { requiredKeys: [] },
  );
  const header = fc.dictionary(fc.oneof(fc.string(), fc.constant("__metadata__")), fc.oneof(info, fc.jsonValue()));
  fc.assert(
    fc.property(fc.oneof(header, fc.jsonValue()), fc.nat(24), (value, dataBytes) => {
      requireSound(file(JSON.stringify(value), dataBytes));
    }),
    { numRuns: 1000 },
  );
});

function requireSound(bytes: Uint8Array): void {
  try {
    let total = 0;
    for (const { dtype, shape, data } of decodeSafetensors(bytes).tensors.values()) {
      expect(data.length).toBe(shape.reduce((product, n) => product * n, safetensorsItemBytes[dtype]));
      total += data.length;
    }
    expect(total).toBeLessThan(bytes.length);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
  }
}

test.each([
  ["nothing", new Uint8Array(), /0 bytes/],
  ["half a length", new Uint8Array(7), /7 bytes/],
  ["a header past the end", file("{}", 0, 3n), /truncated/],
  ["a header of 2^63 bytes", file("{}", 0, 2n ** 63n), /another format/],
  ["no header", file(""), /does not begin with/],
  ["an array", file("[]"), /does not begin with/],
  ["space before the header", file(" {}"), /does not begin with/],
  ["broken JSON", file('{"a":'), /no valid UTF-8 JSON/],
  ["broken UTF-8", file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)), /no valid UTF-8 JSON/],
  ["deep nesting", file(`{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`), /tensor "a" is described|no valid/],
  ["the same name twice", file(`{"a":${entry("U8", [1], [0, 1])},"a":${entry("U8", [1], [0, 1])}}`, 1), /"a" twice/],
  ["the same field twice", file('{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}'), /"dtype" twice/],
  ["metadata that is a list", file('{"__metadata__":[]}'), /__metadata__ is no JSON object/],
  ["metadata that is no text", file('{"__metadata__":{"a":1}}'), /"a" is no string/],
  ["a name with half a surrogate pair", file(`{"\\ud800":${entry("U8", [0], [0, 0])}}`), /surrogate/],
  ["an unknown dtype", file(`{"a":${entry("F31", [1], [0, 4])}}`, 4), /"F31"; known are BOOL/],
  ["a dtype from Object.prototype", file(`{"a":${entry("toString", [1], [0, 4])}}`, 4), /"toString"; known are/],
  ["no shape", file('{"a":{"dtype":"U8","data_offsets":[0,1]}}', 1), /shape/],
  ["a negative size", file(`{"a":${entry("U8", [-1], [0, 1])}}`, 1), /shape/],
  ["a shape of 2^60", file('{"a":{"dtype":"U8","shape":[1152921504606846976],"data_offsets":[0,1]}}', 1), /shape/],
  ["a shape whose product wraps to 0", file(`{"a":${entry("U8", [2 ** 32, 2 ** 32], [0, 0])}}`), /below 2\^53/],
  ["one offset", file(`{"a":${entry("U8", [1], [0])}}`, 1), /data_offsets/],
  ["offsets in reverse", file(`{"a":${entry("U8", [1], [1, 0])}}`, 1), /data_offsets/],
  ["offsets past the end", file(`{"a":${entry("U8", [2], [0, 2])}}`, 1), /damaged or truncated/],
  ["too few bytes for the shape", file(`{"a":${entry("F32", [2], [0, 4])}}`, 4), /takes 8 bytes, its offsets span 4/],
  ["an overlap", file(`{"a":${entry("U8", [2], [0, 2])},"b":${entry("U8", [2], [1, 3])}}`, 3), /"b" overlaps/],
  ["a gap", file(`{"a":${entry("U8", [1], [0, 1])},"b":${entry("U8", [1], [2, 3])}}`, 3), /"b" leaves a gap/],
  ["a gap at the start", file(`{"a":${entry("U8", [1], [1, 2])}}`, 2), /"a" leaves a gap/],
  ["bytes of no tensor", file(`{"a":${entry("U8", [1], [0, 1])}}`, 3), /2 bytes at the end/],
])("decoding %s is a FormatError", (_, bytes, message) => {
  expect(() => decodeSafetensors(bytes)).toThrow(FormatError);
  expect(() => decodeSafetensors(bytes)).toThrow(message);
});

test.each([
  ["data that does not fit the shape", "a", [2], 1, /takes 2 bytes, its data has 1/],
  ["a size that is no whole number", "a", [0.5], 0, /whole number/],
  ["a negative size", "a", [-1], 0, /whole number/],
  ["the name of the metadata", "__metadata__", [1], 1, /cannot name a tensor/],
  ["half a surrogate pair", "\udc00", [1], 1, /surrogate/],
])("encoding %s is a FormatError", (_, name, shape, bytes, message) => {
  const tensors = new Map([[name, { dtype: "U8", shape, data: new Uint8Array(bytes) } as const]]);
  expect(() => encodeSafetensors(tensors)).toThrow(FormatError);
  expect(() => encodeSafetensors(tensors)).toThrow(message);
});
