import { describe, expect, it } from "vitest";
import { expectClose, useReference } from "../../test/values.js";
import {
  ArgumentError,
  compile,
  NonFiniteError,
  Parameter,
  tensor,
  TraceError,
  zeros,
  type Tensor,
} from "../tensor/index.js";
import {
  Adam,
  AdamW,
  AveragedModel,
  clipGradNorm,
  gradNorm,
  clipGradValue,
  EMA,
  emaOf,
  l1Penalty,
  l2Penalty,
  LBFGS,
  OneCycleLR,
  SGD,
  type Averageable,
  type Optimizer,
} from "./index.js";

useReference();

const parameter = (values: readonly number[]): Parameter => new Parameter(tensor(values, { dtype: "float64" }));
const plainAndCompiled = [
  ["plain", (fn: () => void) => fn],
  ["compiled", (fn: () => void) => compile(fn) as () => void],
] as const;

describe.each(plainAndCompiled)("%s", (_, made) => {
  it.each([
    [2, 5],
    [1, 7],
    [Infinity, 4],
    [3, 91 ** (1 / 3)],
  ])("clipGradNorm scales all gradients to a norm of order %d", async (normType, norm) => {
    const [a, b, unused] = [parameter([1, 1]), parameter([1]), parameter([1])];
    const total = parameter([0]);
    const step = made(() => {
      a.mul(tensor([3, 0], { dtype: "float64" })).sum().add(b.mul(-4).sum()).backward();
      total.assign(clipGradNorm([a, b, unused], 2, { normType }).reshape([1]));
    });
    step();
    await expectClose(total, [norm], 1e-9);
    if (!a.grad || !b.grad) throw new TypeError("no gradients");
    await expectClose(a.grad, [(3 * 2) / (norm + 1e-6), 0], 1e-9);
    await expectClose(b.grad, [(-4 * 2) / (norm + 1e-6)], 1e-9);
    expect(unused.grad).toBeNull();
  });

  it("gradNorm is the norm of all gradients, and changes none", async () => {
    const [a, b, unused] = [parameter([1, 1]), parameter([1]), parameter([1])];
    const [two, one, most] = [parameter([0]), parameter([0]), parameter([0])];
    const step = made(() => {
      a.mul(tensor([3, 0], { dtype: "float64" })).sum().add(b.mul(-4).sum()).backward();
      two.assign(gradNorm([a, b, unused]).reshape([1]));
      one.assign(gradNorm([a, b, unused], 1).reshape([1]));
      most.assign(gradNorm([a, b, unused], Infinity).reshape([1]));
    });
    step();
    await expectClose(two, [5], 1e-9);
    await expectClose(one, [7], 1e-9);
    await expectClose(most, [4], 1e-9);
    if (!a.grad) throw new TypeError("no gradient");
    await expectClose(a.grad, [3, 0], 1e-9);
    expect(await gradNorm([unused]).item()).toBe(0);
    expect(() => gradNorm([a], 0)).toThrow("[gradNorm] normType 0 must be above 0");
  });

  it("clipGradNorm leaves small gradients as they are, and clipGradValue limits each element", async () => {
    const theta = parameter([0.5, -3]);
    const small = made(() => {
      theta.square().sum().backward();
      clipGradNorm([theta], 100);
    });
    small();
    await expectClose(theta.grad ?? zeros([]), [1, -6]);
    const limited = made(() => {
      theta.grad = null;
      theta.square().sum().backward();
      clipGradValue([theta], 2);
    });
    limited();
    await expectClose(theta.grad ?? zeros([]), [1, -2]);
  });

  it("k micro-batches are one batch", async () => {
    const batch = [1, -2, 3, 0.5, -1, 4];
    const run = async (size: number): Promise<ArrayLike<number>> => {
      const theta = parameter([0.3, -0.8]);
      const optimizer = new AdamW([theta], { lr: 0.1 });
      const parts = Array.from({ length: batch.length / size }, (__, i) =>
        tensor(batch.slice(i * size, (i + 1) * size), { dtype: "float64" }),
      );
      const accumulate = parts.map((x) =>
        made(() => x.reshape([-1, 1]).mul(theta).tanh().square().sum().div(batch.length).backward()),
      );
      const step = made(() => {
        optimizer.step();
        optimizer.zeroGrad();
      });
      for (let t = 0; t < 4; t++) {
        for (const backward of accumulate) backward();
        step();
      }
      return theta.data();
    };
    await expectClose(tensor(Array.from(await run(2)), { dtype: "float64" }), Array.from(await run(6)), 1e-12);
  });

  it("EMA follows the parameters, and takes their place for a while", async () => {
    const theta = parameter([1, 2]);
    const ema = new EMA([theta], { decay: 0.75 });
    const step = made(() => {
      theta.assign(theta.mul(2));
      ema.update();
    });
    step();
    step();
    const expected = [1, 2].map((v) => 0.75 * (0.75 * v + 0.25 * 2 * v) + 0.25 * 4 * v);
    ema.apply();
    await expectClose(theta, expected, 1e-12);
    expect(() => ema.apply()).toThrow(ArgumentError);
    ema.restore();
    await expectClose(theta, [4, 8]);
    expect(() => ema.restore()).toThrow(ArgumentError);
    const other = new EMA([parameter([0, 0])]);
    other.loadStateDict(ema.stateDict());
    await expectClose(other.stateDict()["0"] ?? zeros([]), expected, 1e-12);
  });

  it("AveragedModel is the mean of what it saw, or an exponential average", async () => {
    class Model implements Averageable {
      readonly theta: Parameter;
      constructor(theta = parameter([1, 2])) {
        this.theta = theta;
      }
      parameters = (): Parameter[] => [this.theta];
      buffers = (): [] => [];
      clone = (): this => new Model(new Parameter(this.theta.detach())) as this;
      stateDict = (): { theta: Tensor } => ({ theta: this.theta.detach() });
      loadStateDict = ({ theta }: { readonly [name: string]: Tensor }): void => {
        if (theta) this.theta.assign(theta);
      };
    }
    const model = new Model();
    const [mean, ema] = [new AveragedModel(model), new AveragedModel(model, { avgFn: emaOf(0.5) })];
    const step = made(() => {
      model.theta.assign(model.theta.mul(2));
      mean.updateParameters(model);
      ema.updateParameters(model);
    });
    for (let t = 0; t < 3; t++) step();
    await expectClose(mean.module.theta, [14 / 3, 28 / 3], 1e-12);
    await expectClose(ema.module.theta, [5.5, 11], 1e-12);
    const resumed = new AveragedModel(new Model());
    resumed.loadStateDict(mean.stateDict());
    resumed.updateParameters(model);
    await expectClose(resumed.module.theta, [22 / 4, 44 / 4], 1e-12);
  });

  it("one-cycle schedules change rate and momentum of a running optimizer", async () => {
    const run = async (optimizer: Optimizer, theta: Parameter): Promise<number[]> => {
      const schedule = new OneCycleLR(optimizer, 0.1, { totalSteps: 8 });
      const step = made(() => {
        theta.square().sum().backward();
        optimizer.step();
        optimizer.zeroGrad();
      });
      for (let t = 0; t < 8; t++) {
        step();
        schedule.step();
      }
      if ("programCount" in step) expect(step.programCount).toBe(1);
      return [...(await theta.data())];
    };
    const theta = parameter([1, -2]);
    const found = await run(new SGD([theta], { momentum: 0.9 }), theta);
    // By hand: the same cycle with plain numbers.
    const cosine = (a: number, b: number, share: number): number => b + ((a - b) / 2) * (Math.cos(Math.PI * share) + 1);
    let [value, velocity] = [1, 0];
    for (let t = 0; t < 8; t++) {
      const rising = t <= 1.4;
      const share = rising ? t / 1.4 : (t - 1.4) / 5.6;
      const lr = rising ? cosine(0.004, 0.1, share) : cosine(0.1, 4e-7, share);
      velocity = (rising ? cosine(0.95, 0.85, share) : cosine(0.85, 0.95, share)) * velocity + 2 * value;
      value -= lr * velocity;
    }
    await expectClose(tensor(found, { dtype: "float64" }), [value, -2 * value], 1e-9);
    const other = parameter([1]);
    await run(new Adam([other]), other);
  });
});

it("clipGradNorm names a norm that is not finite, if asked", () => {
  const theta = parameter([0]);
  theta.log().sum().backward();
  expect(() => clipGradNorm([theta], 1, { errorIfNonfinite: true })).toThrow(NonFiniteError);
  expect(() => compile(() => clipGradNorm([theta], 1, { errorIfNonfinite: true }))()).toThrow(TraceError);
  expect(() => clipGradNorm([theta], -1)).toThrow(ArgumentError);
  expect(() => clipGradNorm([theta], 1, { normType: 0 })).toThrow(ArgumentError);
});

it("penalties are sums over all elements, and have their gradients", async () => {
  const [a, b] = [parameter([1, -2]), parameter([3])];
  const loss = l1Penalty([a, b], 0.5).add(l2Penalty([a], 0.1));
  await expectClose(loss, 3.5);
  loss.backward();
  await expectClose(a.grad ?? zeros([]), [0.5 + 0.2, -0.5 - 0.4]);
  expect(() => l1Penalty([], 1)).toThrow(ArgumentError);
});

it("LBFGS finds the minimum of Rosenbrock's function, and refuses what it cannot do", async () => {
  const theta = parameter([-1.2, 1]);
  const optimizer = new LBFGS([theta], { lineSearchFn: "strongWolfe", maxIter: 100, toleranceChange: 1e-15 });
  const closure = (): Tensor => {
    optimizer.zeroGrad();
    const [x, y] = [theta.at(0), theta.at(1)];
    const loss = y.sub(x.square()).square().mul(100).add(x.mul(-1).add(1).square());
    loss.backward();
    return loss;
  };
  expect(await optimizer.step(closure)).toBeCloseTo(24.2, 10);
  await expectClose(theta, [1, 1], 1e-6);
  expect(() => new LBFGS([])).toThrow(ArgumentError);
  const { state } = optimizer.stateDict();
  expect(() => optimizer.loadStateDict({ state: {}, groups: [{ lr: 1 }], progress: { iterations: 3, ro: [] } })).toThrow(
    ArgumentError,
  );
  expect(Object.keys(state)).toContain("direction.0");
});
