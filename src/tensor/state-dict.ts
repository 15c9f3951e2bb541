import { GradusError } from "../core/errors.js";
import { formatShape, sameShape } from "../core/shape.js";
import type { StateTensor } from "./parameter.js";
import type { Tensor } from "./tensor.js";

/** Values of parameters and buffers by name. */
export type StateDict = { readonly [name: string]: Tensor };

export interface LoadOptions {
  /** Whether every name must be there and known; true if not given. */
  readonly strict?: boolean | undefined;
}

/** Integers that files hold and tensors do not: they are read as int32, checked, and written back as they were. */
export type FileInteger = "int16" | "uint16" | "int64" | "uint64";

const fileIntegers = new WeakMap<Tensor, FileInteger>();

/** What a file held where this tensor, state or value of a state has int32. */
export function fileIntegerOf(tensor: Tensor): FileInteger | undefined {
  return tensor.dtype === "int32" ? fileIntegers.get(tensor) : undefined;
}

/** Notes what a file held, or undefined for int32 itself; returns the tensor. */
export function withFileInteger(tensor: Tensor, type: FileInteger | undefined): Tensor {
  if (type) fileIntegers.set(tensor, type);
  else fileIntegers.delete(tensor);
  return tensor;
}

/** Names on which a state and what loads it disagree. */
export interface LoadResult {
  /** Wanted, but not in the state. */
  readonly missing: readonly string[];
  /** In the state, but not wanted. */
  readonly unexpected: readonly string[];
}

/** A parameter or buffer and its name in the state. */
export interface NamedState {
  readonly name: string;
  readonly state: StateTensor;
}

/** A state that does not fit what loads it. */
export class StateDictError extends GradusError {
  /** Names that the model has and the state lacks. */
  readonly missing: readonly string[];
  /** Names that the state has and the model lacks. */
  readonly unexpected: readonly string[];
  /** One line for each value of another shape than its place. */
  readonly misshaped: readonly string[];

  constructor({ missing, unexpected }: LoadResult, misshaped: readonly string[]) {
    const parts = [
      missing.length > 0 && `missing: ${missing.join(", ")}`,
      unexpected.length > 0 && `unexpected: ${unexpected.join(", ")}`,
      misshaped.length > 0 && `other shapes: ${misshaped.join(", ")}`,
    ].filter((part) => part !== false);
    const mend = misshaped.length === 0 ? "; pass { strict: false } to load what fits" : "";
    super(`[loadStateDict] the state does not fit (${parts.join("; ")})${mend}`);
    this.missing = missing;
    this.unexpected = unexpected;
    this.misshaped = misshaped;
  }
}

/** The present values by name. */
export function writeStateDict(states: readonly NamedState[]): StateDict {
  return Object.fromEntries(states.map(({ name, state }) => [name, withFileInteger(state.detach(), fileIntegerOf(state))]));
}

/** Assigns values by name. Throws StateDictError before anything is changed. */
export function readStateDict(
  states: readonly NamedState[],
  values: StateDict,
  { strict = true }: LoadOptions = {},
): LoadResult {
  const known = new Set(states.map(({ name }) => name));
  const found = states.flatMap(({ name, state }) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value ? [{ name, state, value }] : [];
  });
  const result = {
    missing: states.flatMap(({ name }) => (Object.hasOwn(values, name) ? [] : [name])),
    unexpected: Object.keys(values).filter((name) => !known.has(name)),
  };
  const misshaped = found.flatMap(({ name, state, value }) =>
    sameShape(state.shape, value.shape)
      ? []
      : [`${name} is ${formatShape(value.shape)} and should be ${formatShape(state.shape)}`],
  );
  if (misshaped.length > 0 || (strict && result.missing.length + result.unexpected.length > 0))
    throw new StateDictError(result, misshaped);
  for (const { state, value } of found) {
    state.assign(value.to(state.device).astype(state.dtype));
    withFileInteger(state, fileIntegerOf(value));
  }
  return result;
}

/**
 * The values whose names begin with `prefix`, without it, such as the "module." that PyTorch's DataParallel puts before every name;
 * the others under their own names.
 */
export function withoutPrefix(values: StateDict, prefix: string): StateDict {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name.startsWith(prefix) ? name.slice(prefix.length) : name, value]));
}
