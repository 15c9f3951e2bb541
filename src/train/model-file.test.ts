import { Buffer as NodeBuffer } from "node:buffer";
import { beforeAll, expect, test } from "vitest";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import { createNodeWasm } from "../backends/wasm/wasm-node.js";
import { DTypeError } from "../core/errors.js";
import { Buffer, manualSeed, setDefaultDevice, tensor, type Tensor } from "../index.js";
import { decodeSafetensors, encodeSafetensors } from "../io/safetensors.js";
import * as nn from "../nn/index.js";
import { encodeModel, loadModel } from "./model-file.js";

class Small extends nn.Module<Tensor, Tensor> {
  layers = new nn.Sequential(new nn.Linear(3, 2), new nn.ReLU());
  half = new Buffer(tensor([1, -0.5, 65504], { dtype: "float16" }));
  brain = new Buffer(tensor([1, -0.5, 3e38], { dtype: "bfloat16" }));
  count = new Buffer(tensor([7], { dtype: "int32" }));
  override forward(x: Tensor): Tensor {
    return this.layers.forward(x);
  }
}

const reference = new ReferenceBackend();
beforeAll(() => setDefaultDevice(reference));

test("a model's file holds every parameter and buffer by its name, in its own dtype", async () => {
  manualSeed(3);
  const model = new Small();
  const { tensors } = decodeSafetensors(await encodeModel(model));
  const types = Object.fromEntries([...tensors].map(([name, { dtype, shape }]) => [name, `${dtype}[${shape.join()}]`]));
  expect(types).toEqual({
    "layers.0.weight": "F32[2,3]",
    "layers.0.bias": "F32[2]",
    half: "F16[3]",
    brain: "BF16[3]",
    count: "I32[1]",
  });
  const weight = tensors.get("layers.0.weight")?.data.slice();
  expect(Array.from(new Float32Array(weight?.buffer ?? new ArrayBuffer(0)))).toEqual(Array.from(await model.stateDict()["layers.0.weight"]?.data() ?? []));
  // 1, -0.5 and the largest value of float16; 3e38 rounds to bfloat16 0x7f62.
  expect(Array.from(tensors.get("half")?.data ?? [])).toEqual([0x00, 0x3c, 0x00, 0xb8, 0xff, 0x7b]);
  expect(Array.from(tensors.get("brain")?.data ?? [])).toEqual([0x80, 0x3f, 0x00, 0xbf, 0x62, 0x7f]);
});

test("what was saved is loaded, bit for bit", async () => {
  manualSeed(1);
  const saved = new Small();
  saved.half.assign(tensor([0.1, 6e-8, -Infinity], { dtype: "float16" }));
  const other = new Small();
  expect(loadModel(other, await encodeModel(saved))).toEqual({ missing: [], unexpected: [] });
  expect(await encodeModel(other)).toEqual(await encodeModel(saved));
});

test.each([reference, createNodeWasm({ threads: 1 })])("bytes in a Node Buffer are copied to $name", async (device) => {
  const model = new Small();
  const kept = await encodeModel(model);
  // As `readFile` gives it for a small file: a window into memory that is used again.
  const file = NodeBuffer.from(new Uint8Array(kept.length + 3).buffer, 3);
  file.set(kept);
  setDefaultDevice(device);
  try {
    const other = new Small();
    loadModel(other, file);
    file.fill(0);
    expect(await encodeModel(other)).toEqual(kept);
  } finally {
    setDefaultDevice(reference);
  }
});

test("64-bit integers of a file are int32 in the model, and are written as they were", async () => {
  const saved = new Map(decodeSafetensors(await encodeModel(new Small())).tensors);
  saved.set("count", { dtype: "I64", shape: [1], data: Uint8Array.of(0xfe, 255, 255, 255, 255, 255, 255, 255) });
  const model = new Small();
  loadModel(model, encodeSafetensors(saved));
  expect(model.count.dtype).toBe("int32");
  expect(await model.count.data()).toEqual(Int32Array.of(-2));
  expect(decodeSafetensors(await encodeModel(model)).tensors.get("count")).toMatchObject({ ...saved.get("count") });
});

test("refuses what is no tensor's type, and names that do not fit", async () => {
  const count = { dtype: "C64", shape: [1], data: new Uint8Array(8) } as const;
  expect(() => loadModel(new Small(), encodeSafetensors(new Map([["count", count]])))).toThrow(DTypeError);
  const other = new Map(decodeSafetensors(await encodeModel(new Small())).tensors);
  other.delete("count");
  expect(() => loadModel(new Small(), encodeSafetensors(other))).toThrow("missing: count");
});
