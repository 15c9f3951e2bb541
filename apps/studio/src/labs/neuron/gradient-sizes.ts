import { compile, grad, nn, stack, type Tensor } from "gradus";
import type { Network } from "./network.js";

/**
 * How strongly the loss pulls at a weight, layer by layer: the root of the mean square of the gradients of each layer's
 * weights. [layers], the first layer first.
 */
export function gradientSizes(network: Network, lossOf: (z: Tensor, targets: Tensor) => Tensor) {
  return compile((points: Tensor, targets: Tensor) => {
    const gradients = grad((parameters: nn.StateDict) => lossOf(nn.functionalCall(network, parameters, points), targets));
    const weights = Object.entries(gradients(network.stateDict())).filter(([name]) => name.endsWith("weight"));
    return stack(weights.map(([, gradient]) => gradient.square().mean().sqrt()));
  });
}
