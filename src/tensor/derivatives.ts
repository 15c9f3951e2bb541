import { vjpOf } from "../autodiff/backward.js";
import { withGradients } from "../autodiff/grad-mode.js";
import { ArgumentError, GradientError } from "../core/errors.js";
import { formatShape, sameShape, sizeOf } from "../core/shape.js";
import { apply, recordedLike, topologicalOrder, type Value } from "../ir/graph.js";
import * as ops from "../ops/index.js";
import { nextNode } from "../runtime/closed-graph.js";
import { Tensor } from "./tensor.js";
import { type GradOptions, grad, variable } from "./transforms.js";
import { filled, mapTensors, tensorsOf } from "./tree.js";
import { vmap } from "./vmap.js";

/** A function as it was recorded for some arguments, of which variables take the places. */
class Recorded<A extends unknown[], R> {
  readonly result: R;
  readonly variables: readonly Value[];
  readonly outputs: readonly Value[];
  readonly #first = nextNode();
  /** What was recorded for variables, and the same for the arguments themselves. */
  readonly #known = new Map<Value, Value>();

  constructor(fn: (...args: A) => R, args: A, chosen: (position: number) => boolean = () => true) {
    const variables: Value[] = [];
    const inner = args.map((arg, position) => {
      if (!chosen(position)) return arg;
      return mapTensors(arg, (tensor) => {
        const value = this.variable(tensor.valueFor("vjp"));
        variables.push(value);
        return new Tensor(value);
      });
    });
    this.variables = variables;
    this.result = withGradients(true, () => fn(...(inner as A)));
    this.outputs = tensorsOf(this.result).map((tensor) => tensor.valueFor("vjp"));
  }

  /** A new variable in the place of a value. */
  variable(source: Value): Value {
    const value = variable(new Tensor(source));
    this.#known.set(value, source);
    return value;
  }

  /** Σ cotangentᵢ · ∂outputᵢ/∂variable, zeros where there is no dependence; a graph over the variables still. */
  gradients(outputs: readonly Value[], cotangents: readonly Value[]): Value[] {
    const found = withGradients(true, () => vjpOf(outputs, cotangents, this.variables));
    return this.variables.map((v, i) => found[i] ?? ops.constant(0, v.dtype, v.shape));
  }

  /** The same values made of the arguments, so that the variables are in nobody else's history. */
  outside(values: readonly Value[]): Value[] {
    const now = (v: Value): Value => this.#known.get(v) ?? v;
    for (const node of topologicalOrder(values, (v) => this.#known.has(v) || v.node.id < this.#first)) {
      if (node.inputs.every((v) => now(v) === v)) continue;
      const made = recordedLike(node, () => apply(node.op, node.inputs.map(now), node.attrs));
      node.outputs.forEach((v, k) => this.#known.set(v, made[k] ?? v));
    }
    return values.map(now);
  }
}

function cotangentsFor(op: string, what: string, given: unknown, types: readonly Value[]): Value[] {
  const values = tensorsOf(given).map((tensor) => tensor.valueFor(op));
  if (values.length !== types.length) throw new ArgumentError(`[${op}] ${types.length} tensors need as many ${what}, but ${values.length} were given: keep the form`);
  values.forEach((v, k) => {
    const type = types[k];
    if (type && !sameShape(v.shape, type.shape)) {
      throw new GradientError(`[${op}] one of the ${what} has shape ${formatShape(v.shape)}, but its tensor ${formatShape(type.shape)}`);
    }
  });
  return values;
}

/**
 * fn(...primals), and the function that multiplies a cotangent (in the form of the result) with fn's Jacobian from the left: it
 * gives Σᵢ cotangentᵢ · ∂resultᵢ/∂primal for each of the primals, which are nested arrays and object literals of float tensors. Throws
 * GradientError, ArgumentError.
 */
export function vjp<A extends unknown[], R>(fn: (...args: A) => R, ...primals: A): [result: R, pullback: (cotangent: R) => A] {
  const recorded = new Recorded(fn, primals);
  const pullback = (cotangent: R): A => {
    const cotangents = cotangentsFor("vjp", "cotangents", cotangent, recorded.outputs);
    return filled(primals, recorded.outside(recorded.gradients(recorded.outputs, cotangents)));
  };
  return [filled(recorded.result, recorded.outside(recorded.outputs)), pullback];
}

/**
 * fn(...primals), and the derivative of it in the direction of the tangents, which have the form of the primals:
 * Σₖ ∂result/∂primalₖ · tangentₖ, from two reverse passes. Throws GradientError, ArgumentError.
 */
export function jvp<A extends unknown[], R>(fn: (...args: A) => R, primals: A, tangents: A): [result: R, tangent: R] {
  const recorded = new Recorded(fn, primals);
  const { outputs, variables } = recorded;
  const directions = cotangentsFor("jvp", "tangents", tangents, variables);
  // The first pass is linear in its cotangents, so that its own derivative by them is what is wanted.
  const zeros = outputs.map((v) => recorded.variable(ops.constant(0, v.dtype, v.shape)));
  const gradients = recorded.gradients(outputs, zeros);
  const dependent = gradients.map((_, k) => k).filter((k) => gradients[k]?.requiresGrad);
  const of = (list: readonly Value[]): Value[] => dependent.flatMap((k) => list[k] ?? []);
  const found = withGradients(true, () => vjpOf(of(gradients), of(directions), zeros));
  const tangent = zeros.map((v, i) => found[i] ?? ops.constant(0, v.dtype, v.shape));
  return [filled(recorded.result, recorded.outside(outputs)), filled(recorded.result, recorded.outside(tangent))];
}

/**
 * The function that gives the Jacobian of fn, which returns one tensor, by one argument: J[i…, j…] = ∂fn[i…]/∂x[j…], of shape
 * [...result, ...argument] for each tensor of the argument. All rows are computed at once. Throws GradientError, ArgumentError.
 */
export function jacrev<A extends unknown[], const N extends number = 0>(fn: (...args: A) => Tensor, { argnums }: GradOptions<N> = {}): (...args: A) => A[N] {
  return (...args) => {
    const position = argnums ?? 0;
    if (!(position in args)) throw new ArgumentError(`[jacrev] argument ${position} was to be differentiated, but ${args.length} were given`);
    const recorded = new Recorded(fn, args, (k) => k === position);
    const [output] = recorded.outputs;
    if (!(recorded.result instanceof Tensor) || !output) throw new GradientError("[jacrev] the function must return one tensor: take others into another function");
    const rows = sizeOf(output.shape);
    const unit = ops.eq(ops.iota([rows, rows], 0, "int32"), ops.iota([rows, rows], 1, "int32"));
    const basis = ops.reshape(ops.convert(unit, output.dtype), [rows, ...output.shape]);
    const all = vmap((cotangent: Tensor) => recorded.outside(recorded.gradients([output], [cotangent.valueFor("jacrev")])).map((v) => new Tensor(v)))(new Tensor(basis));
    return filled(args[position], all.map((tensor) => ops.reshape(tensor.valueFor("jacrev"), [...output.shape, ...tensor.shape.slice(1)])));
  };
}

/**
 * The function that gives the Hessian of fn, which returns a scalar, by one argument that is a tensor: H[i…, j…] = ∂²fn/∂x[i…]∂x[j…].
 * Throws GradientError, ArgumentError.
 */
export function hessian<A extends unknown[], const N extends number = 0>(fn: (...args: A) => Tensor, options: GradOptions<N> = {}): (...args: A) => A[N] {
  const gradient = grad(fn, { argnums: options.argnums ?? 0 }) as (...args: A) => Tensor;
  return jacrev(gradient, options);
}

/**
 * The product of the Hessian of fn, which returns a scalar, with v: Σⱼ ∂²fn/∂xᵢ∂xⱼ · vⱼ, without the Hessian itself. x and v
 * are nested arrays and object literals of tensors of the same form, as is the result. Throws GradientError, ArgumentError.
 */
export function hvp<X>(fn: (x: X) => Tensor, x: X, v: X): X {
  return jvp(grad(fn), [x], [v])[1];
}
