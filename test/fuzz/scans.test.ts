import { describe, expect, test } from "vitest";
import { vjpOf } from "../../src/autodiff/backward.js";
import type { Shape } from "../../src/core/shape.js";
import { input, type Value } from "../../src/ir/graph.js";
import * as ops from "../../src/ops/index.js";
import { compiledDevices, reference } from "../conformance/devices.js";
import { inner } from "../conformance/problems.js";
import { runGraph } from "../conformance/run-graph.js";
import { Numbers } from "../opinfo/sample.js";

/** A scan of a random body, its gradients of first and second order, and numbers for all leaves. */
interface Case {
  readonly feeds: Map<Value, Float64Array>;
  readonly inputs: readonly Value[];
  readonly results: readonly Value[];
  readonly weights: readonly Value[];
  readonly first: readonly (Value | undefined)[];
  /** The gradients that are differentiated again, by the inputs. */
  readonly again: readonly Value[];
  readonly againWeights: readonly Value[];
  readonly second: readonly (Value | undefined)[];
}

/** One more value of shape [b, n] from those at hand and a square of weights. */
function grown(random: Numbers, pool: readonly Value[], w: Value): Value {
  const pick = (): Value => pool[random.below(pool.length)] ?? w;
  const [x, y] = [pick(), pick()];
  const [b = 0, n = 0] = x.shape;
  const half = n >> 1;
  switch (random.below(9)) {
    case 0:
      return ops.add(x, y);
    case 1:
      return ops.mul(x, y);
    case 2:
      return ops.tanh(x);
    case 3:
      return ops.sigmoid(x);
    case 4:
      return ops.dot(x, w, { batchA: [], batchB: [], contractA: [1], contractB: [random.below(2)] });
    case 5:
      return ops.transpose(ops.dot(w, x, { batchA: [], batchB: [], contractA: [1], contractB: [1] }), [1, 0]);
    case 6:
      return ops.sub(x, ops.broadcast(ops.reduce(y, [1], "add"), x.shape, [0]));
    case 7:
      return ops.concat([ops.slice(x, [0, 0], [b, half], [1, 1]), ops.slice(y, [0, half], [b, n], [1, 1])], 1);
    default:
      return ops.select(ops.lt(x, y), x, ops.neg(y));
  }
}

function randomCase(seed: number): Case {
  const random = new Numbers(seed);
  const feeds = new Map<Value, Float64Array>();
  const leaf = (shape: Shape): Value => {
    const value = input({ shape, dtype: "float64" });
    value.requiresGrad = true;
    feeds.set(value, random.uniform(shape, -0.5, 0.5, "float64").values);
    return value;
  };
  const list = (count: number, shape: Shape): Value[] => Array.from({ length: count }, () => leaf(shape));
  const [b, n, length] = [1 + random.below(3), 1 + random.below(5), 1 + random.below(5)];
  const [consts, carries, slices] = [1 + random.below(2), random.below(4), 1 + random.below(2)];
  const w = leaf([n, n]);
  const inputs = [w, ...list(consts - 1 + carries, [b, n]), ...list(slices, [length, b, n])];
  const leaves = inputs.map(({ shape, dtype }, k) => input({ shape: k < consts + carries ? shape : shape.slice(1), dtype }));
  const pool = leaves.slice(1);
  for (let i = 3 + random.below(8); i > 0; i--) pool.push(grown(random, pool, leaves[0] ?? w));
  const outputs = Array.from({ length: carries + 1 + random.below(3) }, () => pool[random.below(pool.length)] ?? w);
  const loop = { body: { inputs: leaves, outputs }, consts, carries, length, reverse: random.below(2) === 1 };
  const results = ops.scan(inputs, loop).filter((v) => v.requiresGrad && !feeds.has(v));
  const weights = results.map((v) => leaf(v.shape));
  const first = vjpOf(results, weights, inputs);
  const again = first.filter((v) => v !== undefined).filter((v) => v.requiresGrad && !feeds.has(v));
  const againWeights = again.map((v) => leaf(v.shape));
  const second = again.length > 0 ? vjpOf(again, againWeights, inputs) : [];
  return { feeds, inputs, results, weights, first, again, againWeights, second };
}

function isComputed({ feeds }: Case): (v: Value | undefined) => v is Value {
  return (v): v is Value => v !== undefined && !feeds.has(v);
}

// Many programs at once: calling a C compiler for each would take long.
const cases = Array.from({ length: 24 }, (_, seed) => randomCase(seed + 1));
const wanted = [...new Set(cases.flatMap((c) => [...c.results, ...c.first, ...c.second].filter(isComputed(c))))];
const feeds = new Map(cases.flatMap((c) => [...c.feeds]));

describe("scans of random bodies", () => {
  test.each(compiledDevices().filter((device) => device.supports("float64")).map((device) => [device.name, device] as const))("have the values and gradients on %s that they mean", async (_, device) => {
    const expected = await runGraph(reference(), wanted, feeds);
    const got = await runGraph(device, wanted, feeds);
    expected.forEach((numbers, k) => {
      const most = Array.from(numbers).reduce((m, v) => Math.max(m, Math.abs(v)), 1);
      numbers.forEach((v, i) => expect(Math.abs((got[k]?.[i] ?? NaN) - v), `value ${k}, element ${i}`).toBeLessThanOrEqual(1e-12 * most));
    });
  });

  test("have the gradients that differences show", async () => {
    const epsilon = 1e-6;
    const random = new Numbers(99);
    const directions = new Map(cases.flatMap(({ inputs }) => inputs.map((v) => [v, random.uniform(v.shape, -1, 1, "float64").values] as const)));
    const moved = (by: number): Map<Value, Float64Array> => new Map([...feeds].map(([v, data]) => [v, data.map((x, i) => x + by * (directions.get(v)?.[i] ?? 0))]));
    const [here, ahead, behind] = await Promise.all([0, epsilon, -epsilon].map((by) => runGraph(reference(), wanted, moved(by))));
    const numbers = (results: Float64Array[] | undefined, v: Value): Float64Array => feeds.get(v) ?? results?.[wanted.indexOf(v)] ?? new Float64Array();
    const slope = (values: readonly Value[], weights: readonly Value[]): number =>
      values.reduce((sum, v, k) => {
        const weight = feeds.get(weights[k] ?? v) ?? new Float64Array();
        return sum + (inner(numbers(ahead, v), weight) - inner(numbers(behind, v), weight)) / (2 * epsilon);
      }, 0);
    cases.forEach((c, seed) => {
      const along = (gradients: readonly (Value | undefined)[]): number =>
        gradients.reduce((sum, v, k) => sum + (v ? inner(numbers(here, v), directions.get(c.inputs[k] ?? v) ?? []) : 0), 0);
      expect(along(c.first), `case ${seed}`).toBeCloseTo(slope(c.results, c.weights), 5);
      expect(along(c.second), `case ${seed}, second order`).toBeCloseTo(slope(c.again, c.againWeights), 5);
    });
  });
});
