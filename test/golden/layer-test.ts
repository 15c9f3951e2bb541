import { beforeAll, describe, expect, test } from "vitest";
import { compile, device, evaluate, nn, tensor, Tensor, type Backend } from "../../src/node.js";
import { firstDifference, numbersOf, readGolden, weightOf, type GoldenNumber, type GoldenTensor } from "./golden.js";
import { testedDevices } from "../tested-devices.js";

/** What PyTorch gives for one layer: `layer_case` of scripts/goldens/common.py. */
export interface LayerCase {
  readonly name: string;
  /** The name of a class of `nn`, or of an entry of `build`, and its arguments. */
  readonly layer: readonly [kind: string, ...args: unknown[]];
  readonly mode: "train" | "eval";
  readonly inputs: readonly GoldenTensor[];
  readonly state: Readonly<Record<string, GoldenTensor>>;
  readonly outputs: readonly GoldenTensor[];
  /** Of Σ weightOf(i)·out[i] over all float outputs. */
  readonly inputGradients: readonly (readonly GoldenNumber[] | null)[];
  readonly gradients: Readonly<Record<string, readonly GoldenNumber[]>>;
  /** Where forward changes the state. */
  readonly stateAfter?: Readonly<Record<string, GoldenTensor>>;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each builder knows its own arguments
export type LayerBuilders = Readonly<Record<string, (...args: any[]) => nn.AnyModule>>;

interface Run {
  readonly module: nn.AnyModule;
  readonly inputs: readonly Tensor[];
  outputs: readonly Tensor[];
}

function made({ data, dtype, shape }: GoldenTensor, on: Backend): Tensor {
  return tensor(numbersOf(data), { dtype, shape, device: on });
}

function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(tensorsIn) : [];
}

function built({ layer: [kind, ...args], mode, state }: LayerCase, on: Backend, build: LayerBuilders): nn.AnyModule {
  const special = build[kind];
  const constructor = new Map<string, unknown>(Object.entries(nn)).get(kind);
  if (!special && typeof constructor !== "function") throw new TypeError(`nn has no ${kind}`);
  const module = special ? special(...args) : (Reflect.construct(constructor as () => void, args) as nn.AnyModule);
  module.train(mode === "train").to(on);
  module.loadStateDict(Object.fromEntries(Object.entries(state).map(([key, value]) => [key, made(value, on)])));
  return module;
}

function prepared(golden: LayerCase, on: Backend, build: LayerBuilders): Run {
  const inputs = golden.inputs.map((input) => made(input, on));
  for (const input of inputs) if (input.dtype === "float32") input.requiresGrad = true;
  return { module: built(golden, on, build), inputs, outputs: [] };
}

/** The layer's outputs, with the gradients of their weighted sum left in `.grad`. */
function forwardAndBackward(module: nn.AnyModule, inputs: readonly Tensor[], on: Backend): Tensor[] {
  const outputs = tensorsIn(Reflect.apply(module.forward, module, inputs));
  const floats = outputs.filter((o) => o.requiresGrad);
  const parts = floats.map((o) => o.mul(tensor(Array.from({ length: o.size }, (_, i) => weightOf(i)), { shape: o.shape, device: on })).sum());
  if (parts.length > 0) parts.reduce((total, part) => total.add(part)).backward();
  return outputs;
}

function gradientsOf({ module, inputs }: Run): Tensor[] {
  return [...inputs, ...module.parameters()].flatMap((t) => (t.requiresGrad && t.grad ? [t.grad] : []));
}

async function problemsOf(golden: LayerCase, { module, inputs, outputs }: Run): Promise<string[]> {
  const problems: string[] = [];
  const compare = async (what: string, got: Tensor | null | undefined, expected: readonly GoldenNumber[], tolerance: number): Promise<void> => {
    const far = got ? firstDifference(await got.data(), expected, tolerance) : expected.every((v) => v === 0) ? undefined : "missing";
    if (far) problems.push(`${what}: ${far}`);
  };
  for (const [i, expected] of golden.outputs.entries()) await compare(`output ${i}`, outputs[i], expected.data, 1e-5);
  for (const [i, expected] of golden.inputGradients.entries()) if (expected) await compare(`gradient of input ${i}`, inputs[i]?.grad, expected, 1e-4);
  const parameters = new Map(module.namedParameters());
  for (const [key, expected] of Object.entries(golden.gradients)) await compare(`gradient of ${key}`, parameters.get(key)?.grad, expected, 1e-4);
  const state = module.stateDict();
  for (const [key, expected] of Object.entries(golden.stateAfter ?? {})) await compare(`${key} afterwards`, state[key], expected.data, 1e-5);
  return problems;
}

/**
 * Tests layers against PyTorch's numbers in test/golden/FILE.json on every device, plain and inside `compile`: outputs,
 * gradients, keys of the state and the state afterwards. All cases of a file are one program, so that the C compiler
 * runs once. `build` makes what is no class of `nn`, or what takes arguments that JSON cannot hold.
 */
export function layerTests(file: string, build: LayerBuilders = {}): void {
  const { cases } = readGolden<{ cases: LayerCase[] }>(file);

  describe.each(testedDevices)(`${file} on %s`, (name) => {
    const on = device(name);
    const plain = new Map<LayerCase, Run>();
    const compiled = new Map<LayerCase, Run>();
    const errors = new Map<LayerCase, unknown>();

    beforeAll(async () => {
      for (const golden of cases) {
        try {
          const run = prepared(golden, on, build);
          run.outputs = forwardAndBackward(run.module, run.inputs, on);
          plain.set(golden, run);
        } catch (error) {
          errors.set(golden, error);
        }
      }
      await evaluate(...[...plain.values()].flatMap((run) => [...run.outputs, ...gradientsOf(run)]));

      const good = cases.filter((golden) => plain.has(golden));
      const runs = good.map((golden) => prepared(golden, on, build));
      const step = compile((...inputs: Tensor[][]) => runs.map(({ module }, i) => forwardAndBackward(module, inputs[i] ?? [], on)));
      const outputs = step(...runs.map(({ inputs }) => [...inputs]));
      for (const [i, golden] of good.entries()) {
        const run = runs[i];
        if (run) compiled.set(golden, { ...run, outputs: outputs[i] ?? [] });
      }
    }, 120_000);

    describe.each(cases.map((golden) => [golden.name, golden] as const))("%s", (_, golden) => {
      const runOf = (runs: Map<LayerCase, Run>): Run => {
        const run = runs.get(golden);
        if (!run) throw errors.get(golden) ?? new Error("another case failed");
        return run;
      };

      test("is PyTorch's", async () => {
        const run = runOf(plain);
        expect(run.outputs.map((o) => [o.shape, o.dtype])).toEqual(golden.outputs.map((o) => [o.shape, o.dtype]));
        expect(Object.keys(run.module.stateDict()).sort()).toEqual(Object.keys(golden.state).sort());
        expect(await problemsOf(golden, run)).toEqual([]);
      });

      if (name === "reference") test("keeps its values when it is saved, loaded and cloned", async () => {
        const { module, inputs } = runOf(plain);
        module.eval();
        const copies = [built(golden, on, build).eval(), module.clone()];
        copies[0]?.loadStateDict(module.stateDict());
        const [expected, ...others] = [module, ...copies].map((m) => tensorsIn(Reflect.apply(m.forward, m, inputs)));
        for (const other of others) for (const [i, output] of other.entries()) expect(await output.data()).toEqual(await expected?.[i]?.data());
        expect(module.toString()).toContain(module.constructor.name);
      });

      test("is the same compiled", async () => {
        expect(await problemsOf(golden, runOf(compiled))).toEqual([]);
      });
    });
  });
}
