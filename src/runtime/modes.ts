/** A mode that a traced function has seen: `owner[key]` was `value`. */
export interface ModeRead {
  readonly owner: object;
  readonly key: string;
  readonly value: unknown;
}

/** Grows with every change of a mode, so that compiled calls look at their guards only after one. */
export const modeEpoch = { count: 0 };

let observer: ((read: ModeRead) => void) | undefined;

/**
 * Tells a running trace that the traced function's course depends on `owner[key]`, which is `value` now; gives `value`
 * back. A compiled function traces again when the property differs. Outside a trace it does nothing.
 */
export function readMode<T>(owner: object, key: string, value: T): T {
  observer?.({ owner, key, value });
  return value;
}

/** Must be called by whoever changes a property that is read through `readMode`. */
export function modeChanged(): void {
  modeEpoch.count++;
}

/** Whether the mode is still what the trace saw. */
export function holds(read: ModeRead): boolean {
  return Object.is(Reflect.get(read.owner, read.key), read.value);
}

/** Sends mode reads to `observe` while `fn` runs; undefined sends them nowhere. */
export function observeModes<R>(observe: ((read: ModeRead) => void) | undefined, fn: () => R): R {
  const before = observer;
  observer = observe;
  try {
    return fn();
  } finally {
    observer = before;
  }
}
