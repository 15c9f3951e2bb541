import { vjpOf } from "../autodiff/backward.js";
import { withGradients } from "../autodiff/grad-mode.js";
import { ArgumentError, GradientError } from "../core/errors.js";
import { isFloat } from "../core/dtype.js";
import { formatShape } from "../core/shape.js";
import { topologicalOrder, type Value } from "../ir/graph.js";
import { constant, reshape } from "../ops/index.js";
import { checkEachNode } from "../runtime/anomaly.js";
import { anomaly } from "../runtime/anomaly-mode.js";
import { gradSlotOf, tracing } from "../runtime/cell.js";
import { collectHandles, passOn } from "./handles.js";
import { evaluatePending } from "./functions.js";
import { Tensor } from "./tensor.js";
import { mapTensors, tensorsOf } from "./tree.js";

export interface GradOptions<N extends number | readonly number[]> {
  /** Which arguments to differentiate; the first if not given. A list gives a list of gradients. */
  readonly argnums?: N | undefined;
}

type At<A extends readonly unknown[], N> = N extends number ? A[N] : N extends readonly number[] ? { [K in keyof N]: A[N[K] & number] } : never;

/**
 * The function that gives fn's value and the gradient of it with respect to arguments (nested arrays and object literals of
 * tensors keep their form). fn returns a scalar. The gradient can be differentiated again. Throws GradientError.
 */
export function valueAndGrad<A extends unknown[], const N extends number | readonly number[] = 0>(
  fn: (...args: A) => Tensor,
  options: GradOptions<N> = {},
): (...args: A) => [value: Tensor, gradient: At<A, N>] {
  const chosen: number | readonly number[] = options.argnums ?? 0;
  const positions = typeof chosen === "number" ? [chosen] : chosen;
  return (...args) => {
    for (const position of positions) {
      if (!(position in args)) throw new ArgumentError(`[grad] argument ${position} was to be differentiated, but ${args.length} were given`);
    }
    const { value, gradients } = gradientsWithin((variableFor) => {
      const inner: unknown[] = [...args];
      for (const position of positions) inner[position] = mapTensors(args[position], variableFor);
      return fn(...(inner as A));
    });
    let next = 0;
    const trees = positions.map((position) => mapTensors(args[position], () => gradients[next++] ?? value));
    return [value, (typeof chosen === "number" ? trees[0] : trees) as At<A, N>];
  };
}

/**
 * The value of fn, a scalar, and its gradients with respect to the tensors that `variableFor` gave it, in the order in
 * which it was called: it gives a tensor of the same value as the one it takes. Throws GradientError.
 */
export function gradientsWithin(fn: (variableFor: (tensor: Tensor) => Tensor) => Tensor): { readonly value: Tensor; readonly gradients: Tensor[] } {
  const wrt: Value[] = [];
  const variableFor = (tensor: Tensor): Tensor => {
    const value = variable(tensor);
    wrt.push(value);
    return new Tensor(value);
  };
  const { result, gradients } = withGradients(true, () => {
    const output = fn(variableFor).valueFor("grad");
    if (output.shape.length > 0 && output.shape.some((size) => size !== 1)) {
      throw new GradientError(`[grad] the function returned ${formatShape(output.shape)}, but only a scalar has a gradient: reduce it with sum() or mean()`);
    }
    return { result: output, gradients: vjpOf([output], [constant(1, output.dtype, output.shape)], wrt) };
  });
  const found = wrt.map((value, i) => gradients[i] ?? constant(0, value.dtype, value.shape));
  close(wrt, [result, ...found]);
  return { value: new Tensor(result), gradients: found.map((value) => new Tensor(value)) };
}

/** The function that gives the gradient of fn, which returns a scalar, with respect to arguments. See `valueAndGrad`. */
export function grad<A extends unknown[], const N extends number | readonly number[] = 0>(
  fn: (...args: A) => Tensor,
  options: GradOptions<N> = {},
): (...args: A) => At<A, N> {
  const both = valueAndGrad(fn, options);
  return (...args) => both(...args)[1];
}

/** The same value under a new name, to which gradients flow. */
export function variable(tensor: Tensor): Value {
  if (!isFloat(tensor.dtype)) throw new GradientError(`[grad] ${tensor.dtype} has no gradient: convert the argument with .astype("float32")`);
  const source = tensor.valueFor("grad");
  const value = reshape(source, source.shape);
  value.requiresGrad = true;
  return value;
}

/** Forgets that a transform wanted gradients: what depends on its variables only for its sake requires none any more. */
function close(variables: readonly Value[], results: readonly Value[]): void {
  const first = variables.reduce((id, value) => Math.min(id, value.node.id), Infinity);
  for (const variable of variables) variable.requiresGrad = variable.node.inputs.some((input) => input.requiresGrad);
  for (const node of topologicalOrder(results, (value) => value.node.id < first)) {
    const needed = node.inputs.some((input) => input.requiresGrad);
    for (const output of node.outputs) if (output.requiresGrad && !needed && !gradSlotOf(output)) output.requiresGrad = false;
  }
}

/** Runs a synchronous function without recording history: what it computes requires no gradient. */
export function noGrad<R>(fn: () => R): R {
  return withGradients(false, fn);
}

/** Runs a synchronous function recording history, inside noGrad too. */
export function enableGrad<R>(fn: () => R): R {
  return withGradients(true, fn);
}

/**
 * Runs a synchronous function with anomaly detection: everything is computed operation by operation, also inside compiled
 * functions, and the first operation with a result that is not finite throws NonFiniteError naming it. What the function
 * recorded and assigned is computed before this returns. `detectAnomaly(true)` and `(false)` switch it for all that follows.
 */
export function detectAnomaly(on: boolean): void;
export function detectAnomaly<R>(fn: () => R): R;
export function detectAnomaly<R>(target: boolean | (() => R)): R | undefined {
  if (typeof target === "boolean") {
    anomaly.detect = target ? checkEachNode : undefined;
    return undefined;
  }
  const before = anomaly.detect;
  anomaly.detect = checkEachNode;
  try {
    const result = target();
    evaluatePending(tensorsOf(result));
    return result;
  } finally {
    anomaly.detect = before;
  }
}

/**
 * Runs a synchronous function and gives the memory of every tensor that it made back at once, except those in its result and
 * those that parameters and buffers took over. Never needed: memory is freed without it, only later.
 */
export function scope<R>(fn: () => R): R {
  // A compiled program plans its memory itself.
  if (tracing.current) return fn();
  const { result, handles } = collectHandles(fn);
  const kept = new Set<unknown>(tensorsOf(result));
  evaluatePending(tensorsOf(result));
  for (const handle of handles) if (!kept.has(handle)) handle.dispose();
  passOn([...handles].filter((handle) => kept.has(handle)));
  return result;
}
