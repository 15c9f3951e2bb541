import { ArgumentError } from "../core/errors.js";
import { Buffer, evaluatePending, full, noGrad, Parameter, zeros, type Tensor } from "../tensor/index.js";
import { readStateDict, writeStateDict, type NamedState, type StateDict } from "../tensor/state-dict.js";

/** Options of which each may be left out. */
export type Optional<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Parameters with settings of their own; what is left out is taken from the optimizer's options. */
export type ParameterGroup<Settings> = { readonly params: Iterable<Parameter> } & Optional<
  Settings & { readonly lr: number }
>;

/** Parameters that share all settings, or groups of them. */
export type Optimized<Settings> = Iterable<Parameter> | Iterable<ParameterGroup<Settings>>;

/** Tensors that an optimizer keeps for one parameter, by name. */
export type ParameterState = { readonly [name: string]: Buffer };

/** All that an optimizer has learned: values named by the parameter's number and their own name, such as "0.expAvg". */
export interface OptimizerState {
  readonly state: StateDict;
  readonly groups: readonly { readonly lr: number }[];
}

/** Parameters with their settings, state and learning rate. */
export class Group<Settings, State> {
  readonly settings: Settings;
  readonly members: readonly { readonly parameter: Parameter; readonly state: State }[];
  /** The learning rate as a step reads it, so that another number compiles nothing anew. */
  readonly rate: Buffer;
  /** The learning rate before any schedule. */
  initialLr: number | undefined;
  #lr: number;

  constructor(settings: Settings, lr: number, members: Group<Settings, State>["members"]) {
    this.settings = settings;
    this.members = members;
    this.#lr = requireAtLeast("lr", lr, 0);
    const dtype = members.every(({ parameter }) => parameter.dtype === "float64") ? "float64" : "float32";
    this.rate = new Buffer(full([], lr, { dtype }), { device: members[0]?.parameter.device });
  }

  /** The learning rate. Throws ArgumentError below 0. */
  get lr(): number {
    return this.#lr;
  }

  set lr(lr: number) {
    this.#lr = requireAtLeast("lr", lr, 0);
    this.rate.assign(lr);
  }
}

/**
 * Changes parameters by their gradients. Settings that choose code are fixed at construction; the learning rate may
 * change at
 * any time. `step` works in plain and in compiled functions.
 */
export abstract class Optimizer<Settings = unknown, State extends ParameterState = ParameterState> {
  readonly groups: readonly Group<Settings, State>[];

  /** Throws ArgumentError for no parameters, one that comes twice, and settings outside their domain. */
  constructor(params: Optimized<Settings>, lr: number, defaults: Settings) {
    const given: readonly (Parameter | ParameterGroup<Settings>)[] = [...params];
    const alone = given.filter((item) => item instanceof Parameter);
    const sets = given.filter((item) => !(item instanceof Parameter));
    if (given.length === 0 || (alone.length > 0 && sets.length > 0)) {
      throw new ArgumentError(
        "[optim] expected a list of parameters, such as model.parameters(), or of groups { params, … }, and one " +
          "that is not empty",
      );
    }
    const seen = new Set<Parameter>();
    this.groups = (alone.length > 0 ? [{ params: alone } satisfies { params: Parameter[] }] : sets).map((group) => {
      const { params: list, lr: own, ...rest } = group as ParameterGroup<Settings>;
      const settings: Settings = { ...defaults, ...withoutUndefined(rest) };
      this.check(settings);
      const members = [...list].map((parameter) => {
        if (seen.has(parameter))
          throw new ArgumentError("[optim] a parameter is listed twice: each may be in one group, once");
        seen.add(parameter);
        return { parameter, state: this.createState(parameter, settings) };
      });
      return new Group(settings, own ?? lr, members);
    });
  }

  /** Throws ArgumentError for settings outside their domain. */
  protected abstract check(settings: Settings): void;

  /** The state of a parameter before the first step. */
  protected abstract createState(parameter: Parameter, settings: Settings): State;

  /** The next value of a parameter; assigns its state's. */
  protected abstract next(parameter: Parameter, gradient: Tensor, state: State, group: Group<Settings, State>): Tensor;

  /** The learning rate of the first group; setting it sets that of all groups. Throws ArgumentError below 0. */
  get lr(): number {
    return this.groups[0]?.lr ?? NaN;
  }

  set lr(lr: number) {
    for (const group of this.groups) group.lr = lr;
  }

  /** Changes every parameter that has a gradient, and in plain functions computes all that is pending. */
  step(): void {
    noGrad(() => {
      for (const group of this.groups) {
        for (const { parameter, state } of group.members) {
          const gradient = parameter.grad;
          // Half-precision parameters meet the learning rate in float32.
          if (gradient) parameter.assign(this.next(parameter, gradient, state, group).astype(parameter.dtype));
        }
      }
    });
    evaluatePending();
  }

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    for (const { members } of this.groups) for (const { parameter } of members) parameter.grad = null;
  }

  /** The state's values as they are now, and the learning rates. */
  stateDict(): OptimizerState {
    return { state: writeStateDict(this.#named()), groups: this.groups.map(({ lr }) => ({ lr })) };
  }

  /** Takes over a state. Throws StateDictError, before anything is changed, where it belongs to other parameters. */
  loadStateDict({ state, groups }: OptimizerState): void {
    if (groups.length !== this.groups.length) {
      throw new ArgumentError(
        `[optim] the state has ${groups.length} parameter groups, and the optimizer ${this.groups.length}`,
      );
    }
    readStateDict(this.#named(), state);
    this.groups.forEach((group, i) => (group.lr = groups[i]?.lr ?? group.lr));
  }

  #named(): NamedState[] {
    const members = this.groups.flatMap((group) => group.members);
    return members.flatMap(({ state }, i) =>
      Object.entries(state).map(([name, buffer]) => ({ name: `${i}.${name}`, state: buffer })),
    );
  }
}

function withoutUndefined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** Zeros beside a parameter: its shape, dtype and device. */
export function zerosBeside({ shape, dtype, device }: Parameter): Buffer {
  return new Buffer(zeros(shape, { dtype }), { device });
}

/** A count of steps beside a parameter, from 0. */
export function countBeside({ dtype, device }: Parameter): Buffer {
  return new Buffer(zeros([], { dtype: dtype === "float64" ? dtype : "float32" }), { device });
}

/** The number itself. Throws ArgumentError unless it is at least `least`. */
export function requireAtLeast(name: string, value: number, least: number): number {
  if (!(value >= least && value < Infinity))
    throw new ArgumentError(`[optim] ${name} ${value} must be a number of ${least} or more`);
  return value;
}
