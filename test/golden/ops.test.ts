import { beforeAll, describe, expect, test } from "vitest";
import * as gradus from "../../src/node.js";
import { Tensor, type Backend } from "../../src/node.js";
import { firstDifference, numbersOf, readGolden, weightOf, type GoldenCase, type GoldenTensor } from "./golden.js";
import { testedDevices } from "../tested-devices.js";

const files = ["elementwise", "reductions", "contractions", "convolutions", "pooling", "indexing", "movement"];

type Call = (inputs: readonly Tensor[], args: readonly unknown[]) => unknown;

/** Functions whose arguments stand in another order than tensors first. */
const calls: Readonly<Record<string, Call>> = {
  einsum: (inputs, [equation]) => gradus.einsum(String(equation), ...inputs),
  gather: ([x, i], [axis]) => x && i && x.gather(Number(axis), i),
  indexSelect: ([x, i], [axis]) => x && i && x.indexSelect(Number(axis), i),
  scatterAdd: ([x, i, u], [axis]) => x && i && u && x.scatterAdd(Number(axis), i, u),
  embedding: ([i, weights]) => i && weights && weights.at(i),
  sort: ([x], [axis, descending]) => x && x.sort(Number(axis), { descending: descending === true }),
  topk: ([x], [k, axis]) => x && x.topk(Number(k), Number(axis)),
};

/** Layers of numbers, strings for what JSON lacks, as they are given to functions. */
function revived(value: unknown): unknown {
  if (value === "Infinity") return Infinity;
  if (Array.isArray(value)) return value.map(revived);
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, revived(v)]));
  return value;
}

function apply(fn: string, inputs: readonly Tensor[], args: readonly unknown[]): Tensor[] {
  const named = new Map<string, unknown>(Object.entries(gradus));
  const call = calls[fn];
  const plain = named.get(fn);
  let result: unknown;
  if (call) result = call(inputs, args);
  else if (typeof plain === "function") result = Reflect.apply(plain, undefined, [...inputs, ...args]);
  if (result instanceof Tensor) return [result];
  if (typeof result === "object" && result !== null) return Object.values(result).filter((v) => v instanceof Tensor);
  throw new TypeError(`${fn} gave ${String(result)}`);
}

function made(golden: GoldenTensor, device: Backend): Tensor {
  return gradus.tensor(numbersOf(golden.data), { dtype: golden.dtype, shape: golden.shape, device });
}

interface Result {
  readonly outputs: readonly Tensor[];
  readonly gradients: readonly (Tensor | null)[];
}

/** Records a case and its gradients; nothing is computed yet. */
function record(golden: GoldenCase, device: Backend): Result {
  const args = golden.args.map(revived);
  const inputs = golden.inputs.map((input) => made(input, device));
  const isFlat = golden.gradients === null || golden.gradients.every((g) => g === null || g.every((v) => v === 0));
  if (!isFlat) for (const input of inputs) if (input.dtype === "float32") input.requiresGrad = true;
  // Function arguments beyond the tensors: a missing bias is undefined, not an options object.
  const options = args.length > 0 && /^conv/.test(golden.fn) && inputs.length === 2 ? [undefined, ...args] : args;
  const outputs = apply(golden.fn, inputs, options);
  if (isFlat) return { outputs, gradients: inputs.map(() => null) };
  const floats = outputs.filter((o) => o.requiresGrad);
  const total = floats
    .map((o) => gradus.sum(o.mul(gradus.tensor(Array.from({ length: o.size }, (_, i) => weightOf(i)), { device, shape: o.shape }))))
    .reduce((sum, part) => sum.add(part));
  total.backward();
  return { outputs, gradients: inputs.map((input) => (input.requiresGrad ? input.grad : null)) };
}

describe.each(testedDevices)("PyTorch's results on %s", (name) => {
  const device = gradus.device(name);
  describe.each(files)("%s", (file) => {
    const { cases } = readGolden<{ cases: GoldenCase[] }>(file);
    const results = new Map<GoldenCase, Result>();
    const errors = new Map<GoldenCase, unknown>();

    // All cases of a file are computed as one program, so that the C compiler runs once.
    beforeAll(async () => {
      for (const golden of cases) {
        try {
          results.set(golden, record(golden, device));
        } catch (error) {
          errors.set(golden, error);
        }
      }
      await gradus.evaluate(...[...results.values()].flatMap((r) => [...r.outputs, ...r.gradients.filter((g) => g !== null)]));
    }, 60_000);

    test.each(cases.map((golden) => [golden.name, golden] as const))("%s", async (_, golden) => {
      const result = results.get(golden);
      if (!result) throw errors.get(golden);
      expect(result.outputs.map((o) => o.shape)).toEqual(golden.outputs.map((o) => o.shape));
      const problems: string[] = [];
      for (const [i, expected] of golden.outputs.entries()) {
        const far = firstDifference((await result.outputs[i]?.data()) ?? [], expected.data, 1e-5);
        if (far) problems.push(`output ${i}: ${far}`);
      }
      for (const [i, gradient] of result.gradients.entries()) {
        const expected = golden.gradients?.[i];
        if (!gradient || !expected) continue;
        const far = firstDifference(await gradient.data(), expected, 1e-4);
        if (far) problems.push(`gradient ${i}: ${far}`);
      }
      expect(problems).toEqual([]);
    });
  });
});
