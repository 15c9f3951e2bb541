import { offerScans } from "../compiler/scan-compiler.js";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.js";
import { LatePart } from "../core/late-part.js";
import { formatShape, sameShape } from "../core/shape.js";
import type { Value } from "../ir/graph.js";
import * as ops from "../ops/index.js";
import { StepTrace } from "../runtime/step-trace.js";
import { Tensor } from "./tensor.js";
import { filled, isRecord, tensorsOf } from "./tree.js";

export interface ScanOptions {
  /** The number of steps: needed where xs holds no tensor. */
  readonly length?: number | undefined;
  /** Whether the steps run from the last slice to the first. */
  readonly reverse?: boolean | undefined;
}

const compileScans = new LatePart(() => import("../compiler/compile-scans.js"));

/**
 * A loop as one operation: cₜ₊₁, yₜ = fn(cₜ, xₜ) for each slice xₜ of xs along the first axis, from c₀ = init. Gives the last carry
 * and the y of all steps stacked along a new first axis; without steps, init and nothing. Carries, xs and ys are nested arrays
 * and object literals of tensors. fn is traced once, whatever the number of steps, and other tensors that it uses are constants of the
 * loop; random numbers differ from step to step. The loop is differentiable to any order. fn must keep the form, shapes and
 * dtypes of the carry, and may not read values, assign state or be async: ArgumentError, ShapeError, DTypeError, TraceError.
 */
export function scan<C, X, Y>(fn: (carry: C, x: X) => readonly [carry: C, y: Y], init: C, xs: X, options: ScanOptions = {}): [carry: C, ys: Y] {
  offerScans(compileScans);
  const { reverse = false } = options;
  const stacks = valuesOf(xs);
  const first = valuesOf(init);
  const length = lengthOf(stacks, options.length);
  const trace = new StepTrace(length);
  const carries = first.map((v) => trace.placeholder(v, v));
  const slices = stacks.map((v) => trace.placeholder({ shape: v.shape.slice(1), dtype: v.dtype }, v));
  const [carry, y, next, made] = trace.run(() => {
    const result: unknown = fn(filled(init, carries), filled(xs, slices));
    if (!isPair(result)) throw new ArgumentError("[scan] the function must return [carry, y], and not be async: return [carry, undefined] where there is nothing to stack");
    return [...result, valuesOf(result[0]), valuesOf(result[1])] as const;
  });
  checkCarry(init, carry, first, next);
  const { body, consts, draws } = trace.finish([...next, ...made]);
  const results = ops.scan([...consts, ...first, ...stacks, ...draws], { body, consts: consts.length, carries: first.length, length, reverse });
  return [filled(init, results.slice(0, first.length)), filled(y as Y, results.slice(first.length))];
}

function isPair(result: unknown): result is [unknown, unknown] {
  return Array.isArray(result) && result.length === 2;
}

function valuesOf(tree: unknown): Value[] {
  return tensorsOf(tree).map((tensor) => tensor.valueFor("scan"));
}

function lengthOf(stacks: readonly Value[], given: number | undefined): number {
  if (given !== undefined && (!Number.isInteger(given) || given < 0)) throw new ArgumentError(`[scan] length ${given} must be a whole number of 0 or more`);
  let length = given;
  for (const { shape } of stacks) {
    const [size] = shape;
    if (size === undefined) throw new ShapeError("[scan] xs holds a scalar, which has no axis of steps: use it in the function directly");
    length ??= size;
    if (size === length) continue;
    const expected = given === undefined ? `the first tensor has ${length}` : `length is ${length}`;
    throw new ShapeError(`[scan] a tensor of xs with shape ${formatShape(shape)} has ${size} steps, but ${expected}: they must be equal`);
  }
  if (length === undefined) throw new ArgumentError("[scan] xs holds no tensor, so the number of steps is unknown: pass { length }");
  return length;
}

function checkCarry(init: unknown, carry: unknown, first: readonly Value[], next: readonly Value[]): void {
  const [before, after] = [formOf(init), formOf(carry)];
  if (before !== after) throw new ArgumentError(`[scan] the carry begins as ${before}, but a step returns ${after}: keep its form, and make every number in it a tensor`);
  first.forEach((v, k) => {
    const now = next[k];
    if (!now) return;
    if (now.dtype !== v.dtype) throw new DTypeError(`[scan] carry ${k} begins as ${v.dtype}, but a step makes ${now.dtype} of it: convert one with .astype()`);
    if (!sameShape(now.shape, v.shape)) {
      throw new ShapeError(`[scan] carry ${k} begins with shape ${formatShape(v.shape)}, but a step makes ${formatShape(now.shape)} of it: the shape must stay`);
    }
  });
}

/** The form of a tree as text. */
function formOf(tree: unknown): string {
  if (tree instanceof Tensor) return "tensor";
  if (Array.isArray(tree)) return `[${tree.map(formOf).join(", ")}]`;
  if (isRecord(tree)) return `{${Object.keys(tree).map((key) => `${key}: ${formOf(tree[key])}`).join(", ")}}`;
  return String(tree);
}
