import { Parameter, rand, type Tensor } from "../tensor/index.js";
import type { Shape } from "../core/shape.js";
import { fansOf } from "./init.js";

/** Weight and bias as PyTorch's linear and convolutional layers begin: uniform in ±1/√fanIn. */
export function weightAndBias(
  shape: Shape,
  biasSize: number | undefined,
  fanIn = fansOf(shape).fanIn,
): { readonly weight: Parameter; readonly bias: Parameter | undefined } {
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  const draw = (size: Shape): Tensor => rand(size, { low: -bound, high: bound });
  return {
    weight: new Parameter(draw(shape)),
    bias: biasSize === undefined ? undefined : new Parameter(draw([biasSize])),
  };
}
