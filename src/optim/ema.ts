import { ArgumentError } from "../core/errors.js";
import { Buffer, evaluatePending, noGrad, type Parameter, type StateTensor, type Tensor } from "../tensor/index.js";
import { readStateDict, writeStateDict, type NamedState, type StateDict } from "../tensor/state-dict.js";
import { requireShare } from "./domain.js";
import { scalarBeside } from "./group.js";
import type { Optional } from "./optimizer.js";

/** An exponential moving average of parameters: a ← decay·a + (1 − decay)·θ, beginning with their present values. */
export class EMA {
  readonly #averaged: readonly { readonly parameter: StateTensor; readonly average: Buffer }[];
  readonly #decay: number;
  #own: readonly Tensor[] | undefined;

  /** decay is 0.999 if not given. Throws ArgumentError for no parameters and a decay outside [0, 1). */
  constructor(parameters: Iterable<StateTensor>, { decay = 0.999 }: Optional<{ decay: number }> = {}) {
    this.#decay = requireShare("decay", decay);
    this.#averaged = [...parameters].map((parameter) => ({ parameter, average: averageOf(parameter) }));
    if (this.#averaged.length === 0)
      throw new ArgumentError("[EMA] expected a list of parameters, such as model.parameters(), that is not empty");
  }

  /** Takes the parameters in; called after the optimizer's step. Works in plain and in compiled functions. */
  update(): void {
    noGrad(() => {
      for (const { parameter, average } of this.#averaged)
        average.assign(average.add(parameter.sub(average).mul(1 - this.#decay)).astype(average.dtype));
    });
    evaluatePending();
  }

  /** Puts the averages in the parameters' place until `restore`. Throws ArgumentError where they are there already. */
  apply(): void {
    if (this.#own) throw new ArgumentError("[EMA] the averages are in place already: call restore() first");
    this.#own = this.#averaged.map(({ parameter }) => parameter.detach());
    for (const { parameter, average } of this.#averaged) parameter.assign(average.detach().astype(parameter.dtype));
    evaluatePending();
  }

  /** Puts the parameters' own values back. Throws ArgumentError without `apply`. */
  restore(): void {
    const own = this.#own;
    if (!own) throw new ArgumentError("[EMA] there is nothing to restore: call apply() first");
    this.#averaged.forEach(({ parameter }, i) => {
      const value = own[i];
      if (value) parameter.assign(value);
    });
    this.#own = undefined;
    evaluatePending();
  }

  /** The averages, by the parameter's number. */
  stateDict(): StateDict {
    return writeStateDict(this.#named());
  }

  /** Takes averages over. Throws StateDictError, before anything is changed, where they belong to other parameters. */
  loadStateDict(state: StateDict): void {
    readStateDict(this.#named(), state);
  }

  #named(): NamedState[] {
    return this.#averaged.map(({ average }, i) => ({ name: String(i), state: average }));
  }
}

/** Half floats would lose the small steps of an average. */
function averageOf(parameter: StateTensor): Buffer {
  const dtype = parameter.dtype === "float64" ? "float64" : "float32";
  return new Buffer(parameter.detach().astype(dtype), { device: parameter.device });
}

/** What an AveragedModel needs of a model. */
export interface Averageable {
  parameters(): Parameter[];
  buffers(): Buffer[];
  clone(): this;
  stateDict(): StateDict;
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
