import type { Value } from "../ir/graph.js";

/** A tensor as scopes see it. */
export interface Handle {
  dispose(): void;
}

let scope: Set<Handle> | undefined;

/** Counts a handle for a value and enters it into the running scope. */
export function register(handle: Handle, value: Value): void {
  value.holders++;
  scope?.add(handle);
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
