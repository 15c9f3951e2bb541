import { grad, linspace } from "gradus";
import { activations } from "./network.js";

/** An activation and its slope at equally distant sums. */
export interface ActivationCurve {
  readonly z: readonly number[];
  readonly value: readonly number[];
  readonly slope: readonly number[];
}

/** An activation between −5 and 5, with the slope that backpropagation multiplies by. */
export function activationCurve(name: keyof typeof activations): ActivationCurve {
  const z = linspace(-5, 5, 101);
  const slope = grad((x: typeof z) => activations[name](x).sum())(z);
  return { z: z.arraySync(1), value: activations[name](z).arraySync(1), slope: slope.arraySync(1) };
}
