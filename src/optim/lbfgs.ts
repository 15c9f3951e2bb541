import { ArgumentError, TraceError } from "../core/errors.js";
import { tracing } from "../runtime/cell.js";
import { enableGrad, evaluatePending, noGrad, zeros, type Parameter, type Tensor } from "../tensor/index.js";
import type { StateDict } from "../tensor/state-dict.js";
import { requireAtLeast } from "./domain.js";
import { strongWolfe, type LinePoint } from "./line-search.js";
import type { Optional } from "./optimizer.js";
import type { Plain } from "./schedule.js";

export interface LBFGSOptions {
  /** The length of a step, or the first one that the line search tries; 1 if not given. */
  readonly lr: number;
  /** Most iterations of one step; 20 if not given. */
  readonly maxIter: number;
  /** Most evaluations of the closure in one step; maxIter · 1.25 if not given. */
  readonly maxEval: number;
  /** Ends a step where no element of the gradient is larger; 1e-7 if not given. */
  readonly toleranceGrad: number;
  /** Ends a step where neither the loss nor a parameter changes by more; 1e-9 if not given. */
  readonly toleranceChange: number;
  /** How many past changes the curvature is estimated from; 100 if not given. */
  readonly historySize: number;
  /** How the length of a step is found; lr if not given. */
  readonly lineSearchFn: "strongWolfe" | undefined;
}

/** All that LBFGS has learned. */
export interface LBFGSState {
  readonly state: StateDict;
  readonly groups: readonly { readonly lr: number }[];
  readonly progress: { readonly [name: string]: Plain };
}

/** One tensor for each parameter. */
type Vector = readonly Tensor[];

/** A step that was taken, how it changed the gradient, and 1 / (step · change). */
interface Change {
  readonly step: Vector;
  readonly change: Vector;
  readonly ro: number;
}

/**
 * Quasi-Newton steps whose curvature is estimated from the last changes of the gradient, for losses without noise: several
 * evaluations for each step. It decides by numbers that it reads, so that `step` is asynchronous and cannot be compiled; its
 * closure can. Liu and Nocedal 1989, in PyTorch's form.
 */
export class LBFGS {
  readonly groups: readonly [{ lr: number; initialLr?: number | undefined }];
  readonly #parameters: readonly Parameter[];
  readonly #options: Omit<LBFGSOptions, "lr">;
  #history: Change[] = [];
  #direction: Vector = [];
  #gradient: Vector = [];
  #stepSize = 0;
  #scale = 1;
  #iterations = 0;
  #evaluations = 0;

  /** Throws ArgumentError for no parameters and settings outside their domain. */
  constructor(
    params: Iterable<Parameter>,
    {
      lr = 1,
      maxIter = 20,
      maxEval = Math.floor(maxIter * 1.25),
      toleranceGrad = 1e-7,
      toleranceChange = 1e-9,
      historySize = 100,
      lineSearchFn,
    }: Optional<LBFGSOptions> = {},
  ) {
    this.#parameters = [...new Set(params)];
    if (this.#parameters.length === 0)
      throw new ArgumentError("[LBFGS] expected a list of parameters, such as model.parameters(), that is not empty");
    this.groups = [{ lr: requireAtLeast("lr", lr, 0) }];
    requireAtLeast("maxIter", maxIter, 1);
    requireAtLeast("historySize", historySize, 1);
    this.#options = { maxIter, maxEval, toleranceGrad, toleranceChange, historySize, lineSearchFn };
  }

  /** The learning rate. */
  get lr(): number {
    return this.groups[0].lr;
  }

  set lr(lr: number) {
    this.groups[0].lr = requireAtLeast("lr", lr, 0);
  }

  /** How often the closure was called. */
  get evaluations(): number {
    return this.#evaluations;
  }

  /** How many directions were taken. */
  get iterations(): number {
    return this.#iterations;
  }

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    for (const parameter of this.#parameters) parameter.grad = null;
  }

  /**
   * Takes up to maxIter quasi-Newton steps. The closure forgets the gradients, computes the loss, calls `backward` and gives
   * the loss. Gives the first loss. Throws TraceError in a compiled function.
   */
  async step(closure: () => Tensor | Promise<Tensor>): Promise<number> {
    if (tracing.current)
      throw new TraceError("[LBFGS] step reads the loss and cannot be compiled: compile the closure instead");
    const { maxIter, maxEval, toleranceGrad, toleranceChange, historySize } = this.#options;
    let [loss, gradient] = await this.#evaluate(closure);
    const firstLoss = loss;
    const before = this.#evaluations - 1;
    if ((await largest(gradient)) <= toleranceGrad) return firstLoss;

    for (let n = 1; n <= maxIter; n++) {
      this.#iterations++;
      if (this.#iterations > 1) await this.#remember(gradient, historySize);
      this.#direction = noGrad(() => this.#newDirection(gradient));
      this.#gradient = gradient;
      const lastLoss = loss;
      this.#stepSize = this.#iterations > 1 ? this.lr : Math.min(1, 1 / (await absoluteSum(gradient))) * this.lr;
      const slope = await dot(gradient, this.#direction).item();
      if (slope > -toleranceChange) break;

      const start = this.#parameters.map((parameter) => parameter.detach());
      const longest = await largest(this.#direction);
      if (this.#options.lineSearchFn) {
        const at = (t: number): Promise<LinePoint> => this.#pointAt(closure, start, t);
        const found = await strongWolfe(at, { t: 0, loss, gradient, slope }, this.#stepSize, longest);
        ({ loss, gradient } = found);
        this.#stepSize = found.t;
        this.#moveTo(start, this.#stepSize);
      } else {
        this.#moveTo(start, this.#stepSize);
        // Nobody would use what the last iteration finds.
        if (n < maxIter) [loss, gradient] = await this.#evaluate(closure);
      }
      if (n === maxIter || this.#evaluations - before >= maxEval) break;
      if ((await largest(gradient)) <= toleranceGrad) break;
      if (longest * this.#stepSize <= toleranceChange) break;
      if (Math.abs(loss - lastLoss) < toleranceChange) break;
    }
    return firstLoss;
  }

  /** What the optimizer knows of the curvature. */
  stateDict(): LBFGSState {
    const named = (name: string, vector: Vector): [string, Tensor][] => vector.map((x, i) => [`${name}.${i}`, x.detach()]);
    return {
      state: Object.fromEntries([
        ...named("direction", this.#direction),
        ...named("gradient", this.#gradient),
        ...this.#history.flatMap(({ step, change }, i) => [...named(`step.${i}`, step), ...named(`change.${i}`, change)]),
      ]),
      groups: [{ lr: this.lr }],
      progress: {
        stepSize: this.#stepSize,
        scale: this.#scale,
        iterations: this.#iterations,
        evaluations: this.#evaluations,
        ro: this.#history.map(({ ro }) => ro),
      },
    };
  }

  /** Takes over a state. Throws ArgumentError, before anything is changed, where it belongs to other parameters. */
  loadStateDict({ state, groups, progress }: LBFGSState): void {
    const vector = (name: string): Vector =>
      this.#parameters.map(({ shape, dtype, device }, i) => {
        const value = state[`${name}.${i}`];
        if (!value || value.shape.join() !== shape.join()) {
          throw new ArgumentError(
            `[LBFGS] the state's ${name}.${i} ${value ? `has shape [${value.shape.join()}]` : "is missing"}, and the parameter [${shape.join()}]`,
          );
        }
        return value.to(device).astype(dtype);
      });
    const ro = Array.isArray(progress.ro) ? progress.ro.map(Number) : [];
    const history = ro.map((value, i) => ({ step: vector(`step.${i}`), change: vector(`change.${i}`), ro: value }));
    const iterations = Number(progress.iterations);
    const [direction, gradient] = iterations > 0 ? [vector("direction"), vector("gradient")] : [[], []];
    this.#history = history;
    this.#direction = direction;
    this.#gradient = gradient;
    this.#iterations = iterations;
    this.#evaluations = Number(progress.evaluations);
    this.#stepSize = Number(progress.stepSize);
    this.#scale = Number(progress.scale);
    this.lr = groups[0]?.lr ?? this.lr;
  }

  async #evaluate(closure: () => Tensor | Promise<Tensor>): Promise<[loss: number, gradient: Vector]> {
    this.#evaluations++;
    const loss = await enableGrad(closure);
    const gradient = this.#parameters.map(
      (parameter) => parameter.grad?.detach() ?? zeros(parameter.shape, { dtype: parameter.dtype, device: parameter.device }),
    );
    return [await loss.item(), gradient];
  }

  /** The loss at t along the direction; the parameters stay there. */
  async #pointAt(closure: () => Tensor | Promise<Tensor>, start: Vector, t: number): Promise<LinePoint> {
    this.#moveTo(start, t);
    const [loss, gradient] = await this.#evaluate(closure);
    return { t, loss, gradient, slope: await dot(gradient, this.#direction).item() };
  }

  #moveTo(start: Vector, t: number): void {
    noGrad(() => {
      this.#parameters.forEach((parameter, i) => {
        const [from, direction] = [start[i], this.#direction[i]];
        if (from && direction) parameter.assign(from.add(direction.mul(t)));
      });
    });
    evaluatePending();
  }

  /** Keeps the last step and how it changed the gradient, if the loss curves upwards along it. */
  async #remember(gradient: Vector, historySize: number): Promise<void> {
    const change = combine(gradient, this.#gradient, -1);
    const step = this.#direction.map((x) => x.mul(this.#stepSize));
    evaluatePending([...change, ...step]);
    const curvature = await dot(change, step).item();
    if (curvature <= 1e-10) return;
    if (this.#history.length >= historySize) this.#history.shift();
    this.#history.push({ step, change, ro: 1 / curvature });
    this.#scale = curvature / (await dot(change, change).item());
  }

  /** Minus the inverse of the estimated curvature times the gradient, by the recursion of two loops. */
  #newDirection(gradient: Vector): Vector {
    let q: Vector = gradient.map((g) => g.neg());
    const shares: Tensor[] = [];
    // Each turn is computed by itself: the same small program for all, whatever the history's length.
    for (const { step, change, ro } of [...this.#history].reverse()) {
      const share = dot(step, q).mul(ro);
      q = combine(q, change, share.neg());
      evaluatePending([...q, share]);
      shares.push(share);
    }
    if (this.#history.length > 0) q = q.map((x) => x.mul(this.#scale));
    for (const { step, change, ro } of this.#history) {
      const share = shares.pop()?.sub(dot(change, q).mul(ro));
      if (share) q = combine(q, step, share);
      evaluatePending(q);
    }
    evaluatePending(q);
    return q;
  }
}

/** a + factor·b. */
function combine(a: Vector, b: Vector, factor: Tensor | number): Vector {
  return a.map((x, i) => x.add(b[i]?.mul(factor) ?? 0));
}

function dot(a: Vector, b: Vector): Tensor {
  return a.map((x, i) => x.mul(b[i] ?? 0).sum()).reduce((total, part) => total.add(part));
}

function largest(x: Vector): Promise<number> {
  return x.map((part) => part.abs().max()).reduce((most, part) => most.maximum(part)).item();
}

function absoluteSum(x: Vector): Promise<number> {
  return x.map((part) => part.abs().sum()).reduce((total, part) => total.add(part)).item();
}
