import fc from "fast-check";
import { expect, test } from "vitest";
import { FormatError } from "../core/errors.js";
import { parseIdx } from "./idx.js";

function idx(typeCode: number, shape: readonly number[], elements: readonly number[]): Uint8Array {
  const sizes = shape.flatMap((n) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]);
  return Uint8Array.from([0, 0, typeCode, shape.length, ...sizes, ...elements]);
}

test.each([
  [0x08, "uint8", [1, 255], [1, 255]],
  [0x09, "int8", [1, 255], [1, -1]],
  [0x0b, "int16", [0x01, 0x02, 0xff, 0xfe], [258, -2]],
  [0x0c, "int32", [0, 0, 1, 0, 0x80, 0, 0, 0], [256, -2147483648]],
  [0x0d, "float32", [0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0], [1, -2.5]],
  [0x0e, "float64", [0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 0x04, 0, 0, 0, 0, 0, 0], [1, -2.5]],
] as const)("type code %i is %s, big-endian", (code, dtype, elements, values) => {
  const array = parseIdx(idx(code, [2, 1], elements));
  expect(array.dtype).toBe(dtype);
  expect(array.shape).toEqual([2, 1]);
  expect(Array.from(array.data)).toEqual(values);
});

test("bytes that start anywhere in their buffer, rank 0 and empty axes are read", () => {
  const file = idx(0x0b, [2], [0, 1, 0, 2]);
  const padded = new Uint8Array(file.length + 3);
  padded.set(file, 3);
  expect(Array.from(parseIdx(padded.subarray(3)).data)).toEqual([1, 2]);
  expect(parseIdx(idx(0x08, [], [9]))).toEqual({ shape: [], dtype: "uint8", data: Uint8Array.of(9) });
  expect(parseIdx(idx(0x08, [0, 0xffffffff, 0xffffffff], [])).data.length).toBe(0);
});

test.each([
  ["no bytes", [], /too short/],
  ["half a magic number", [0, 0, 8], /too short/],
  ["gzip", [0x1f, 0x8b, 8, 0, 0], /begins with 1f 8b 08 00.*decompress/],
  ["an unknown type code", [0, 0, 0x0a, 0], /begins with 00 00 0a 00/],
  ["half a header", [0, 0, 8, 2, 0, 0, 0, 1, 0], /within its header: 9 of 12/],
  ["truncated data", [0, 0, 8, 1, 0, 0, 0, 3, 1, 2], /truncated.*\[3\] takes 11 bytes, found 10/],
  ["trailing bytes", [0, 0, 8, 1, 0, 0, 0, 1, 1, 2], /trailing/],
  ["a huge shape", [0, 0, 14, 2, ...new Array<number>(8).fill(255)], /truncated/],
])("%s is a FormatError", (_, bytes, message) => {
  expect(() => parseIdx(Uint8Array.from(bytes), "labels.idx")).toThrow(FormatError);
  expect(() => parseIdx(Uint8Array.from(bytes), "labels.idx")).toThrow(/^labels\.idx: /);
  expect(() => parseIdx(Uint8Array.from(bytes))).toThrow(message);
});

test("any bytes either parse to as many elements as the shape says or throw FormatError", () => {
  const plausible = fc
    .tuple(
      fc.constantFrom(8, 9, 11, 12, 13, 14),
      fc.array(fc.nat(3), { maxLength: 4 }),
      fc.uint8Array({ maxLength: 64 }),
    )
    .map(([code, shape, data]) => idx(code, shape, Array.from(data)));
  fc.assert(
    fc.property(fc.oneof(plausible, fc.uint8Array({ maxLength: 64 })), (bytes) => {
      try {
        const { shape, data } = parseIdx(bytes);
        expect(data.length).toBe(shape.reduce((product, n) => product * n, 1));
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }),
  );
});
