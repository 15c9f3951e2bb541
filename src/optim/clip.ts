import { ArgumentError, NonFiniteError } from "../core/errors.js";
import { noGrad, tensor, type Parameter, type Tensor } from "../tensor/index.js";
import type { Optional } from "./optimizer.js";

export interface ClipNormOptions {
  /** p of the norm (Σ|g|^p)^(1/p), or Infinity for the largest magnitude; 2 if not given. */
  readonly normType: number;
  /** Whether a norm that is not finite is an error. It is read, which compiled functions cannot; false if not given. */
  readonly errorIfNonfinite: boolean;
}

/**
 * The norm of all gradients taken as one vector, (Σ|g|^p)^(1/p); the largest magnitude for Infinity. 0 without gradients. Works in plain and in
 * compiled functions. Throws ArgumentError for a normType outside its domain.
 */
export function gradNorm(parameters: Iterable<Parameter>, normType = 2): Tensor {
  requireOrder("gradNorm", normType);
  const gradients = withGradients(parameters).map(({ grad }) => grad);
  return gradients.length === 0 ? tensor(0) : noGrad(() => normOf(gradients, normType));
}

/**
 * Scales the gradients of all parameters together so that their norm, taken as one vector, is at most maxNorm: g ← g·min(1,
 * maxNorm / (norm + 1e-6)). Gives the norm before. Works in plain and in compiled functions. Throws ArgumentError for a
 * maxNorm or normType outside its domain, NonFiniteError if that was asked for. Pascanu et al. 2013, in PyTorch's form.
 */
export function clipGradNorm(
  parameters: Iterable<Parameter>,
  maxNorm: number,
  { normType = 2, errorIfNonfinite = false }: Optional<ClipNormOptions> = {},
): Tensor {
  if (!(maxNorm >= 0)) throw new ArgumentError(`[clipGradNorm] maxNorm ${maxNorm} must be a number of 0 or more`);
  requireOrder("clipGradNorm", normType);
  const found = withGradients(parameters);
  const [first] = found;
  if (!first) return tensor(0);
  return noGrad(() => {
    const total = normOf(
      found.map(({ grad }) => grad),
      normType,
    );
    if (errorIfNonfinite && !Number.isFinite(total.dataSync()[0])) {
      throw new NonFiniteError(
        `[clipGradNorm] the gradients' norm of order ${normType} is not finite, so that no factor can make it ${maxNorm}: ` +
          "lower the learning rate, or find the operation with detectAnomaly",
      );
    }
    const factor = total.add(1e-6).pow(-1).mul(maxNorm).minimum(1);
    for (const { parameter, grad } of found) parameter.grad = grad.mul(factor).astype(grad.dtype);
    return total;
  });
}

/**
 * Limits every element of every gradient to [−clipValue, clipValue]. Works in plain and in compiled functions. Throws
 * ArgumentError for a clipValue below 0.
 */
export function clipGradValue(parameters: Iterable<Parameter>, clipValue: number): void {
  if (!(clipValue >= 0)) throw new ArgumentError(`[clipGradValue] clipValue ${clipValue} must be a number of 0 or more`);
  noGrad(() => {
    for (const { parameter, grad } of withGradients(parameters))
      parameter.grad = grad.clamp({ min: -clipValue, max: clipValue });
  });
}

function requireOrder(name: string, normType: number): void {
  if (!(normType > 0)) throw new ArgumentError(`[${name}] normType ${normType} must be above 0, or Infinity`);
}

function withGradients(parameters: Iterable<Parameter>): { parameter: Parameter; grad: Tensor }[] {
  return [...parameters].flatMap((parameter) => {
    const { grad } = parameter;
    return grad ? [{ parameter, grad }] : [];
  });
}

/** The norm of tensors taken as one vector, in float32 at least. */
function normOf(tensors: readonly Tensor[], order: number): Tensor {
  const wide = tensors.map((x) => (x.dtype === "float64" ? x : x.astype("float32")).abs());
  if (order === Infinity) return wide.map((x) => x.max()).reduce((most, part) => most.maximum(part));
  const powers = wide.map((x) => (order === 1 ? x : order === 2 ? x.square() : x.pow(order)).sum());
  const total = powers.reduce((sum, part) => sum.add(part));
  return order === 1 ? total : order === 2 ? total.sqrt() : total.pow(1 / order);
}
