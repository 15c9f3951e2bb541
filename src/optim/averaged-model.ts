import { evaluatePending, noGrad, type Buffer, type Parameter, type StateTensor, type Tensor } from "../tensor/index.js";
import { readStateDict, type StateDict } from "../tensor/state-dict.js";
import { requireShare } from "./domain.js";
import { scalarBeside } from "./group.js";
import type { Optional } from "./optimizer.js";

/** What an AveragedModel needs of a model. */
export interface Averageable {
  /** The weights. */
  parameters(): Parameter[];
  /** What is kept but not trained. */
  buffers(): Buffer[];
  /** A copy with parameters and buffers of its own. */
  clone(): this;
  /** Parameters and buffers by name. */
  stateDict(): StateDict;
  /** Takes them over by name. */
  loadStateDict(state: StateDict): unknown;
}

export interface AveragedModelOptions {
  /** The next average from the last one, the model's value and how many were averaged; the mean of all if not given. */
  readonly avgFn: (average: Tensor, value: Tensor, count: Tensor) => Tensor;
  /** Whether buffers of floats, such as running means, are averaged too; false if not given. */
  readonly useBuffers: boolean;
}

/**
 * A copy of a model whose weights are the mean of those that `updateParameters` saw. Izmailov et al. 2018; with
 * `avgFn: emaOf(0.999)` an exponential moving average.
 */
export class AveragedModel<M extends Averageable> {
  /** The averaged model. */
  readonly module: M;
  /** How many weights were averaged, a scalar. */
  readonly nAveraged: Buffer;
  readonly #avgFn: AveragedModelOptions["avgFn"];
  readonly #useBuffers: boolean;

  constructor(model: M, { avgFn = meanOf, useBuffers = false }: Optional<AveragedModelOptions> = {}) {
    this.module = model.clone();
    this.#avgFn = avgFn;
    this.#useBuffers = useBuffers;
    this.nAveraged = scalarBeside(model.parameters(), 0);
  }

  /** Takes the model's weights in: the first ones are copied. Works in plain and in compiled functions. */
  updateParameters(model: M): void {
    noGrad(() => {
      const from = this.#states(model);
      this.#states(this.module).forEach((average, i) => {
        const value = from[i];
        if (!value) return;
        const next = this.#avgFn(average.detach(), value.detach(), this.nAveraged);
        average.assign(value.detach().where(this.nAveraged.eq(0), next).astype(average.dtype));
      });
      this.nAveraged.assign(this.nAveraged.add(1));
    });
    evaluatePending();
  }

  /** The averages as "module.…" and their number as "nAveraged". */
  stateDict(): StateDict {
    const entries = Object.entries(this.module.stateDict()).map(([name, value]) => [`module.${name}`, value] as const);
    return { nAveraged: this.nAveraged.detach(), ...Object.fromEntries(entries) };
  }

  /** Takes averages over. Throws StateDictError where they belong to another model. */
  loadStateDict(state: StateDict): void {
    const inner = Object.entries(state).flatMap(([name, value]) =>
      name.startsWith("module.") ? [[name.slice("module.".length), value] as const] : [],
    );
    this.module.loadStateDict(Object.fromEntries(inner));
    readStateDict([{ name: "nAveraged", state: this.nAveraged }], state, { strict: false });
  }

  #states(model: M): StateTensor[] {
    return this.#useBuffers ? [...model.parameters(), ...model.buffers()] : model.parameters();
  }
}

/** The average function of an exponential moving average: decay·a + (1 − decay)·θ. */
export function emaOf(decay: number): AveragedModelOptions["avgFn"] {
  requireShare("decay", decay);
  return (average, value) => average.add(value.sub(average).mul(1 - decay));
}

function meanOf(average: Tensor, value: Tensor, count: Tensor): Tensor {
  return average.add(value.sub(average).div(count.add(1)));
}
