import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DTypeError, FormatError } from "../../src/core/errors.js";
import { fileItemBytes, type FileArray } from "../../src/io/file-array.js";
import { decodeNpy, encodeNpy } from "../../src/io/npy.js";
import { encodeNpz } from "../../src/io/npz.js";
import { encodeSafetensorsArrays } from "../../src/io/safetensors-arrays.js";
import { decodeSafetensorsIndex, encodeSafetensorsIndex } from "../../src/io/safetensors-index.js";
import { decodeTorch } from "../../src/io/torch-file.js";
import { decodeArrays } from "../../src/io/weights.js";
import { readZip, writeZip } from "../../src/io/zip.js";
import { readGolden } from "../golden/golden.js";

interface Files {
  readonly npys: readonly { readonly file: string }[];
  readonly npzs: readonly { readonly file: string }[];
  readonly torches: readonly { readonly file: string }[];
}

const goldens = readGolden<Files>("files");
const bytesOf = ({ file }: { readonly file: string }): Uint8Array => new Uint8Array(Buffer.from(file, "base64"));
const limits = { maxUnpackedBytes: 1e6 };

/** A file cut at either end, with bytes changed, pieces moved over others, and numbers that ask for too much put in. */
const damage = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("byte" as const), at: fc.nat(), value: fc.nat(255) }),
    fc.record({ kind: fc.constant("cut" as const), at: fc.nat(), value: fc.nat() }),
    fc.record({ kind: fc.constant("move" as const), at: fc.nat(), value: fc.nat() }),
    fc.record({ kind: fc.constant("huge" as const), at: fc.nat(), value: fc.constantFrom(0x7f, 0xff, 0) }),
  ),
  { minLength: 1, maxLength: 4 },
);
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged(file: Uint8Array, changes: Damage, start = 0): Uint8Array {
  let bytes = file.slice();
  for (const { kind, at, value } of changes) {
    if (bytes.length <= start) return bytes;
    const place = start + (at % (bytes.length - start));
    if (kind === "byte") bytes[place] = value;
    else if (kind === "cut") bytes = bytes.slice(0, place);
    else if (kind === "move") bytes.copyWithin(place, value % bytes.length, (value % bytes.length) + 16);
    else bytes.fill(value, place, place + 8);
  }
  return bytes;
}

/** Every array fills its shape, or the fault has its type. */
async function requireSound(bytes: Uint8Array): Promise<void> {
  try {
    for (const { dtype, shape, data } of (await decodeArrays(bytes, limits)).values()) {
      expect(data.length).toBe(shape.reduce((product, size) => product * size, fileItemBytes(dtype)));
    }
  } catch (error) {
    if (!(error instanceof FormatError) && !(error instanceof DTypeError)) throw error;
  }
}

const array: FileArray = { dtype: "float32", shape: [2, 2], data: Uint8Array.from({ length: 16 }, (_, i) => i) };
const arrays = new Map<string, FileArray>([
  ["weight", array],
  ["step", { dtype: "int64", shape: [], data: new Uint8Array(8) }],
]);

describe("a damaged file gives sound arrays or an error of its type", () => {
  test.each([
    [".npy", goldens.npys.map(bytesOf), 0, 600],
    [".npz", [...goldens.npzs.map(bytesOf)], 0, 400],
    ["torch, zip", goldens.torches.filter((_, i) => i !== 1 && i !== 3).map(bytesOf), 0, 300],
    ["torch, legacy", [goldens.torches[1], goldens.torches[3]].flatMap((file) => (file ? [bytesOf(file)] : [])), 14, 1500],
    ["safetensors", [encodeSafetensorsArrays(arrays)], 0, 600],
  ] as const)("%s", async (_, files, start, numRuns) => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), damage, async (file, changes) => requireSound(damaged(file, changes, start))),
      { numRuns },
    );
  });

  test("pickles within a sound archive", async () => {
    const [file] = goldens.torches;
    const entries = readZip(file ? bytesOf(file) : new Uint8Array());
    const parts = new Map<string, Uint8Array>();
    for (const [name, entry] of entries) parts.set(name, await entry.read());
    const pickle = [...parts.keys()].find((name) => name.endsWith("data.pkl")) ?? "";
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const whole = await writeZip(new Map(parts).set(pickle, damaged(parts.get(pickle) ?? new Uint8Array(), changes)));
        await requireSound(whole);
      }),
      { numRuns: 300 },
    );
  });

  test("programs of pickle opcodes", async () => {
    const used = [0x28, 0x30, 0x31, 0x32, 0x4e, 0x4b, 0x5d, 0x29, 0x7d, 0x74, 0x85, 0x86, 0x87, 0x61, 0x65, 0x73, 0x75, 0x71, 0x68, 0x94, 0x51, 0x52, 0x62, 0x81, 0x88, 0x8a, 0x95, 0x58, 0x93];
    const op = fc.oneof(
      fc.constantFrom(...used).map((code) => [code]),
      fc.nat(3).map((n) => [0x4b, n]),
      fc.nat(3).map((n) => [0x71, n]),
      fc.nat(3).map((n) => [0x68, n]),
      fc.constantFrom("collections\nOrderedDict\n", "torch\nSize\n", "torch\nFloatStorage\n", "torch._utils\n_rebuild_tensor_v2\n", "torch._utils\n_rebuild_parameter\n", "torch\ndevice\n").map((name) => [0x63, ...Buffer.from(name)]),
      fc.uint8Array({ maxLength: 4 }).map((bytes) => [...bytes]),
    );
    const [legacy] = goldens.torches.slice(1).map(bytesOf);
    // Magic number, protocol and system; then any program in place of the object.
    const start = Buffer.from(legacy ?? []).indexOf(Buffer.from([0x2e, 0x80, 2, 0x7d]));
    const head = Buffer.from(legacy ?? []).subarray(0, Buffer.from(legacy ?? []).indexOf(0x2e, start + 1) + 1);
    await fc.assert(
      fc.asyncProperty(fc.array(op, { maxLength: 30 }), async (program) => requireSound(new Uint8Array([...head, 0x80, 2, ...program.flat(), 0x2e]))),
      { numRuns: 2000 },
    );
  });

  test("indexes of shards", () => {
    const text = encodeSafetensorsIndex(new Map([["a", "x-00001-of-00002.safetensors"], ["b", "x-00002-of-00002.safetensors"]]), 12);
    const bytes = new TextEncoder().encode(text);
    fc.assert(
      fc.property(damage, (changes) => {
        try {
          for (const file of decodeSafetensorsIndex(new TextDecoder().decode(damaged(bytes, changes))).files.values()) expect(file).not.toMatch(/[/\\]|^\.\.?$/);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

test("any bytes after any beginning are refused with an error of its type", async () => {
  const beginnings = ["", "\x93NUMPY\x01\0", "PK\x03\x04", "PK\x05\x06"].map((text) => Buffer.from(text, "latin1"));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 100 }), async (start, rest) => requireSound(new Uint8Array([...start, ...rest]))),
    { numRuns: 500 },
  );
});

test("headers of .npy with any sizes", () => {
  const size = fc.constantFrom("0", "1", "2", "3", "-1", "1152921504606846976", "4294967296", "9".repeat(400), "1L", "a", "");
  const header = fc.tuple(fc.array(size, { maxLength: 10 }), fc.constantFrom("<f4", ">i8", "|b1", "|O", "<U8", "<f3", "x"), fc.constantFrom("True", "False", "1"));
  fc.assert(
    fc.property(header, fc.nat(64), ([sizes, type, order], dataBytes) => {
      const text = `{'descr': '${type}', 'fortran_order': ${order}, 'shape': (${sizes.join(", ")}), }\n`;
      const bytes = new Uint8Array(10 + text.length + dataBytes);
      bytes.set([...Buffer.from("\x93NUMPY\x01\0", "latin1"), text.length, 0, ...Buffer.from(text)]);
      try {
        expect(decodeNpy(bytes).data.length).toBe(dataBytes);
      } catch (error) {
        if (!(error instanceof FormatError)) expect(error).toBeInstanceOf(DTypeError);
      }
    }),
    { numRuns: 2000 },
  );
});

test("what was encoded is decoded, whatever the names, in .npz", async () => {
  const name = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => !/[\\\0:]|^\.|\/\.|\/$|^\//.test(text));
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(name, { maxLength: 4 }), fc.boolean(), async (names, compressed) => {
      const given = new Map(names.map((text, i) => [text, { ...array, data: array.data.map((byte) => byte * i) }]));
      expect(await decodeArrays(await encodeNpz(given, { compressed }))).toEqual(given);
    }),
    { numRuns: 60 },
  );
  expect(decodeNpy(encodeNpy(array))).toEqual(array);
  await expect(decodeTorch(encodeNpy(array))).rejects.toThrow(FormatError);
});
