import { afterAll, describe, expect, it } from "vitest";
import { runGraph } from "../../../test/conformance/run-graph.js";
import { operand, Numbers, specials, type Operand } from "../../../test/opinfo/sample.js";
import { rounded } from "../../../test/opinfo/elements.js";
import { testAdapter } from "../../../test/webgpu-adapter.js";
import type { DType } from "../../core/dtype.js";
import { input, type Value } from "../../ir/graph.js";
import { at, range } from "../../ops/indexing.js";
import * as ops from "../../ops/index.js";
import { openWebgpu } from "./open-webgpu.js";
import type { WebgpuBackend } from "./webgpu-backend.js";

const adapter = await testAdapter();
const random = new Numbers(3);
const halves = [...specials, 2 ** -24, -(2 ** -24), 2 ** -15, 65504, -65504, 2049, 0.1];

/** Numbers with special ones every so often. */
function mixed(shape: readonly number[], dtype: DType, every: number): Operand {
  const values = random.any(shape, dtype).values.map((v, i) => (i % every === every - 1 ? at(halves, Math.floor(i / every) % halves.length) : v));
  return operand(shape, rounded(dtype, values), dtype);
}

const plain = { batchA: [], batchB: [], contractA: [1], contractB: [0] };
const cases: readonly (readonly [string, readonly Operand[], (inputs: readonly Value[]) => readonly Value[]])[] = [
  ["maxima and minima of long rows", [mixed([9, 1500], "float32", 130), mixed([9, 1500], "float16", 130)], (inputs) => inputs.flatMap((x) => (["max", "min"] as const).map((fold) => ops.reduce(x, [1], fold)))],
  ["whole sums of long rows, and whether all and any are not 0", [random.any([5, 1500], "int32"), random.any([5, 1500], "uint32")], ([x, y]) =>
    x && y ? [ops.reduce(x, [1], "add"), ops.reduce(y, [1], "add"), ops.reduce(ops.convert(x, "bool"), [1], "and"), ops.reduce(ops.convert(y, "bool"), [1], "or")] : []],
  ["a softmax of long rows", [mixed([4, 900], "float32", 450)], ([x]) => {
    if (!x) return [];
    const weights = ops.exp(ops.sub(x, ops.broadcast(ops.reduce(x, [1], "max"), [4, 900], [0])));
    return [ops.div(weights, ops.broadcast(ops.reduce(weights, [1], "add"), [4, 900], [0]))];
  }],
  ["products of float16", [mixed([37, 70], "float16", 400), mixed([70, 51], "float16", 700), random.any([70, 51], "float32")], ([a, b, c]) =>
    a && b && c ? [ops.dot(a, b, plain), ops.dot(a, b, { ...plain, accumulate: "float32" }), ops.dot(a, ops.convert(c, "float16"), plain), ops.dot(ops.mul(a, a), b, plain)] : []],
  ["a convolution of float16", [random.any([2, 5, 9, 11], "float16"), random.any([7, 5, 3, 3], "float16")], ([x, w]) => (x && w ? [ops.conv(x, w, { padding: [[1, 1], [1, 1]] })] : [])],
  ["float16 element by element, moved, and kept between kernels", [mixed([33, 21], "float16", 5), mixed([21], "float32", 4)], ([x, y]) => {
    if (!x || !y) return [];
    const z = ops.mul(x, ops.convert(ops.broadcast(y, [33, 21], [1]), "float16"));
    const sums = ops.reduce(z, [0], "add");
    return [z, ops.transpose(x, [1, 0]), sums, ops.concat([x, ops.reverse(z, [1])], 1), ops.sub(z, ops.broadcast(sums, [33, 21], [1]))];
  }],
];

describe.skipIf(!adapter)("features make no difference to numbers", async () => {
  const open = async (features?: readonly GPUFeatureName[]): Promise<WebgpuBackend | undefined> => {
    const fresh = await testAdapter();
    return fresh && openWebgpu(fresh, features && { features });
  };
  const [without, withAll] = [await open([]), await open()];
  afterAll(async () => {
    await Promise.all([without?.close(), withAll?.close()]);
  });
  if (!without || !withAll) return;

  it("are used where they are there, and left out on request", () => {
    expect(without.target.group?.halves).toBe(false);
    expect(withAll.target.group?.halves).toBe(adapter?.features.has("shader-f16"));
  });

  it.skipIf(!adapter?.features.has("shader-f16"))("halves are not used on a GPU that loses some", async () => {
    const fresh = await testAdapter();
    const request = fresh?.requestDevice.bind(fresh);
    if (!fresh || !request) throw new Error("the adapter went away");
    fresh.requestDevice = async (descriptor) => {
      const device = await request(descriptor);
      const create = device.createShaderModule.bind(device);
      device.createShaderModule = (module) => create({ ...module, code: module.code.replace(/f32\((s0\[[^\]]*\])\)/, "f32(select($1, 0h, abs($1) < 6e-5h))") });
      return device;
    };
    const backend = await openWebgpu(fresh);
    expect(backend.target.group?.halves).toBe(false);
    await backend.close();
  });

  it.each(cases)("%s", async (_, operands, build) => {
    const inputs = operands.map((o) => input(o));
    const outputs = build(inputs);
    const feeds = new Map(inputs.map((v, k) => [v, at(operands, k).values]));
    const [expected, actual] = [await runGraph(without, outputs, feeds), await runGraph(withAll, outputs, feeds)];
    expect(outputs.length).toBeGreaterThan(0);
    for (const k of range(outputs.length)) expect(at(actual, k), `output ${k}`).toEqual(at(expected, k));
  });
});
