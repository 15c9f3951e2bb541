/** A wish to stop that comes from the keyboard. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** Gives Ctrl-C its usual meaning back. */
  release(): void;
}

/**
 * Turns the first Ctrl-C (SIGINT) into an aborted signal and calls `onFirst`. The second one ends the process at once, even
 * where the event loop is busy: by then the system's own handling is back.
 */
export function catchInterrupt(onFirst: () => void): Interrupt {
  const controller = new AbortController();
  const stop = (): void => {
    controller.abort();
    onFirst();
  };
  process.once("SIGINT", stop);
  return { signal: controller.signal, release: () => process.removeListener("SIGINT", stop) };
}
