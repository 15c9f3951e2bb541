import { byteSize } from "../../src/core/dtype.js";
import { sizeOf } from "../../src/core/shape.js";
import type { Value } from "../../src/ir/graph.js";
import type { Backend } from "../../src/runtime/backend.js";
import { decode, encode } from "../opinfo/elements.js";

/** The numbers of leaves. */
export type Feeds = ReadonlyMap<Value, ArrayLike<number>>;

/**
 * Runs the graph of `outputs` over the given leaves on a device, through the interface that the runtime uses. Outputs are
 * written over the inputs that `donate` names, where the device allows it.
 */
export async function runGraph(backend: Backend, outputs: readonly Value[], feeds: Feeds, donate?: readonly number[]): Promise<Float64Array[]> {
  const inputs = [...feeds.keys()];
  const executable = backend.load({ inputs, outputs, ...(donate && { donate }) });
  const uploaded = inputs.map((v) => backend.upload(encode(v.dtype, feeds.get(v) ?? [])));
  const results = outputs.map((v, k) => uploaded[executable.inPlace[k] ?? -1] ?? backend.allocate(sizeOf(v.shape) * byteSize(v.dtype)));
  backend.submit(executable, uploaded, results);
  const read = await Promise.all(results.map(async (storage, i) => {
    const { dtype, shape } = outputs[i] ?? { dtype: "float32", shape: [] };
    return decode(dtype, await backend.read(storage)).subarray(0, sizeOf(shape));
  }));
  for (const storage of new Set([...uploaded, ...results])) backend.release(storage);
  return read;
}
