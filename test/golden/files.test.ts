import { beforeAll, describe, expect, test } from "vitest";
import { ReferenceBackend } from "../../src/backends/reference/reference-backend.js";
import { DTypeError, FormatError } from "../../src/core/errors.js";
import { decodeArrays, decodeNpy, decodeNpz, decodeTorch, decodeWeights, encodeNpy, encodeNpz, setDefaultDevice, torchState, TorchTensor, type FileArray } from "../../src/index.js";
import { readGolden } from "./golden.js";

interface GoldenArray {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Hexadecimal. */
  readonly data: string;
}
interface GoldenFile {
  readonly name: string;
  /** Base64. */
  readonly file: string;
}
interface Goldens {
  /** `ours`: what we write is the same, byte for byte. */
  readonly npys: readonly (GoldenFile & { readonly array: GoldenArray; readonly ours: boolean })[];
  readonly refusedNpys: Readonly<Record<string, string>>;
  readonly npzs: readonly (GoldenFile & { readonly arrays: Readonly<Record<string, GoldenArray>> })[];
  readonly torches: readonly (GoldenFile & { readonly arrays: Readonly<Record<string, GoldenArray>> })[];
  readonly refusedTorches: Readonly<Record<string, string>>;
}

const goldens = readGolden<Goldens>("files");
const bytesOf = (file: string): Uint8Array => new Uint8Array(Buffer.from(file, "base64"));
const plain = ({ dtype, shape, data }: FileArray): GoldenArray => ({ dtype, shape, data: Buffer.from(data).toString("hex") });
const allPlain = (arrays: ReadonlyMap<string, FileArray>): Record<string, GoldenArray> => Object.fromEntries([...arrays].map(([name, array]) => [name, plain(array)]));

beforeAll(() => setDefaultDevice(new ReferenceBackend()));

describe("files of numpy", () => {
  test.each(goldens.npys)(".npy, $name", ({ file, array, ours }) => {
    const decoded = decodeNpy(bytesOf(file));
    expect(plain(decoded)).toEqual(array);
    expect(plain(decodeNpy(encodeNpy(decoded)))).toEqual(array);
    if (ours) expect(Buffer.from(encodeNpy(decoded)).toString("base64")).toBe(file);
  });
  test.each(Object.entries(goldens.refusedNpys))(".npy of %ss is refused", (_, file) => {
    expect(() => decodeNpy(bytesOf(file))).toThrow(DTypeError);
  });
  test.each(goldens.npzs)("$name", async ({ file, arrays }) => {
    expect(allPlain(await decodeNpz(bytesOf(file)))).toEqual(arrays);
    const decoded = await decodeArrays(bytesOf(file));
    for (const compressed of [false, true]) expect(allPlain(await decodeNpz(await encodeNpz(decoded, { compressed })))).toEqual(arrays);
  });
});

describe("files of torch.save", () => {
  test.each(goldens.torches)("$name", async ({ file, arrays }) => {
    expect(allPlain(torchState(await decodeTorch(bytesOf(file))))).toEqual(arrays);
    expect(allPlain(await decodeArrays(bytesOf(file)))).toEqual(arrays);
  });
  test.each(goldens.torches.slice(2))("$name holds plain values beside tensors", async ({ file }) => {
    const content = await decodeTorch(bytesOf(file));
    if (!(content instanceof Map)) throw new TypeError("no dictionary");
    const { state_dict: state, optimizer, ...rest } = Object.fromEntries(content) as Record<string, unknown>;
    expect(rest).toEqual({
      epoch: 3, best: 0.5, name: "n", big: 2n ** 70n, negative: -(2 ** 40), none: null, ok: true, size: [2, 3], device: "cpu",
      list: [1, [2, 3], new Map([["x", -1.5]])],
    }); // prettier-ignore
    expect(state).toBeInstanceOf(Map);
    const moments = optimizer instanceof Map ? optimizer.get("state").get(0).get("momentum_buffer") : undefined;
    expect(moments).toBeInstanceOf(TorchTensor);
    expect(moments.shape).toEqual([2, 3]);
  });
  test.each(Object.entries(goldens.refusedTorches))("%s, is refused", async (_, file) => {
    await expect(decodeTorch(bytesOf(file))).rejects.toThrow(FormatError);
  });
  test("what is refused is named", async () => {
    const messages = await Promise.all(Object.values(goldens.refusedTorches).map(async (file) => decodeTorch(bytesOf(file)).then(() => "", String)));
    for (const name of ["__main__.Net", "posix.getcwd", "__builtin__.set", "numpy.core.multiarray.scalar", "_rebuild_qtensor"]) {
      expect(messages.filter((message) => message.includes(name)).length, name).toBeGreaterThan(0);
    }
  });
  test("tensors of every type that a device has", async () => {
    const [whole] = goldens.torches;
    const only = (name: string): boolean => name !== "complex64";
    const state = await decodeWeights(bytesOf(whole?.file ?? ""), { only });
    expect(await state["int64"]?.array()).toEqual([[-2, -1, 0], [1, 2, 3]]); // prettier-ignore
    expect(state["int64"]?.dtype).toBe("int32");
    for (const name of ["float16", "bfloat16", "float32", "float64", "int8", "int16"]) expect(await state[name]?.astype("float32").array(), name).toEqual([[-2, -1, 0], [1, 2, 3]]); // prettier-ignore
    expect(await state["bool"]?.array()).toEqual([[0, 0, 0], [1, 1, 1]]); // prettier-ignore
    expect(await state["expanded"]?.array()).toEqual([[1.5, 1.5, 1.5], [2.5, 2.5, 2.5]]); // prettier-ignore
    await expect(decodeWeights(bytesOf(whole?.file ?? ""))).rejects.toThrow(DTypeError);
  });
});
