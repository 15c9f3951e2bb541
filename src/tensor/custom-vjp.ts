import { isFloat } from "../core/dtype.js";
import { withGradients } from "../autodiff/grad-mode.js";
import { ArgumentError } from "../core/errors.js";
import { input, recording, type Value } from "../ir/graph.js";
import * as ops from "../ops/index.js";
import { Body, nextNode, standIn } from "../runtime/closed-graph.js";
import { ReadOnlyTrace } from "../runtime/read-only-trace.js";
import { filled, tensorsOf } from "./tree.js";

/**
 * `forward` with a gradient of your own: `backward(gradient, result, ...args)` gets the gradient of what follows by the result, in the
 * result's form, and returns a list with the gradient by each argument, in the argument's form, or null for none. Arguments
 * and results are nested arrays and object literals; other tensors get no gradient. Where `backward` consists of differentiable
 * operations, so is the gradient. Throws ArgumentError, ShapeError, DTypeError where a gradient does not fit.
 *
 * A gradient reversal: `customVjp((x: Tensor) => x, (g) => [g.neg()])`; a straight-through estimator: `customVjp((x: Tensor) => x.round(), (g) => [g])`.
 */
export function customVjp<A extends unknown[], R>(
  forward: (...args: A) => R,
  backward: (gradient: R, result: R, ...args: A) => readonly unknown[],
): (...args: A) => R {
  return (...args) => {
    const given = tensorsOf(args).map((tensor) => tensor.valueFor("customVjp"));
    if (!recording.gradients || !given.some((v) => v.requiresGrad)) return withGradients(false, () => forward(...args));
    const first = nextNode();
    const own = given.map((v) => ops.stopGradient(v));
    const result = withGradients(false, () => forward(...filled(args, own)));
    const made = tensorsOf(result).map((tensor) => tensor.valueFor("customVjp"));
    const body = new Body();
    const leaves = own.map((v) => body.give(v));
    const outputs = withGradients(false, () => body.close(made, first));

    const { rule, operands, gradients } = tracedRule(given, made, (inputs, results, incoming) => {
      const found: unknown = backward(filled(result, incoming), filled(result, results), ...filled(args, inputs));
      return gradientsOf(args, inputs, found);
    });
    // Both bodies have all operands as inputs.
    const [ofBody, ofRule] = [body.operands.map(standIn), operands.map(standIn)];
    const inputs = given.length;
    const outcomes = ops.customVjp(
      [...given, ...body.operands, ...operands],
      { inputs: [...leaves, ...body.leaves, ...ofRule], outputs },
      { inputs: [...rule.slice(0, inputs), ...ofBody, ...rule.slice(inputs)], outputs: gradients },
    );
    return filled(result, outcomes);
  };
}

/** The rule as a body: inputs are those of the arguments, of `operands` and of the results and their gradients. */
function tracedRule(
  given: readonly Value[],
  made: readonly Value[],
  backward: (inputs: readonly Value[], results: readonly Value[], incoming: readonly Value[]) => readonly Value[],
): { readonly rule: readonly Value[]; readonly operands: readonly Value[]; readonly gradients: readonly Value[] } {
  const first = nextNode();
  const [inputs, results, incoming] = [given.map(placeholder), made.map(placeholder), made.map(placeholder)];
  const found = withGradients(true, () => new ReadOnlyTrace("[customVjp] a gradient rule cannot").run(() => backward(inputs, results, incoming)));
  const body = new Body();
  const leaves = [inputs, results, incoming].map((list) => list.map((v) => body.give(v)));
  const gradients = withGradients(true, () => body.close(found, first));
  const [ofInputs = [], ...others] = leaves;
  return { rule: [...ofInputs, ...body.leaves, ...others.flat()], operands: body.operands, gradients };
}

function placeholder(v: Value): Value {
  const leaf = input(v, v.device);
  leaf.requiresGrad = isFloat(v.dtype);
  return leaf;
}

/** One gradient for each tensor of the arguments. */
function gradientsOf(args: readonly unknown[], inputs: readonly Value[], found: unknown): Value[] {
  if (!Array.isArray(found) || found.length !== args.length) {
    const came = Array.isArray(found) ? `a list of ${found.length}` : typeof found;
    throw new ArgumentError(`[customVjp] backward returned ${came}: expected a list with the gradient by each of the ${args.length} arguments, null for none`);
  }
  let next = 0;
  return args.flatMap((arg, i) => {
    const own = inputs.slice(next, next + tensorsOf(arg).length);
    next += own.length;
    const gradients = tensorsOf(found[i]).map((tensor) => tensor.valueFor("customVjp"));
    if (gradients.length > 0 && gradients.length !== own.length) {
      throw new ArgumentError(`[customVjp] backward returned ${gradients.length} tensors for argument ${i}, which has ${own.length}: expected its form, or null`);
    }
    return own.map((v, k) => {
      const gradient = isFloat(v.dtype) ? gradients[k] : undefined;
      return gradient ?? ops.constant(0, v.dtype, v.shape);
    });
  });
}
