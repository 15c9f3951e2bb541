import { ArgumentError } from "../core/errors.js";
import { tracing, type StateTrace } from "../runtime/cell.js";
import { Buffer, full, modeChanged, readMode, type Parameter } from "../tensor/index.js";
import { requireAtLeast, requireShare } from "./domain.js";

/** Tensors that an optimizer keeps for one parameter, by name. */
export type ParameterState = { readonly [name: string]: Buffer };

/** A parameter, what is kept for it alone, and what it shares with those that have always stepped with it. */
export interface Member<State, Common> {
  readonly parameter: Parameter;
  readonly state: State;
  common: Common;
}

/** Parameters with their settings, state and what may change between steps. */
export class Group<
  Settings,
  State extends ParameterState = ParameterState,
  Common extends ParameterState = ParameterState,
> {
  readonly settings: Settings;
  /** The parameters with their state. */
  readonly members: readonly Member<State, Common>[];
  /** The learning rate as a step reads it, so that another number compiles nothing anew. */
  readonly rate: Buffer;
  /** Momentum and 1 − momentum as a step reads them, the second with the digits that the first loses near 1. */
  readonly inertia: { readonly kept: Buffer; readonly fresh: Buffer };
  /** The learning rate before any schedule. */
  initialLr: number | undefined;
  /** Grows when members that shared something part. Compiled steps depend on it. */
  partings = 0;
  #lr: number;
  #momentum: number | undefined;
  /** The trace of the last step, not kept alive by it. */
  #lastTrace: WeakRef<StateTrace> | undefined;

  constructor(settings: Settings, lr: number, momentum: number | undefined, members: readonly Member<State, Common>[]) {
    this.settings = settings;
    this.members = members;
    this.#lr = requireAtLeast("lr", lr, 0);
    this.#momentum = momentum;
    const parameters = members.map(({ parameter }) => parameter);
    const scalar = (value: number): Buffer => scalarBeside(parameters, value);
    this.rate = scalar(lr);
    this.inertia = { kept: scalar(momentum ?? 0), fresh: scalar(1 - (momentum ?? 0)) };
  }

  /** The learning rate. Throws ArgumentError below 0. */
  get lr(): number {
    return this.#lr;
  }

  set lr(lr: number) {
    this.#lr = requireAtLeast("lr", lr, 0);
    this.rate.assign(lr);
  }

  /**
   * The share of earlier steps that is kept, which is Adam's first beta; undefined where the optimizer was made without.
   * Throws ArgumentError there and outside [0, 1).
   */
  get momentum(): number | undefined {
    return this.#momentum;
  }

  set momentum(momentum: number | undefined) {
    if (momentum === this.#momentum) return;
    if (momentum === undefined || this.#momentum === undefined) {
      throw new ArgumentError(
        "[optim] whether there is momentum is fixed at construction: make the optimizer with momentum above 0",
      );
    }
    this.#momentum = requireShare("momentum", momentum);
    this.inertia.kept.assign(momentum);
    this.inertia.fresh.assign(1 - momentum);
  }

  /**
   * Members by what they share. Members that step while others of theirs do not get a copy of their own, and go on from
   * there.
   */
  together(active: readonly Member<State, Common>[]): Map<Common, Member<State, Common>[]> {
    const trace = tracing.current;
    const isSameTrace = trace !== undefined && trace === this.#lastTrace?.deref();
    this.#lastTrace = trace && new WeakRef(trace);
    const stepping = new Set(active);
    for (const [common, members] of byCommon(active)) {
      if (this.members.every((member) => member.common !== common || stepping.has(member))) continue;
      const own = copyOf(common, isSameTrace);
      for (const member of members) member.common = own;
      this.partings++;
      modeChanged();
    }
    readMode(this, "partings", this.partings);
    return byCommon(active);
  }

  /** For each member the number of what it shares. */
  get shares(): number[] {
    const all = [...byCommon(this.members).keys()];
    return this.members.map(({ common }) => all.indexOf(common));
  }

  /** What each member would share by such numbers; without any, each has its own. */
  commonsBy(shares: readonly number[] | undefined, make: () => Common): Common[] {
    if (shares && shares.join() === this.shares.join()) return this.members.map(({ common }) => common);
    const made = new Map<number, Common>();
    return this.members.map((_, i) => {
      const share = shares?.[i] ?? i;
      const common = made.get(share) ?? make();
      made.set(share, common);
      return common;
    });
  }

  /** Has members share what `commonsBy` gave. */
  share(commons: readonly Common[]): void {
    if (this.members.every(({ common }, i) => common === commons[i])) return;
    this.members.forEach((member, i) => (member.common = commons[i] ?? member.common));
    this.partings++;
    modeChanged();
  }
}

function byCommon<State, Common>(members: readonly Member<State, Common>[]): Map<Common, Member<State, Common>[]> {
  const parts = new Map<Common, Member<State, Common>[]>();
  for (const member of members) {
    const part = parts.get(member.common);
    if (part) part.push(member);
    else parts.set(member.common, [member]);
  }
  return parts;
}

/**
 * State of its own with the same values. It exists before the running trace does anything, so that the compiled program
 * finds it at each call; where the trace has changed the values before, it changes the copy too.
 */
function copyOf<Common extends ParameterState>(common: Common, isChanged: boolean): Common {
  const trace = tracing.current;
  tracing.current = undefined;
  let copies: [string, Buffer][];
  try {
    copies = Object.entries(common).map(([name, buffer]) => [name, new Buffer(buffer.detach())]);
  } finally {
    tracing.current = trace;
  }
  for (const [name, copy] of isChanged ? copies : []) copy.assign(common[name]?.detach() ?? 0);
  return Object.fromEntries(copies) as Common;
}

/** A number beside parameters: on their device, float64 if they all are and else float32. */
export function scalarBeside(parameters: readonly Parameter[], value: number): Buffer {
  const dtype = parameters.every((parameter) => parameter.dtype === "float64") ? "float64" : "float32";
  return new Buffer(full([], value, { dtype }), { device: parameters[0]?.device });
}
