import { describe, expect, test } from "vitest";
import { compile, concat, device, optim, Parameter, stack, tensor, type Backend, type Tensor } from "../../src/node.js";
import { firstDifference, readGolden } from "./golden.js";
import { testedDevices } from "../tested-devices.js";

interface Run {
  readonly optimizer: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** p and q after each step. */
  readonly trajectory: readonly (readonly number[])[];
}

interface LBFGSRun extends Omit<Run, "optimizer"> {
  readonly losses: readonly number[];
  readonly evaluations: number;
  readonly iterations: number;
}

const { runs, lbfgs } = readGolden<{ runs: readonly Run[]; lbfgs: readonly LBFGSRun[] }>("optimizers");

/** The numbers of scripts/goldens/optimizers.py, which states the loss. */
const problem = { s: [1, 0.5, 2], w: [0.5, -1, 0.75], u: [1, -0.5], p: [1.25, -1.5, 0.75], q: [-0.5, 1.75] };

/** All runs on one device, each with parameters of its own; every step takes all of them. */
class Players {
  readonly #all: readonly { readonly p: Parameter; readonly q: Parameter; readonly optimizer: optim.Optimizer }[];
  readonly #on: Backend;

  constructor(on: Backend) {
    this.#on = on;
    this.#all = runs.map(({ optimizer, options }) => {
      const [p, q] = [new Parameter(this.#made(problem.p)), new Parameter(this.#made(problem.q))];
      const constructor = new Map<string, unknown>(Object.entries(optim)).get(optimizer);
      if (typeof constructor !== "function") throw new TypeError(`optim has no ${optimizer}`);
      return { p, q, optimizer: Reflect.construct(constructor, [[p, q], options]) as optim.Optimizer };
    });
  }

  step(): void {
    const [s, w, u] = [this.#made(problem.s), this.#made(problem.w), this.#made(problem.u)];
    const p = stack(this.#all.map((player) => player.p));
    const q = stack(this.#all.map((player) => player.q));
    const sum = p.mul(w).sum(1).sub(q.square().mul(u).sum(1));
    p.pow(4).mul(s).sum().div(4).add(sum.square().sum().div(2)).add(q.pow(4).sum().div(8)).backward();
    for (const { optimizer } of this.#all) {
      optimizer.step();
      optimizer.zeroGrad();
    }
  }

  /** p and q of each run, one after another. */
  places(): Tensor {
    return concat(this.#all.flatMap(({ p, q }) => [p, q]));
  }

  /** Goes on where others are. */
  resume(from: Players): void {
    this.#all.forEach(({ p, q, optimizer }, i) => {
      const other = from.#all[i];
      if (!other) return;
      p.assign(other.p.detach());
      q.assign(other.q.detach());
      const { state, groups } = other.optimizer.stateDict();
      optimizer.loadStateDict({ state, groups: JSON.parse(JSON.stringify(groups)) as typeof groups });
    });
  }

  #made(numbers: readonly number[]): Tensor {
    return tensor(numbers, { device: this.#on });
  }
}

/** Takes fifty steps; from the half on, others that were given the state take them too. */
async function follow(name: string, made: (fn: () => void) => () => void): Promise<void> {
  const on = device(name);
  const [players, resumed] = [new Players(on), new Players(on)];
  const [step, resumedStep] = [made(() => players.step()), made(() => resumed.step())];
  const differences: string[] = [];
  for (let t = 0; t < 50; t++) {
    if (t === 25) resumed.resume(players);
    step();
    if (t >= 25) resumedStep();
    const all = Array.from(await players.places().data());
    for (const [i, { optimizer, options, trajectory }] of runs.entries()) {
      const difference = firstDifference(all.slice(5 * i, 5 * i + 5), trajectory[t] ?? [], 1e-4);
      if (difference) differences.push(`${optimizer} ${JSON.stringify(options)} step ${t}: ${difference}`);
    }
  }
  expect(differences).toEqual([]);
  expect(Array.from(await resumed.places().data())).toEqual(Array.from(await players.places().data()));
}

describe("fifty steps of every optimizer are PyTorch's, and resumed ones the same bit by bit", () => {
  test("plain, on reference", () => follow("reference", (fn) => fn));
  test.each(testedDevices)("compiled, on %s", (name) => follow(name, (fn) => compile(fn)));
});

describe.each(testedDevices.filter((name) => device(name).supports("float64")))("LBFGS takes PyTorch's steps on %s", (name) => {
  const on = device(name);
  // As in the goldens: the curvature comes from differences of gradients, which float32 takes digits from.
  const made = (numbers: readonly number[]): Tensor => tensor(numbers, { device: on, dtype: "float64" });
  const [s, w, u] = [made(problem.s), made(problem.w), made(problem.u)];
  const [p, q] = [new Parameter(made(problem.p)), new Parameter(made(problem.q))];
  const lossOf = compile(() => {
    p.grad = null;
    q.grad = null;
    const sum = p.mul(w).sum().sub(q.square().mul(u).sum());
    const loss = p.pow(4).mul(s).sum().div(4).add(sum.square().div(2)).add(q.pow(4).sum().div(8));
    loss.backward();
    return loss;
  });

  test.each(lbfgs.map((run) => [JSON.stringify(run.options), run] as const))("%s", async (_, run) => {
    p.assign(made(problem.p));
    q.assign(made(problem.q));
    let optimizer = new optim.LBFGS([p, q], run.options);
    for (const [t, place] of run.trajectory.entries()) {
      const loss = await optimizer.step(lossOf);
      expect(firstDifference([loss], [run.losses[t] ?? NaN], 1e-6), `loss ${t}`).toBeUndefined();
      expect(firstDifference([...(await p.data()), ...(await q.data())], place, 1e-6), `step ${t}`).toBeUndefined();
      if (t !== 2) continue;
      const state = optimizer.stateDict();
      optimizer = new optim.LBFGS([p, q], run.options);
      optimizer.loadStateDict(state);
    }
    expect(optimizer.evaluations).toBe(run.evaluations);
    expect(optimizer.iterations).toBe(run.iterations);
  });
});
