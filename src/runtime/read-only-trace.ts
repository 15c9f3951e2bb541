import { TraceError } from "../core/errors.js";
import type { Value } from "../ir/graph.js";
import { tracing, type Cell, type GradSlot, type RandomStream, type StateTrace } from "./cell.js";
import { drawKey } from "./generator.js";

/** Runs a function that is described rather than done: it may read state and draw random numbers, but not write anything. */
export class ReadOnlyTrace implements StateTrace {
  readonly #outer = tracing.current;
  readonly #cannot: string;

  /** `cannot` begins the sentence of an error: "[scan] a step cannot". */
  constructor(cannot: string) {
    this.#cannot = cannot;
  }

  /** Runs the function under this trace. */
  run<R>(fn: () => R): R {
    return during(this, fn);
  }

  draw(stream: RandomStream): Value {
    return during(this.#outer, () => drawKey(stream));
  }

  readCell(cell: Cell): Value {
    return during(this.#outer, () => cell.read());
  }

  readGradient(slot: GradSlot): Value | null {
    return during(this.#outer, () => slot.get());
  }

  assignCell(): never {
    throw new TraceError(`${this.#cannot} assign state: return the new value instead, and assign it outside`);
  }

  writeGradient(): never {
    throw new TraceError(`${this.#cannot} call backward() or change gradients: call it on a result outside, or use grad() inside`);
  }
}

function during<R>(trace: StateTrace | undefined, fn: () => R): R {
  const before = tracing.current;
  tracing.current = trace;
  try {
    return fn();
  } finally {
    tracing.current = before;
  }
}
