import { describe, expect, it } from "vitest";
import { isFloat, type DType } from "../src/core/dtype.js";
import { sizeOf } from "../src/core/shape.js";
import { input, topologicalOrder, isLeaf, Value, type Node } from "../src/ir/graph.js";
import { interpretNode } from "../src/backends/reference/interpret-graph.js";
import { numberAt } from "../src/backends/reference/numbers.js";
import { at } from "../src/ops/indexing.js";
import { runLowering, stored } from "./loop-interpreter.js";
import { binaryInfos, selectInfo } from "./opinfo/binary.js";
import { contractionInfos } from "./opinfo/contractions.js";
import { creationInfos } from "./opinfo/creation.js";
import { indexingInfos } from "./opinfo/indexing.js";
import { movementInfos } from "./opinfo/movement.js";
import { reductionInfos } from "./opinfo/reductions.js";
import type { OpInfo, Sample } from "./opinfo/sample.js";
import { unaryInfos } from "./opinfo/unary.js";
import { windowInfos } from "./opinfo/windows.js";

const infos: readonly OpInfo[] = [
  ...binaryInfos, selectInfo, ...contractionInfos, ...creationInfos, ...indexingInfos,
  ...movementInfos, ...reductionInfos, ...unaryInfos, ...windowInfos,
];

/** Scalar steps that interpreting one node may take. */
const mostWork = 200_000;

function work(node: Node): number {
  const elements = node.outputs.reduce((sum, v) => sum + sizeOf(v.shape), 0);
  const { lower } = node.op;
  if (lower.kind === "map") return elements;
  return lower.kind === "reduce"
    ? elements * sizeOf(lower.extents(node.inputs, node.attrs))
    : elements * Math.max(1, ...node.inputs.map((v) => sizeOf(v.shape)));
}

/** Relative error of one rounded operation, and of a whole expansion of a transcendental function. */
function tolerance(dtype: DType): number {
  return { float64: 1e-12, float32: 1e-5, float16: 2 ** -10, bfloat16: 2 ** -7 }[dtype as "float64"] ?? 0;
}

/** Arguments for which the documentation promises no digits. */
function isBeyond(node: Node, data: readonly Float64Array[], i: number): boolean {
  const double = node.inputs[0]?.dtype === "float64";
  const [x, y] = data.map((d) => d[i] ?? NaN);
  if (node.op.name === "sin" || node.op.name === "cos") return Math.abs(x ?? 0) > (double ? 3.3e9 : 6.5e6);
  return node.op.name === "mod" && Math.abs((x ?? 0) / (y ?? 1)) >= (double ? 2 ** 52 : 2 ** 23);
}

function check(node: Node, data: readonly Float64Array[], expected: Float64Array, actual: Float64Array, output: Value, scale: number): void {
  const allowed = tolerance(output.dtype);
  for (let i = 0; i < expected.length; i++) {
    if (isFloat(output.dtype) && isBeyond(node, data, i)) continue;
    const [e, a] = [numberAt(expected, i), numberAt(actual, i)];
    const close = Object.is(e, a) || e === a || Math.abs(e - a) <= allowed * Math.max(Math.abs(e), scale);
    if (!close) expect.fail(`${node.op.name} gives ${a} at ${i}, and its meaning is ${e}`);
  }
}

function run(sample: Sample): void {
  const leaves = sample.operands.map(({ shape, dtype }) => input({ shape, dtype }));
  const built = sample.build(leaves);
  const outputs = built instanceof Value ? [built] : built;
  const numbers = new Map<Value, Float64Array>();
  leaves.forEach((leaf, i) => numbers.set(leaf, at(sample.operands, i).values));
  for (const node of topologicalOrder(outputs)) {
    if (isLeaf(at(node.outputs, 0)) || node.inputs.some((v) => !numbers.has(v))) continue;
    if (work(node) > mostWork) continue;
    const data = node.inputs.map((v) => numbers.get(v) ?? new Float64Array());
    const expected = interpretNode(node, data);
    const actual = runLowering(node, data);
    // Sums may cancel: their error is relative to the terms.
    const sums = node.op.lower.kind !== "map";
    const scale = sums ? Math.max(0, ...data.flatMap((d) => [...d].filter(Number.isFinite).map(Math.abs))) : 0;
    node.outputs.forEach((v, k) => {
      const exact = Float64Array.from(at(expected, k), (x) => stored(x, v.dtype));
      check(node, data, exact, at(actual, k), v, isFloat(v.dtype) ? scale : 0);
      numbers.set(v, exact);
    });
  }
}

describe("lowerings agree with the operators' meaning", () => {
  for (const info of infos) {
    it(info.op, () => {
      for (const sample of info.samples) {
        try {
          run(sample);
        } catch (error) {
          throw new Error(`${info.op}, ${sample.name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
        }
      }
    });
  }
});
