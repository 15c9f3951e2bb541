import { describe, expect, it } from "vitest";
import { DisposedError } from "../../core/errors.js";
import { input, type Storage, type Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { meanings } from "./interpret-graph.js";
import { ReferenceBackend } from "./reference-backend.js";

const device = new ReferenceBackend();

function upload(data: Float32Array | Int32Array | Uint16Array | Uint8Array): Storage {
  return device.upload(new Uint8Array(data.buffer));
}

function run(inputs: readonly Value[], storages: readonly Storage[], outputs: readonly Value[]): Storage[] {
  const results = outputs.map(() => device.allocate(64));
  device.submit(device.load({ inputs, outputs }), storages, results);
  return results;
}

function only(storages: readonly Storage[]): Storage {
  const [storage] = storages;
  if (!storage) throw new RangeError("one result expected");
  return storage;
}

describe("ReferenceBackend", () => {
  it("reads results as the bytes of their dtype", async () => {
    const x = input({ shape: [3], dtype: "int8" });
    const sum = ops.add(x, ops.constant(100, "int8", [3]));
    const result = only(run([x], [device.upload(Uint8Array.of(1, 100, 255))], [sum]));
    expect([...new Int8Array((await device.read(result)).buffer)]).toEqual([101, -56, 99]);
  });

  it("keeps float64 between programs and rounds at conversions", () => {
    const x = input({ shape: [1], dtype: "float32" });
    const one = ops.constant(1, "float32", [1]);
    const next = only(run([x], [upload(Float32Array.of(2 ** 24))], [ops.add(x, one)]));
    const y = input({ shape: [1], dtype: "float32" });
    const rest = only(run([y], [next], [ops.sub(y, ops.constant(2 ** 24, "float32", [1]))]));
    expect(new Float32Array(device.readSync(rest).buffer)[0]).toBe(1);
    const half = only(run([x], [upload(Float32Array.of(1 / 3))], [ops.convert(x, "float16")]));
    expect(new Uint16Array(device.readSync(half).buffer)[0]).toBe(0x3555);
  });

  it("passes inputs through and leaves uploads as they were", () => {
    const x = input({ shape: [2], dtype: "bfloat16" });
    const given = upload(Uint16Array.of(0x3f80, 0xc000));
    const [same, doubled] = run([x], [given], [x, ops.add(x, x)]);
    if (!same || !doubled) throw new RangeError("two results expected");
    expect([...new Uint16Array(device.readSync(same).buffer)]).toEqual([0x3f80, 0xc000]);
    expect([...new Uint16Array(device.readSync(doubled).buffer)]).toEqual([0x4000, 0xc080]);
  });

  it("refuses a storage that was given back", () => {
    const storage = upload(Float32Array.of(1));
    device.release(storage);
    expect(() => device.readSync(storage)).toThrow(DisposedError);
  });
});

describe("meanings", () => {
  it("are there for every operator", () => {
    expect(ops.allOps.filter((op) => !meanings.has(op)).map(({ name }) => name)).toEqual([]);
    expect(meanings.size).toBe(ops.allOps.length);
  });
});
