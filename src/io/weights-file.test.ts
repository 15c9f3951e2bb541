import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import { ArgumentError, DataError, DTypeError, FormatError, ShapeError } from "../core/errors.js";
import { setDefaultDevice, tensor, type Tensor } from "../index.js";
import { encodeNpy } from "./npy.js";
import { encodeNpz } from "./npz.js";
import { encodeSafetensorsArrays } from "./safetensors-arrays.js";
import { SafetensorsFile } from "./safetensors-file.js";
import { decodeSafetensorsIndex, shardArrays } from "./safetensors-index.js";
import { fromTensor, toTensor } from "./tensor-data.js";
import { loadWeights, saveWeights } from "./weights-file.js";
import type { FileArray, FileDType } from "./file-array.js";

setDefaultDevice(new ReferenceBackend());
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradus-weights-"));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const state = { a: tensor([[1, 2], [3, 4]]), b: tensor([5, 6, 7], { dtype: "float16" }), c: tensor([true, false]) }; // prettier-ignore

async function arraysOf(tensors: Readonly<Record<string, Tensor>>): Promise<Record<string, unknown>> {
  return Object.fromEntries(await Promise.all(Object.entries(tensors).map(async ([name, value]) => [name, [value.dtype, await value.array()]])));
}

test("one file", async () => {
  const path = join(folder, "one.safetensors");
  expect(await saveWeights(path, state, { metadata: { epoch: "3" } })).toBe(path);
  expect(await arraysOf(await loadWeights(path))).toEqual(await arraysOf(state));
  expect(await arraysOf(await loadWeights(new Uint8Array(await readFile(path))))).toEqual(await arraysOf(state));
  expect(Object.keys(await loadWeights(path, { only: (name) => name !== "b" }))).toEqual(["a", "c"]);
  const file = await SafetensorsFile.open(path);
  expect(file.metadata).toEqual(new Map([["epoch", "3"]]));
  expect(file.places.get("b")).toMatchObject({ dtype: "F16", shape: [3] });
  expect(await file.read("c")).toEqual({ dtype: "bool", shape: [2], data: Uint8Array.of(1, 0) });
  await expect(file.read("d")).rejects.toThrow(ArgumentError);
  await file.close();
});

test("several files with an index, also by their folder", async () => {
  const inner = await mkdtemp(join(folder, "shards-"));
  const index = await saveWeights(join(inner, "model.safetensors"), state, { maxShardSize: 10 });
  expect(index).toBe(join(inner, "model.safetensors.index.json"));
  expect((await readdir(inner)).sort()).toEqual(["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"]);
  expect(JSON.parse(await readFile(index, "utf8"))).toEqual({
    metadata: { total_size: 24 },
    weight_map: { a: "model-00001-of-00002.safetensors", b: "model-00002-of-00002.safetensors", c: "model-00002-of-00002.safetensors" },
  });
  for (const path of [index, inner]) expect(await arraysOf(await loadWeights(path))).toEqual(await arraysOf(state));
  await rm(join(inner, "model-00002-of-00002.safetensors"));
  expect(Object.keys(await loadWeights(index, { only: (name) => name === "a" }))).toEqual(["a"]);
  await expect(loadWeights(index)).rejects.toThrow(DataError);
});

test("the content tells the format, not the name", async () => {
  const array = await fromTensor(state.a);
  const files: Readonly<Record<string, Uint8Array>> = { arr_0: encodeNpy(array), b: await encodeNpz(new Map([["b", array]]), { compressed: true }), c: encodeSafetensorsArrays(new Map([["c", array]])) };
  for (const [name, bytes] of Object.entries(files)) {
    await writeFile(join(folder, "weights.bin"), bytes);
    expect(await arraysOf(await loadWeights(join(folder, "weights.bin")))).toEqual({ [name]: ["float32", [[1, 2], [3, 4]]] }); // prettier-ignore
  }
});

test("what is missing or something else", async () => {
  await writeFile(join(folder, "text"), "just text");
  await expect(loadWeights(join(folder, "text"))).rejects.toThrow(FormatError);
  await expect(loadWeights(join(folder, "nowhere"))).rejects.toThrow(DataError);
  await expect(loadWeights(await mkdtemp(join(folder, "empty-")))).rejects.toThrow(/neither model.safetensors.index.json nor/);
  await expect(saveWeights(join(folder, "x.pt"), state)).rejects.toThrow(ArgumentError);
  await writeFile(join(folder, "bad.json"), '{"weight_map": {"a": "../one.safetensors"}}');
  await expect(loadWeights(join(folder, "bad.json"))).rejects.toThrow(/same folder/);
  await writeFile(join(folder, "wrong.json"), '{"weight_map": {"z": "one.safetensors"}}');
  await expect(loadWeights(join(folder, "wrong.json"))).rejects.toThrow(/"z" should lie in one.safetensors/);
});

test.each([
  ["{", /no valid JSON/],
  ["[]", /weight_map/],
  ['{"weight_map": 5}', /weight_map/],
  ['{"weight_map": {"a": 5}}', /lies in 5/],
  ['{"weight_map": {"a": "x", "a": "y"}}', /"a" comes twice/],
  ['{"weight_map": {"a": ".."}}', /same folder/],
  ['{"weight_map": {"a": "C:x"}}', /same folder/],
])("the index %s is a FormatError", (text, message) => {
  expect(() => decodeSafetensorsIndex(text)).toThrow(FormatError);
  expect(() => decodeSafetensorsIndex(text)).toThrow(message);
});

test("shards hold no more than their size, in order, but for one array", () => {
  const array = (bytes: number): FileArray => ({ dtype: "uint8", shape: [bytes], data: new Uint8Array(bytes) });
  const arrays = new Map([4, 6, 30, 1, 9, 1].map((bytes, i) => [`t${i}`, array(bytes)]));
  const { shards, totalBytes } = shardArrays(arrays, "m", 10);
  expect([...shards.values()].map((shard) => [...shard.keys()])).toEqual([["t0", "t1"], ["t2"], ["t3", "t4"], ["t5"]]);
  expect([...shards.keys()][3]).toBe("m-00004-of-00004.safetensors");
  expect(totalBytes).toBe(51);
  expect([...shardArrays(new Map(), "m", 10).shards.keys()]).toEqual(["m.safetensors"]);
  expect(() => shardArrays(arrays, "m", 0)).toThrow(ArgumentError);
});

test.each([
  ["int16", Int16Array.of(-5, 32767)],
  ["uint16", Uint16Array.of(5, 65535)],
  ["int64", BigInt64Array.of(-5n, 2147483647n)],
  ["uint64", BigUint64Array.of(5n, 2147483647n)],
] as const)("%s is int32 and is written as it was, unless it was changed to what does not fit", async (dtype, elements) => {
  const data = new Uint8Array(elements.buffer);
  const read = toTensor("x", { dtype, shape: [2], data });
  expect(read.dtype).toBe("int32");
  expect(await read.array()).toEqual(Array.from(elements, Number));
  expect(await fromTensor(read)).toEqual({ dtype, shape: [2], data });
});

test("what no tensor holds is refused", () => {
  const array = (dtype: FileDType, elements: ArrayBufferView): FileArray => ({ dtype, shape: [1], data: new Uint8Array(elements.buffer) });
  expect(() => toTensor("x", array("int64", BigInt64Array.of(2n ** 31n)))).toThrow(/"x" holds 2147483648 at 0/);
  expect(() => toTensor("x", array("int64", BigInt64Array.of(-(2n ** 31n) - 1n)))).toThrow(DTypeError);
  expect(() => toTensor("x", array("uint64", BigUint64Array.of(2n ** 64n - 1n)))).toThrow(/18446744073709551615/);
  expect(() => toTensor("x", array("complex64", new Float32Array(2)))).toThrow(DTypeError);
  expect(() => toTensor("x", { dtype: "uint8", shape: Array<number>(9).fill(1), data: new Uint8Array(1) })).toThrow(ShapeError);
});
