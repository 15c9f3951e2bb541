import { describe, expect, it } from "vitest";
import { expectClose, useReference } from "../../test/values.js";
import {
  ArgumentError,
  compile,
  NonFiniteError,
  Parameter,
  tensor,
  trace,
  TraceError,
  zeros,
  type Tensor,
} from "../tensor/index.js";
import {
  Adam,
  AdamW,
  AveragedModel,
  clipGradNorm,
  clipGradValue,
  EMA,
  emaOf,
  l1Penalty,
  l2Penalty,
  LBFGS,
  NAdam,
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

describe("members of a group share their step count", () => {
  const lossOf = (theta: Tensor): Tensor => theta.pow(4).sum();
  const counts = async (optimizer: Optimizer, n: number): Promise<unknown[]> => {
    const { state } = optimizer.stateDict();
    return Promise.all(Array.from({ length: n }, (_, i) => state[`${i}.step`]?.item()));
  };

  it("the work beside the elements does not grow with their number", () => {
    const scalars = (n: number): number => {
      const parameters = Array.from({ length: n }, () => parameter([1, 2]));
      const optimizer = new NAdam(parameters);
      const graph = trace(() => {
        for (const theta of parameters) theta.grad = zeros([2], { dtype: "float64" });
        optimizer.step();
      });
      const seen = new Set<object>();
      let found = 0;
      const visit = (value: (typeof graph.outputs)[number]): void => {
        if (seen.has(value.node)) return;
        seen.add(value.node);
        if (value.shape.length === 0 && value.node.inputs.length > 0) found++;
        value.node.inputs.forEach(visit);
      };
      graph.outputs.forEach(visit);
      return found;
    };
    expect(scalars(50)).toBe(scalars(2));
  });

  it.each(plainAndCompiled)("until some of them miss a step, %s", async (_, made) => {
    const [a, b, c] = [parameter([1, -2]), parameter([1, -2]), parameter([1, -2])];
    const shared = new Adam([a, b, c], { lr: 0.1 });
    const alone = [parameter([1, -2]), parameter([1, -2])] as const;
    const ownOptimizers = alone.map((theta) => new Adam([theta], { lr: 0.1 }));
    const backward = (...used: Parameter[]): void => {
      for (const theta of used) lossOf(theta).backward();
    };
    const all = made(() => {
      backward(a, b, c);
      shared.step();
      shared.zeroGrad();
    });
    const some = made(() => {
      backward(a);
      shared.step();
      shared.zeroGrad();
    });
    // Two steps in one call, the second of which parts what the first one shared.
    const both = made(() => {
      backward(a, b, c);
      shared.step();
      shared.zeroGrad();
      backward(a, b);
      shared.step();
      shared.zeroGrad();
    });
    for (const run of [all, some, all, both, all, both, some]) run();
    expect(await counts(shared, 3)).toEqual([9, 7, 5]);
    for (const [i, times] of [9, 7].entries()) {
      for (let t = 0; t < times; t++) {
        lossOf(alone[i] ?? a).backward();
        ownOptimizers[i]?.step();
        ownOptimizers[i]?.zeroGrad();
      }
    }
    expect([...(await a.data())]).toEqual([...(await alone[0].data())]);
    expect([...(await b.data())]).toEqual([...(await alone[1].data())]);
  });

  it("and states know who shares", async () => {
    const make = (): [Parameter[], Adam] => {
      const parameters = [parameter([1]), parameter([2]), parameter([3])];
      return [parameters, new Adam(parameters, { lr: 0.1 })];
    };
    const step = ([parameters, optimizer]: [Parameter[], Adam], used: number): void => {
      for (const theta of parameters.slice(0, used)) lossOf(theta).backward();
      optimizer.step();
      optimizer.zeroGrad();
    };
    const first = make();
    step(first, 3);
    step(first, 2);
    const { state, groups } = first[1].stateDict();
    expect(groups).toEqual([{ lr: 0.1, momentum: 0.9, shares: [0, 0, 1] }]);
    for (const shares of [groups, [{ lr: 0.1 }]]) {
      const second = make();
      for (const [i, theta] of second[0].entries()) theta.assign(first[0][i]?.detach() ?? 0);
      second[1].loadStateDict({ state, groups: JSON.parse(JSON.stringify(shares)) as typeof groups });
      expect(await counts(second[1], 3)).toEqual([2, 2, 1]);
      step(second, 3);
      expect(await counts(second[1], 3)).toEqual([3, 3, 2]);
    }
  });
});

describe("addParamGroup", () => {
  it.each(plainAndCompiled)("has later parameters trained with settings of their own, %s", async (_, made) => {
    const [a, b] = [parameter([1]), parameter([1])];
    const optimizer = new SGD([a], { lr: 0.5 });
    const step = made(() => {
      a.sum().add(b.sum()).backward();
      optimizer.step();
      optimizer.zeroGrad();
    });
    step();
    b.grad = null;
    optimizer.addParamGroup({ params: [b], lr: 0.25, maximize: true });
    step();
    await expectClose(a, [0]);
    await expectClose(b, [1.25]);
    expect(() => optimizer.addParamGroup({ params: [a] })).toThrow("listed twice");
  });
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
