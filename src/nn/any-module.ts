import { ArgumentError } from "../core/errors.js";
import { modeChanged, readMode } from "../runtime/modes.js";
import { Buffer, Parameter, StateTensor, type Backend, type Tensor } from "../tensor/index.js";
import {
  readStateDict,
  type LoadOptions,
  type LoadResult,
  type NamedState,
  type StateDict,
  writeStateDict,
} from "../tensor/state-dict.js";

/**
 * Runs before `forward`. What it returns, if anything, replaces the inputs; without their types it can only look at
 * them.
 */
type PreHook = (module: AnyModule, inputs: readonly unknown[]) => readonly unknown[] | undefined;
/** Runs after `forward`. What it returns, if anything, replaces the output. */
type Hook = (module: AnyModule, inputs: readonly unknown[], output: unknown) => unknown;

/** Takes a registration back. */
export interface HookHandle {
  /** Calls the hook no more. Compiled functions trace again. */
  remove(): void;
}

/** A place in a module, or in a list of it, that holds a part of the model. */
interface Member {
  readonly holder: object;
  readonly key: string;
  /** As it appears in the state's keys. */
  readonly name: string;
  readonly value: AnyModule | StateTensor;
}

/**
 * What a module knows beside its fields, which belong to the user. Lists are replaced, never changed: traces compare
 * them.
 */
interface ModuleRecord {
  training: boolean;
  preHooks: readonly PreHook[];
  hooks: readonly Hook[];
  readonly names: Map<StateTensor, string>;
  readonly transient: Set<StateTensor>;
}

const records = new WeakMap<object, ModuleRecord>();

function recordOf(module: object): ModuleRecord {
  const record = records.get(module);
  if (!record)
    throw new ArgumentError(
      "[Module] this module was not constructed: call super() first, and copy modules with clone()",
    );
  return record;
}

/** A module whatever it takes and gives: the tree of modules, with the parameters and buffers in it. */
export abstract class AnyModule {
  constructor() {
    adopt(this);
  }

  /** What the module computes. */
  abstract forward(...inputs: never): unknown;

  /** Whether the module is being trained (dropout acts), as after construction, or evaluated. */
  get training(): boolean {
    const record = recordOf(this);
    return readMode(record, "training", record.training);
  }

  /** Switches this module and all inside it to training, or to evaluation. */
  train(on = true): this {
    for (const module of this.modules()) recordOf(module).training = on;
    modeChanged();
    return this;
  }

  /** Switches this module and all inside it to evaluation. */
  eval(): this {
    return this.train(false);
  }

  /** The modules directly inside this one, with their names. */
  namedChildren(): [name: string, module: AnyModule][] {
    return membersOf(this).flatMap(({ name, value }): [string, AnyModule][] =>
      value instanceof AnyModule ? [[name, value]] : [],
    );
  }

  /** The modules directly inside this one. */
  children(): AnyModule[] {
    return this.namedChildren().map(([, module]) => module);
  }

  /** This module, named "", and all inside it, each once, outer ones first. */
  namedModules(): [name: string, module: AnyModule][] {
    const found = new Map<AnyModule, string>();
    const visit = (module: AnyModule, path: string): void => {
      if (found.has(module)) return;
      found.set(module, path);
      for (const [name, child] of module.namedChildren()) visit(child, join(path, name));
    };
    visit(this, "");
    return [...found].map(([module, path]) => [path, module]);
  }

  /** This module and all inside it, each once. */
  modules(): AnyModule[] {
    return this.namedModules().map(([, module]) => module);
  }

  /** The trainable tensors, each once, with names such as "fc1.weight". */
  namedParameters(): [name: string, parameter: Parameter][] {
    return distinct(this).flatMap(({ name, state }): [string, Parameter][] =>
      state instanceof Parameter ? [[name, state]] : [],
    );
  }

  /** The trainable tensors, each once. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** The tensors that are kept but not trained, each once, with their names. */
  namedBuffers(): [name: string, buffer: Buffer][] {
    return distinct(this).flatMap(({ name, state }): [string, Buffer][] =>
      state instanceof Buffer ? [[name, state]] : [],
    );
  }

  /** The tensors that are kept but not trained, each once. */
  buffers(): Buffer[] {
    return this.namedBuffers().map(([, buffer]) => buffer);
  }

  /**
   * What a field is called in names such as those of the state: PyTorch's way of writing it, so that checkpoints load
   * by their own key names. A camelCase field is written in snake_case (`runningMean` is "running_mean"); one that
   * begins with a capital or has an underscore already stays as it is (`LayerNorm`, `c_attn`). Override it where the
   * fields' names are the user's data.
   */
  stateName(field: string): string {
    return /^[a-z][A-Za-z0-9]*$/.test(field)
      ? field.replace(/([a-z0-9])([A-Z])/g, (_, before: string, capital: string) => `${before}_${capital}`).toLowerCase()
      : field;
  }

  /**
   * Makes a buffer that has this name in the state whatever its field is called:
   * `statistics = this.registerBuffer("running_mean", zeros([n]))`. With `persistent: false` it is not saved.
   */
  protected registerBuffer(
    name: string,
    initial: Tensor,
    { persistent = true }: { readonly persistent?: boolean } = {},
  ): Buffer {
    const buffer = new Buffer(initial);
    const { names, transient } = recordOf(this);
    names.set(buffer, name);
    if (!persistent) transient.add(buffer);
    return buffer;
  }

  /**
   * Gives a parameter this name in the state whatever its field is called: `inWeight =
   * this.registerParameter("in_weight", …)`.
   */
  protected registerParameter(name: string, parameter: Parameter): Parameter {
    recordOf(this).names.set(parameter, name);
    return parameter;
  }

  /** The values of all parameters and saved buffers by name, as they are now. The names are PyTorch's. */
  stateDict(): StateDict {
    return writeStateDict(namedStates(this, true));
  }

  /**
   * Takes over values by name, converted to the dtype and device of their places. Throws StateDictError, before
   * anything is
   * changed, for shapes that do not fit, and unless `strict` is false for names that are missing or not known.
   */
  loadStateDict(state: StateDict, options: LoadOptions = {}): LoadResult {
    return readStateDict(namedStates(this, true), state, options);
  }

  /** Calls `hook` before each `forward`. Compiled functions trace again. */
  registerForwardPreHook(hook: (module: AnyModule, inputs: readonly unknown[]) => undefined): HookHandle {
    const record = recordOf(this);
    // A function of its own lets one hook be registered twice and removed once.
    const entry: PreHook = (module, inputs) => hook(module, inputs);
    record.preHooks = [...record.preHooks, entry];
    modeChanged();
    return removal(() => (record.preHooks = record.preHooks.filter((other) => other !== entry)));
  }

  /** Calls `hook` after each `forward`. Compiled functions trace again. */
  registerForwardHook(hook: (module: AnyModule, inputs: readonly unknown[], output: unknown) => undefined): HookHandle {
    const record = recordOf(this);
    const entry: Hook = (module, inputs, output) => hook(module, inputs, output);
    record.hooks = [...record.hooks, entry];
    modeChanged();
    return removal(() => (record.hooks = record.hooks.filter((other) => other !== entry)));
  }

  /**
   * A copy with parameters and buffers of its own, and without hooks. Fields that are no part of the model are shared.
   */
  clone(): this {
    return copy(this, new Map()) as this;
  }

  /** Calls `fn` with every module inside, inner ones first, and with this one. */
  apply(fn: (module: AnyModule) => void): this {
    for (const module of this.modules().reverse()) fn(module);
    return this;
  }

  /** Moves parameters and buffers to a device; gradients are dropped. Throws DeviceError. */
  to(device: Backend | string): this {
    for (const { state } of distinct(this)) state.moveTo(device);
    return this;
  }

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.grad = null;
  }

  /** Says whether gradients of the parameters are wanted. */
  requiresGrad_(on = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = on;
    return this;
  }

  /** Keeps the parameters as they are: no gradients, no updates. */
  freeze(): this {
    return this.requiresGrad_(false);
  }

  /** Undoes `freeze`. */
  unfreeze(): this {
    return this.requiresGrad_(true);
  }

  /** The module's settings as they appear in `toString()`. */
  describe(): string {
    return "";
  }

  /** The module and all inside it, one on a line. */
  toString(): string {
    const head = `${this.constructor.name}(${this.describe()}`;
    const inner = this.namedChildren().map(
      ([name, child]) => `  (${name}): ${child.toString().replaceAll("\n", "\n  ")}\n`,
    );
    return inner.length === 0 ? `${head})` : `${head}\n${inner.join("")})`;
  }

  /** What console.log shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** Makes the object a module: an own `forward` runs the hooks around that of its class. */
function adopt(module: AnyModule): void {
  records.set(module, { training: true, preHooks: [], hooks: [], names: new Map(), transient: new Set() });
  const { forward } = module;
  if (typeof forward !== "function")
    throw new ArgumentError(
      `[Module] ${module.constructor.name} has no method "forward": write it as a method, not as a field`,
    );
  Object.defineProperty(module, "forward", { value: (...inputs: unknown[]) => runHooked(module, forward, inputs) });
}

/** Sees the calls of all modules, inner ones between the two of an outer one. */
export interface CallObserver {
  enter?(module: AnyModule): void;
  /** Sees what a module gives and says what its caller gets. */
  leave(module: AnyModule, output: unknown): unknown;
}

let observers: readonly CallObserver[] = [];

/** Lets `observer` see every call of a module while `fn` runs; others that observe see it before. */
export function observeCalls<R>(observer: CallObserver, fn: () => R): R {
  const before = observers;
  observers = [...before, observer];
  try {
    return fn();
  } finally {
    observers = before;
  }
}

function runHooked(module: AnyModule, forward: (...inputs: never) => unknown, given: readonly unknown[]): unknown {
  const record = recordOf(module);
  for (const observer of observers) observer.enter?.(module);
  let inputs = given;
  for (const hook of readMode(record, "preHooks", record.preHooks)) inputs = hook(module, inputs) ?? inputs;
  let output: unknown = Reflect.apply(forward, module, inputs);
  for (const hook of readMode(record, "hooks", record.hooks)) output = hook(module, inputs, output) ?? output;
  return observers.reduce((seen, observer) => observer.leave(module, seen), output);
}

function removal(remove: () => void): HookHandle {
  return {
    remove: () => {
      remove();
      modeChanged();
    },
  };
}

function membersOf(module: AnyModule): Member[] {
  const { names } = recordOf(module);
  return Object.entries(module).flatMap(([field, content]: [string, unknown]): Member[] => {
    const root = module.stateName(field);
    const member = (holder: object, key: string, path: string, value: unknown): Member[] => {
      if (value instanceof StateTensor) return [{ holder, key, name: names.get(value) ?? path, value }];
      return value instanceof AnyModule ? [{ holder, key, name: path, value }] : [];
    };
    if (!Array.isArray(content)) return member(module, field, root, content);
    return content.flatMap((item: unknown, i) => member(content, String(i), `${root}.${i}`, item));
  });
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/** A parameter or buffer, and where it is held. */
export interface StatePlace extends NamedState {
  readonly holder: object;
  readonly key: string;
}

/** Every place in a module that holds a parameter or buffer; one that is shared appears under each of its names. */
export function namedStates(root: AnyModule, savedOnly = false): StatePlace[] {
  return [...root.namedModules()].flatMap(([path, module]) => {
    const { transient } = recordOf(module);
    return membersOf(module).flatMap(({ holder, key, name, value }): StatePlace[] => {
      if (!(value instanceof StateTensor) || (savedOnly && transient.has(value))) return [];
      return [{ name: join(path, name), state: value, holder, key }];
    });
  });
}

function distinct(root: AnyModule): StatePlace[] {
  const seen = new Set<StateTensor>();
  return namedStates(root).filter(({ state }) => !seen.has(state) && seen.add(state));
}

/** Copies parts of the model, what is shared staying shared; anything else is the same object. */
function copy(value: unknown, copies: Map<object, unknown>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const known = copies.get(value);
  if (known) return known;
  const remember = <T>(twin: T): T => {
    copies.set(value, twin);
    return twin;
  };
  if (value instanceof AnyModule) return copyModule(value, remember, copies);
  if (value instanceof Parameter) return remember(new Parameter(value.detach(), { requiresGrad: value.requiresGrad }));
  if (value instanceof Buffer) return remember(new Buffer(value.detach(), { requiresGrad: value.requiresGrad }));
  if (!Array.isArray(value)) return value;
  const twins: unknown[] = remember([]);
  for (const item of value) twins.push(copy(item, copies));
  return twins;
}

function copyModule(module: AnyModule, remember: <T>(twin: T) => T, copies: Map<object, unknown>): AnyModule {
  const twin: AnyModule = remember(Object.create(Object.getPrototypeOf(module)));
  adopt(twin);
  for (const [field, content] of Object.entries(module)) Reflect.set(twin, field, copy(content, copies));
  const { training, names, transient } = recordOf(module);
  const record = recordOf(twin);
  record.training = training;
  for (const [state, name] of names) {
    const own = copies.get(state);
    if (!(own instanceof StateTensor)) continue;
    record.names.set(own, name);
    if (transient.has(state)) record.transient.add(own);
  }
  return twin;
}
