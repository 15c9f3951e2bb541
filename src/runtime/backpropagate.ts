import { cotangentsOf } from "../autodiff/backward.js";
import { withGradients } from "../autodiff/grad-mode.js";
import { GradientError } from "../core/errors.js";
import type { Value } from "../ir/graph.js";
import { add } from "../ops/index.js";
import { gradSlotOf, tracing } from "./cell.js";
import { dropHistory, registerRoot } from "./evaluate.js";

/**
 * Adds cotangentᵀ · ∂loss/∂leaf to the gradient of every leaf that wants one. Unless `retain` is true the history between
 * them is used up. Throws GradientError where there is nothing to differentiate.
 */
export function backpropagate(loss: Value, cotangent: Value, retain: boolean): void {
  if (!loss.requiresGrad) {
    throw new GradientError(
      "[backward] nothing that this tensor was computed from requires a gradient: set requiresGrad on a leaf, compute outside noGrad, and call backward() inside a compiled function, whose results carry no history",
    );
  }
  withGradients(false, () => {
    const { gradients, nodes } = cotangentsOf([loss], [cotangent], (value) => gradSlotOf(value) !== undefined);
    for (const [value, gradient] of gradients) {
      const slot = gradSlotOf(value);
      const sum = slot?.get();
      slot?.set(sum ? add(sum, gradient) : gradient);
    }
    if (retain) return;
    for (const node of nodes) {
      // A leaf that takes a gradient has a history of its own (how it is drawn), which is not this pass's to use up.
      if (node.inputs.length === 0 || node.outputs.some((output) => gradSlotOf(output))) continue;
      node.released = true;
      dropHistory(node);
    }
  });
  if (!tracing.current) registerRoot(loss);
}
