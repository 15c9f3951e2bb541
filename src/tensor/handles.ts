import type { Value } from "../ir/graph.js";

/** A tensor as scopes see it. */
export interface Handle {
  dispose(): void;
}

const seen = new WeakSet<Value>();
const aliased = new WeakSet<Value>();
let scope: Set<Handle> | undefined;

/** Counts a handle for a value and enters it into the running scope. */
export function register(handle: Handle, value: Value): void {
  if (seen.has(value)) aliased.add(value);
  else seen.add(value);
  scope?.add(handle);
}

/** Says that something else than its first handle may hold the memory of a value. */
export function markAliased(value: Value): void {
  aliased.add(value);
}

/** Whether several handles share a value, so that disposing of one must not free it. */
export function isAliased(value: Value): boolean {
  return aliased.has(value);
}

/** Collects the handles that `fn` makes. */
export function collectHandles<R>(fn: () => R): { readonly result: R; readonly handles: ReadonlySet<Handle> } {
  const outer = scope;
  const handles = new Set<Handle>();
  scope = handles;
  try {
    return { result: fn(), handles };
  } finally {
    scope = outer;
  }
}

/** Hands surviving handles to the scope around, if there is one. */
export function passOn(handles: Iterable<Handle>): void {
  if (scope) for (const handle of handles) scope.add(handle);
}
