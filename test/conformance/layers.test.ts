import { describe, expect, test } from "vitest";
import { compile, device, manualSeed, nn, optim, randn, setDefaultDevice, tensor, type Backend, type Tensor } from "../../src/node.js";

interface LayerCase {
  make(): nn.Module<Tensor, Tensor>;
  readonly input: readonly number[];
  readonly output: readonly number[];
}

const small = (): nn.Sequential => new nn.Sequential(new nn.Linear(5, 4), new nn.Tanh(), new nn.Linear(4, 3));

/** Every layer that nn exports, with an input that suits it. */
const layers: Readonly<Record<string, LayerCase>> = {
  Linear: { make: () => new nn.Linear(7, 5), input: [3, 7], output: [3, 5] },
  Conv1d: { make: () => new nn.Conv1d(2, 3, 3, { stride: 2, padding: 1 }), input: [2, 2, 9], output: [2, 3, 5] },
  Conv2d: { make: () => new nn.Conv2d(4, 6, [3, 2], { groups: 2, dilation: [1, 2] }), input: [2, 4, 6, 7], output: [2, 6, 4, 5] },
  Conv3d: { make: () => new nn.Conv3d(1, 2, 2, { bias: false }), input: [1, 1, 3, 4, 5], output: [1, 2, 2, 3, 4] },
  MaxPool1d: { make: () => new nn.MaxPool1d(2), input: [2, 3, 8], output: [2, 3, 4] },
  MaxPool2d: { make: () => new nn.MaxPool2d(3, { stride: 2, padding: 1 }), input: [1, 2, 7, 6], output: [1, 2, 4, 3] },
  MaxPool3d: { make: () => new nn.MaxPool3d(2), input: [1, 1, 4, 4, 4], output: [1, 1, 2, 2, 2] },
  AvgPool1d: { make: () => new nn.AvgPool1d(3, { stride: 1 }), input: [2, 2, 6], output: [2, 2, 4] },
  AvgPool2d: { make: () => new nn.AvgPool2d(2, { padding: 1 }), input: [1, 2, 4, 5], output: [1, 2, 3, 3] },
  AvgPool3d: { make: () => new nn.AvgPool3d(2), input: [1, 1, 4, 2, 4], output: [1, 1, 2, 1, 2] },
  Flatten: { make: () => new nn.Flatten(), input: [2, 3, 4], output: [2, 12] },
  Dropout: { make: () => new nn.Dropout(0.4), input: [6, 5], output: [6, 5] },
  Identity: { make: () => new nn.Identity(), input: [3, 2], output: [3, 2] },
  ReLU: { make: () => new nn.ReLU(), input: [4, 5], output: [4, 5] },
  LeakyReLU: { make: () => new nn.LeakyReLU(), input: [4, 5], output: [4, 5] },
  ELU: { make: () => new nn.ELU(), input: [4, 5], output: [4, 5] },
  GELU: { make: () => new nn.GELU(), input: [4, 5], output: [4, 5] },
  SiLU: { make: () => new nn.SiLU(), input: [4, 5], output: [4, 5] },
  Sigmoid: { make: () => new nn.Sigmoid(), input: [4, 5], output: [4, 5] },
  Tanh: { make: () => new nn.Tanh(), input: [4, 5], output: [4, 5] },
  Softplus: { make: () => new nn.Softplus(), input: [4, 5], output: [4, 5] },
  Softmax: { make: () => new nn.Softmax(), input: [4, 5], output: [4, 5] },
  LogSoftmax: { make: () => new nn.LogSoftmax(), input: [4, 5], output: [4, 5] },
  Sequential: { make: small, input: [2, 5], output: [2, 3] },
};

/** Not layers of one tensor: bases, containers without a forward of their own, losses. */
const others = new Set(["Module", "AnyModule", "ModuleList", "CrossEntropyLoss", "MSELoss"]);

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

test("every layer of nn is listed", () => {
  const exported = Object.entries(nn).flatMap(([name, value]) => (typeof value === "function" && value.prototype instanceof nn.AnyModule ? [name] : []));
  expect(exported.filter((name) => !others.has(name)).sort()).toEqual(Object.keys(layers).sort());
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
