import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compile, device, manualSeed, nn, optim, randn, setDefaultDevice, tensor, type Backend, type Tensor } from "../../src/node.js";

interface LayerCase {
  make(): nn.Module<Tensor, Tensor>;
  readonly input: readonly number[];
  readonly output: readonly number[];
}

const small = (): nn.Sequential => new nn.Sequential(new nn.Linear(5, 4), new nn.Tanh(), new nn.Linear(4, 3));

/** What PyTorch's numbers do not cover: random layers and containers; and some layers that learn. */
const layers: Readonly<Record<string, LayerCase>> = {
  Linear: { make: () => new nn.Linear(7, 5), input: [3, 7], output: [3, 5] },
  Conv2d: { make: () => new nn.Conv2d(4, 6, [3, 2], { groups: 2, dilation: [1, 2] }), input: [2, 4, 6, 7], output: [2, 6, 4, 5] },
  Dropout: { make: () => new nn.Dropout(0.4), input: [6, 5], output: [6, 5] },
  Dropout2d: { make: () => new nn.Dropout2d(0.4), input: [3, 5, 2, 2], output: [3, 5, 2, 2] },
  AlphaDropout: { make: () => new nn.AlphaDropout(0.4), input: [6, 5], output: [6, 5] },
  DropPath: { make: () => new nn.DropPath(0.4), input: [6, 5], output: [6, 5] },
  Sequential: { make: small, input: [2, 5], output: [2, 3] },
};

/** Not layers with numbers of their own: bases, and containers without a forward. */
const others = new Set(["Module", "AnyModule", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict", "Loss"]);

/** The layers that the files of test/golden name. */
function goldenLayers(): Set<string> {
  const folder = new URL("../golden/", import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return new Set(files.flatMap((file) => Array.from(readFileSync(new URL(file, folder), "utf8").matchAll(/"layer":\["(\w+)"/g), ([, kind = ""]) => kind)));
}

interface Outcome {
  readonly output: number[];
  readonly inputGradient: number[];
  readonly gradients: Record<string, number[]>;
  /** The loss Σ y² before and after one small step against its gradient, in evaluation mode. */
  readonly losses: [number, number];
}

/** The same layer with the same weights and input on one device, plain or compiled. */
async function outcome({ make, input }: LayerCase, on: Backend, mode: "plain" | "compiled"): Promise<Outcome> {
  setDefaultDevice("reference");
  manualSeed(11);
  const model = make();
  const values = await randn(input).data();
  const state = Object.fromEntries(await Promise.all(Object.entries(model.stateDict()).map(async ([key, t]) => [key, { data: await t.data(), shape: t.shape }] as const)));
  setDefaultDevice(on);
  model.to(on);
  model.loadStateDict(Object.fromEntries(Object.entries(state).map(([key, { data, shape }]) => [key, tensor(data, { shape })])));
  const x = tensor(values, { shape: input, requiresGrad: true });
  manualSeed(12);
  const square = (v: Tensor): [Tensor, Tensor] => {
    const y = model.forward(v);
    const loss = y.mul(y).sum();
    loss.backward();
    return [y, loss];
  };
  const run = mode === "compiled" ? compile(square) : square;
  const [y] = run(x);
  const result = { output: Array.from(await y.data()), inputGradient: Array.from((await x.grad?.data()) ?? []), gradients: {} as Record<string, number[]> };
  for (const [name, parameter] of model.namedParameters()) result.gradients[name] = Array.from((await parameter.grad?.data()) ?? []);
  model.zeroGrad();
  model.eval();
  const losses: [number, number] = [await square(x)[1].item(), NaN];
  if (model.parameters().length > 0) new optim.SGD(model.parameters(), { lr: 1e-3 }).step();
  losses[1] = await square(x)[1].item();
  return { ...result, losses };
}

function expectClose(got: readonly number[], expected: readonly number[], tolerance: number, what: string): void {
  expect(got.length, what).toBe(expected.length);
  const largest = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  const worst = got.reduce((most, v, i) => Math.max(most, Math.abs(v - (expected[i] ?? NaN))), 0);
  expect(worst, what).toBeLessThanOrEqual(tolerance * largest);
}

test("every layer of nn is compared with PyTorch or listed here", () => {
  const exported = Object.entries(nn).flatMap(([name, value]) => (typeof value === "function" && value.prototype instanceof nn.AnyModule ? [name] : []));
  const known = goldenLayers();
  expect(exported.filter((name) => !others.has(name) && !known.has(name) && !(name in layers))).toEqual([]);
});

describe.each(Object.entries(layers))("%s", (name, layer) => {
  let known: Promise<Outcome> | undefined;
  const expected = (): Promise<Outcome> => (known ??= outcome(layer, device("reference"), "plain"));

  test.each([
    ["native", "plain"],
    ["native", "compiled"],
    ["wasm", "plain"],
    ["wasm", "compiled"],
    ["reference", "compiled"],
  ] as const)("on %s, %s, agrees with the reference", async (on, mode) => {
    const wanted = await expected();
    const got = await outcome(layer, device(on), mode);
    expectClose(got.output, wanted.output, 1e-5, "output");
    expectClose(got.inputGradient, wanted.inputGradient, 1e-4, "gradient of the input");
    expect(Object.keys(got.gradients)).toEqual(Object.keys(wanted.gradients));
    for (const [key, gradient] of Object.entries(wanted.gradients)) expectClose(got.gradients[key] ?? [], gradient, 1e-4, key);
    expectClose(got.losses, wanted.losses, 1e-5, "losses");
  });

  test("has its shape, learns, and keeps its values through saving, loading and cloning", async () => {
    setDefaultDevice("reference");
    manualSeed(11);
    const model = layer.make().eval();
    const x = randn(layer.input);
    const y = model.forward(x);
    expect([y.shape, y.dtype]).toEqual([layer.output, "float32"]);
    const values = await y.data();
    const other = layer.make().eval();
    other.loadStateDict(model.stateDict());
    expect(await other.forward(x).data()).toEqual(values);
    expect(await model.clone().forward(x).data()).toEqual(values);
    const { losses } = await expected();
    if (model.parameters().length > 0) expect(losses[1], name).toBeLessThan(losses[0]);
    else expect(losses[1]).toBe(losses[0]);
  });
});
