import { ArgumentError } from "../core/errors.js";
import { Buffer, evaluatePending, noGrad, type StateTensor, type Tensor } from "../tensor/index.js";
import { readStateDict, writeStateDict, type NamedState, type StateDict } from "../tensor/state-dict.js";
import { requireShare } from "./domain.js";
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
