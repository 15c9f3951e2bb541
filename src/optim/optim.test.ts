import { describe, expect, it } from "vitest";
import { expectClose, useReference } from "../../test/values.js";
import { ArgumentError, compile, Parameter, tensor, zeros, type Tensor } from "../tensor/index.js";
import { StateDictError } from "../tensor/state-dict.js";
import { Adam, AdamW, SGD, type AdamOptions, type Optimizer, type Optional, type SGDSettings } from "./index.js";

useReference();

const start = [1, -2];
/** The loss is Σ scale·θ⁴/4, so its gradient is scale·θ³. */
const scale = [1, 0.5];

const slopes = (theta: readonly number[]): number[] => theta.map((v, i) => (scale[i] ?? 0) * v ** 3);

function lossOf(theta: Tensor): Tensor {
  return theta
    .pow(4)
    .mul(tensor(scale, { dtype: "float64" }))
    .sum()
    .div(4);
}

function sgd(
  steps: number,
  { lr, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false }: Partial<SGDSettings> & { lr: number },
): number[] {
  let theta = [...start];
  let buffer: number[] | undefined;
  for (let t = 0; t < steps; t++) {
    const g = slopes(theta).map((v, i) => v + weightDecay * (theta[i] ?? 0));
    const b: number[] = buffer ? buffer.map((v, i) => momentum * v + (1 - dampening) * (g[i] ?? 0)) : g;
    buffer = b;
    theta = theta.map(
      (v, i) => v - lr * (momentum === 0 ? (g[i] ?? 0) : nesterov ? (g[i] ?? 0) + momentum * (b[i] ?? 0) : (b[i] ?? 0)),
    );
  }
  return theta;
}

function adam(
  steps: number,
  isDecoupled: boolean,
  { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 }: AdamOptions,
): number[] {
  const [b1, b2] = betas;
  let theta = [...start];
  let m = theta.map(() => 0);
  let v = theta.map(() => 0);
  for (let t = 1; t <= steps; t++) {
    const g = slopes(theta).map((d, i) => d + (isDecoupled ? 0 : weightDecay * (theta[i] ?? 0)));
    if (isDecoupled) theta = theta.map((p) => p * (1 - lr * weightDecay));
    m = m.map((p, i) => b1 * p + (1 - b1) * (g[i] ?? 0));
    v = v.map((p, i) => b2 * p + (1 - b2) * (g[i] ?? 0) ** 2);
    theta = theta.map(
      (p, i) => p - (lr * ((m[i] ?? 0) / (1 - b1 ** t))) / (Math.sqrt((v[i] ?? 0) / (1 - b2 ** t)) + eps),
    );
  }
  return theta;
}

const parameter = (): Parameter => new Parameter(tensor(start, { dtype: "float64" }));

function train(theta: Parameter, optimizer: Optimizer, steps: number, isCompiled: boolean): void {
  const step = (): Tensor => {
    const loss = lossOf(theta);
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    return loss;
  };
  const run = isCompiled ? compile(step) : step;
  for (let t = 0; t < steps; t++) run();
  if ("programCount" in run) expect(run.programCount).toBe(1);
}

describe.each([
  ["plain", false],
  ["compiled", true],
])("%s", (_, isCompiled) => {
  it.each<Optional<SGDSettings> & { lr: number }>([
    { lr: 0.05 },
    { lr: 0.05, weightDecay: 0.1 },
    { lr: 0.02, momentum: 0.9 },
    { lr: 0.02, momentum: 0.9, dampening: 0.4 },
    { lr: 0.02, momentum: 0.9, nesterov: true, weightDecay: 0.01 },
  ])("SGD %o", async (options) => {
    const theta = parameter();
    train(theta, new SGD([theta], options), 10, isCompiled);
    await expectClose(theta, sgd(10, options as Partial<SGDSettings> & { lr: number }), 1e-9);
  });

  it.each<AdamOptions>([
    { lr: 0.1 },
    { lr: 0.05, betas: [0.5, 0.9], eps: 1e-3, weightDecay: 0.1 },
    { lr: 0.1, betas: [0, 0.99] },
  ])("Adam %o", async (options) => {
    const theta = parameter();
    train(theta, new Adam([theta], options), 10, isCompiled);
    await expectClose(theta, adam(10, false, options), 1e-9);
  });

  it.each<AdamOptions>([
    { lr: 0.1, weightDecay: 0 },
    { lr: 0.05, weightDecay: 0.3 },
  ])("AdamW %o", async (options) => {
    const theta = parameter();
    train(theta, new AdamW([theta], options), 10, isCompiled);
    await expectClose(theta, adam(10, true, options), 1e-9);
  });
});

describe("learning rates and groups", () => {
  it("a new learning rate compiles nothing", async () => {
    const theta = parameter();
    const optimizer = new SGD([theta], { lr: 1 });
    const step = compile(() => {
      theta.sum().backward();
      optimizer.step();
      optimizer.zeroGrad();
    });
    for (const lr of [1, 0.5, 0.25]) {
      optimizer.lr = lr;
      step();
    }
    expect(step.programCount).toBe(1);
    expect(optimizer.lr).toBe(0.25);
    await expectClose(theta, [1 - 1.75, -2 - 1.75]);
  });

  it("groups have settings of their own", async () => {
    const [a, b] = [parameter(), parameter()];
    const optimizer = new SGD([{ params: [a] }, { params: [b], lr: 0.5, weightDecay: 1 }], { lr: 0.1 });
    a.sum().add(b.sum()).backward();
    optimizer.step();
    await expectClose(a, [0.9, -2.1]);
    await expectClose(b, [1 - 0.5 * 2, -2 - 0.5 * -1]);
    expect(optimizer.groups.map((group) => group.lr)).toEqual([0.1, 0.5]);
    optimizer.lr = 0.2;
    expect(optimizer.groups.map((group) => group.lr)).toEqual([0.2, 0.2]);
  });

  it("parameters without gradient stay, and count no step", async () => {
    const [a, b] = [parameter(), parameter()];
    const optimizer = new Adam([a, b], { lr: 0.1 });
    const step = (...used: Parameter[]): void => {
      for (const p of used) lossOf(p).backward();
      optimizer.step();
      optimizer.zeroGrad();
    };
    step(a);
    await expectClose(b, start);
    for (let t = 0; t < 3; t++) step(a, b);
    await expectClose(a, adam(4, false, { lr: 0.1 }), 1e-9);
    await expectClose(b, adam(3, false, { lr: 0.1 }), 1e-9);
  });

  it("gradients add up until they are forgotten", async () => {
    const theta = parameter();
    const optimizer = new SGD([theta], { lr: 1 });
    theta.sum().backward();
    theta.sum().backward();
    optimizer.step();
    await expectClose(theta, [-1, -4]);
    optimizer.zeroGrad();
    optimizer.step();
    await expectClose(theta, [-1, -4]);
  });
});

describe("state", () => {
  it("goes on where it was saved", async () => {
    const [theta, other] = [parameter(), parameter()];
    const optimizer = new Adam([theta], { lr: 0.1 });
    train(theta, optimizer, 4, false);
    const state = optimizer.stateDict();
    expect(Object.keys(state.state)).toEqual(["0.step", "0.expAvg", "0.expAvgSq"]);
    expect(await state.state["0.step"]?.item()).toBe(4);
    other.assign(theta.detach());
    const fresh = new Adam([other], { lr: 1 });
    fresh.loadStateDict(state);
    expect(fresh.lr).toBe(0.1);
    train(other, fresh, 6, true);
    await expectClose(other, adam(10, false, { lr: 0.1 }), 1e-9);
    await expectClose(theta, adam(4, false, { lr: 0.1 }), 1e-9);
  });

  it("refuses that of other parameters", () => {
    const optimizer = new Adam([parameter()]);
    expect(() => optimizer.loadStateDict(new Adam([new Parameter(zeros([3]))]).stateDict())).toThrow(StateDictError);
    expect(() => optimizer.loadStateDict({ state: {}, groups: [] })).toThrow(ArgumentError);
  });
});

it("refuses settings outside their domain", () => {
  const theta = parameter();
  expect(() => new SGD([theta], { lr: -1 })).toThrow("[optim] lr -1 must be a number of 0 or more");
  expect(() => new SGD([theta], { lr: NaN })).toThrow(ArgumentError);
  expect(() => new SGD([theta], { nesterov: true })).toThrow("[SGD] nesterov needs momentum");
  expect(() => new SGD([theta], { nesterov: true, momentum: 0.9, dampening: 0.1 })).toThrow(ArgumentError);
  expect(() => new Adam([theta], { betas: [0.9, 1] })).toThrow(ArgumentError);
  expect(() => new Adam([theta], { eps: -1 })).toThrow(ArgumentError);
  expect(() => new AdamW([theta], { weightDecay: -1 })).toThrow(ArgumentError);
  expect(() => new SGD([])).toThrow(ArgumentError);
  expect(() => new SGD([theta, theta])).toThrow("listed twice");
});
