import { recording } from "../ir/graph.js";

/** Runs a synchronous function with recording for gradients switched on or off, and puts the mode back. */
export function withGradients<R>(on: boolean, fn: () => R): R {
  const before = recording.gradients;
  recording.gradients = on;
  try {
    return fn();
  } finally {
    recording.gradients = before;
  }
}
