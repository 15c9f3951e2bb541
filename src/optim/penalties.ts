import { ArgumentError } from "../core/errors.js";
import type { Tensor } from "../tensor/index.js";

/**
 * The L1 penalty factor·Σ|θ| over all elements of all tensors, to be added to a loss: it draws weights to 0 exactly. Throws
 * ArgumentError for no tensors.
 */
export function l1Penalty(parameters: Iterable<Tensor>, factor: number): Tensor {
  return total("l1Penalty", parameters, (x) => x.abs()).mul(factor);
}

/**
 * The L2 penalty factor·Σθ² over all elements of all tensors, to be added to a loss. An optimizer's weightDecay adds the
 * gradient of one with half that factor. Throws ArgumentError for no tensors.
 */
export function l2Penalty(parameters: Iterable<Tensor>, factor: number): Tensor {
  return total("l2Penalty", parameters, (x) => x.square()).mul(factor);
}

function total(name: string, parameters: Iterable<Tensor>, size: (x: Tensor) => Tensor): Tensor {
  const parts = [...parameters].map((x) => size(x).sum());
  if (parts.length === 0) throw new ArgumentError(`[${name}] expected one tensor or more, such as model.parameters()`);
  return parts.reduce((sum, part) => sum.add(part));
}
