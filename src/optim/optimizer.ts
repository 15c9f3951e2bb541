import { ArgumentError } from "../core/errors.js";
import { evaluatePending, modeChanged, noGrad, Parameter, readMode, type Buffer, type Tensor } from "../tensor/index.js";
import { readStateDict, writeStateDict, type NamedState, type StateDict } from "../tensor/state-dict.js";
import { Group, scalarBeside, type ParameterState } from "./group.js";

/** Options of which each may be left out. */
export type Optional<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Parameters with settings of their own; what is left out is taken from the optimizer's options. */
export type ParameterGroup<Settings> = { readonly params: Iterable<Parameter> } & Optional<
  Settings & { readonly lr: number }
>;

/** Parameters that share all settings, or groups of them. */
export type Optimized<Settings> = Iterable<Parameter> | Iterable<ParameterGroup<Settings>>;

/** Settings that every optimizer has. */
export interface CommonSettings {
  /** Climbs instead of descending; false if not given. */
  readonly maximize: boolean;
}

/** What an optimizer's state says of one group; JSON can hold it. */
export interface GroupState {
  readonly lr: number;
  readonly momentum?: number | undefined;
  /** For each parameter the number of the step count that it shares. Without it each has its own. */
  readonly shares?: readonly number[] | undefined;
}

/** All that an optimizer has learned: values named by the parameter's number and their own name, such as "0.expAvg". */
export interface OptimizerState {
  readonly state: StateDict;
  readonly groups: readonly GroupState[];
}

/** Makes a number beside the parameters of a group. */
export type MakeScalar = (value: number) => Buffer;

/**
 * Changes parameters by their gradients. Settings that choose code are fixed at construction; the learning rate and the
 * momentum may change at any time. `step` works in plain and in compiled functions.
 */
export abstract class Optimizer<
  Settings extends CommonSettings = CommonSettings,
  State extends ParameterState = ParameterState,
  Common extends ParameterState = ParameterState,
  Scalars = unknown,
> {
  readonly #groups: Group<Settings, State, Common>[] = [];
  readonly #defaults: Settings;
  readonly #lr: number;
  readonly #seen = new Set<Parameter>();

  /** Throws ArgumentError for no parameters, one that comes twice, and settings outside their domain. */
  constructor(params: Optimized<Settings>, lr: number, defaults: Settings) {
    this.#defaults = defaults;
    this.#lr = lr;
    const given: readonly (Parameter | ParameterGroup<Settings>)[] = [...params];
    const alone = given.filter((item) => item instanceof Parameter);
    const sets = given.filter((item) => !(item instanceof Parameter));
    if (given.length === 0 || (alone.length > 0 && sets.length > 0)) {
      throw new ArgumentError(
        "[optim] expected a list of parameters, such as model.parameters(), or of groups { params, … }, and one " +
          "that is not empty",
      );
    }
    const groups = alone.length > 0 ? [{ params: alone }] : sets;
    for (const group of groups) this.addParamGroup(group as ParameterGroup<Settings>);
  }

  /** Parameters with their settings, in the order in which they were given. */
  get groups(): readonly Group<Settings, State, Common>[] {
    return this.#groups;
  }

  /** Has further parameters trained. Throws ArgumentError for known parameters and settings outside their domain. */
  addParamGroup(group: ParameterGroup<Settings>): void {
    const { params, lr, ...rest } = group as { params: Iterable<Parameter>; lr?: number };
    const settings: Settings = { ...this.#defaults, ...withoutUndefined(rest) };
    this.check(settings);
    const parameters = [...params];
    const fresh = new Set(parameters);
    if (fresh.size < parameters.length || parameters.some((parameter) => this.#seen.has(parameter)))
      throw new ArgumentError("[optim] a parameter is listed twice: each may be in one group, once");
    const common = this.createCommon(settings, (value) => scalarBeside(parameters, value));
    const members = parameters.map((parameter) => ({ parameter, state: this.createState(parameter, settings), common }));
    this.#groups.push(new Group(settings, lr ?? this.#lr, this.momentumOf(settings), members));
    for (const parameter of parameters) this.#seen.add(parameter);
    modeChanged();
  }

  /** Throws ArgumentError for settings outside their domain. */
  protected abstract check(settings: Settings): void;

  /** The state of a parameter before the first step. */
  protected abstract createState(parameter: Parameter, settings: Settings): State;

  /** The state that parameters which step together share, such as the count of steps, before the first one. */
  protected abstract createCommon(settings: Settings, scalar: MakeScalar): Common;

  /** What a schedule may change as momentum, if anything. */
  protected momentumOf(_settings: Settings): number | undefined {
    return undefined;
  }

  /** What a step needs once for all parameters that step together; assigns what they share. */
  protected abstract scalars(group: Group<Settings, State, Common>, common: Common): Scalars;

  /** The next value of a parameter; assigns its state's. */
  protected abstract next(
    parameter: Parameter,
    gradient: Tensor,
    state: State,
    settings: Settings,
    scalars: Scalars,
  ): Tensor;

  /** The learning rate of the first group; setting it sets that of all groups. Throws ArgumentError below 0. */
  get lr(): number {
    return this.#groups[0]?.lr ?? NaN;
  }

  set lr(lr: number) {
    for (const group of this.#groups) group.lr = lr;
  }

  /** Changes every parameter that has a gradient, and in plain functions computes all that is pending. */
  step(): void {
    noGrad(() => {
      for (const group of this.#listed()) {
        const active = group.members.filter(({ parameter }) => parameter.grad);
        for (const [common, members] of group.together(active)) {
          const scalars = this.scalars(group, common);
          for (const { parameter, state } of members) {
            const { grad } = parameter;
            if (!grad) continue;
            const gradient = group.settings.maximize ? grad.neg() : grad;
            // Half-precision parameters meet the learning rate in float32.
            parameter.assign(this.next(parameter, gradient, state, group.settings, scalars).astype(parameter.dtype));
          }
        }
      }
    });
    evaluatePending();
  }

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    for (const { members } of this.#listed()) for (const { parameter } of members) parameter.grad = null;
  }

  /** The state's values as they are now, learning rates and momentums. */
  stateDict(): OptimizerState {
    return {
      state: writeStateDict(this.#named(this.#groups.map(({ members }) => members.map(({ common }) => common)))),
      groups: this.#groups.map(({ lr, momentum, shares }) => ({ lr, momentum, shares })),
    };
  }

  /** Takes over a state. Throws StateDictError, before anything is changed, where it belongs to other parameters. */
  loadStateDict({ state, groups }: OptimizerState): void {
    if (groups.length !== this.#groups.length) {
      throw new ArgumentError(
        `[optim] the state has ${groups.length} parameter groups, and the optimizer ${this.#groups.length}`,
      );
    }
    const commons = this.#groups.map((group, i) => {
      const parameters = group.members.map(({ parameter }) => parameter);
      return group.commonsBy(groups[i]?.shares, () =>
        this.createCommon(group.settings, (value) => scalarBeside(parameters, value)),
      );
    });
    readStateDict(this.#named(commons), state);
    this.#groups.forEach((group, i) => {
      group.share(commons[i] ?? []);
      group.lr = groups[i]?.lr ?? group.lr;
      group.momentum = groups[i]?.momentum ?? group.momentum;
    });
  }

  /** The groups; a compiled step depends on which there are. */
  #listed(): readonly Group<Settings, State, Common>[] {
    readMode(this.#groups, "length", this.#groups.length);
    return this.#groups;
  }

  #named(commons: readonly (readonly Common[])[]): NamedState[] {
    const members = this.#groups.flatMap((group, i) =>
      group.members.map(({ state }, j) => ({ ...commons[i]?.[j], ...state })),
    );
    return members.flatMap((states, i) =>
      Object.entries(states).map(([name, state]) => ({ name: `${i}.${name}`, state })),
    );
  }
}

function withoutUndefined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
