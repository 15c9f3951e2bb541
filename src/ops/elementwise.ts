import { dtypeInfo, isFloat, type DType, type DTypeKind } from "../core/dtype.js";
import type { LatePart } from "../core/late-part.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import { apply, type Value, type Op } from "../ir/graph.js";
import type { ComputeType, Expr } from "../ir/loop.js";
import { checkAlike, checkKind, wrapExpr } from "./dtype-rules.js";
import { at } from "./indexing.js";

/** Attributes of an operator that has none. */
export type NoAttrs = { readonly [key: string]: never };

interface ElementwiseRule {
  readonly name: string;
  /** Kinds of dtype that it takes. */
  readonly kinds: readonly DTypeKind[];
  /** The result's dtype, that of the arguments if not given. */
  readonly result?: DType;
  readonly cost?: number;
  /** What `element` needs, where pages without the operator do not load it. */
  readonly part?: LatePart;
}

export interface UnaryRule extends ElementwiseRule {
  /** The result in the compute type; 8-bit integers are wrapped by the caller. */
  element(b: ExprBuilder, x: Expr, dtype: DType): Expr;
  /** The cotangent of x from that of y = f(x). */
  vjp?(ct: Value, x: Value, y: Value): Value;
}

export interface BinaryRule extends ElementwiseRule {
  element(b: ExprBuilder, x: Expr, y: Expr, dtype: DType): Expr;
  /** The cotangents of x and y from that of z = f(x, y). */
  vjp?(ct: Value, x: Value, y: Value, z: Value): readonly [Value, Value];
}

/** An operator of one argument, element by element. */
export function unary(rule: UnaryRule): Op<NoAttrs> {
  const { vjp } = rule;
  const op: Op<NoAttrs> = {
    name: rule.name,
    infer: (inputs) => {
      const { shape, dtype } = at(inputs, 0);
      checkKind(rule.name, dtype, rule.kinds);
      return [{ shape, dtype: rule.result ?? dtype }];
    },
    ...(vjp && {
      vjp: (node, [ct]) => {
        const x = at(node.inputs, 0);
        return [ct && isFloat(x.dtype) ? vjp(ct, x, at(node.outputs, 0)) : undefined];
      },
    }),
    batch: ({ inputs, attrs, all }) => apply(op, inputs.map((_, k) => all(k)), attrs),
    lower: {
      kind: "map",
      ...(rule.cost !== undefined && { cost: rule.cost }),
      ...(rule.part && { part: rule.part }),
      element: (b, ctx, index) => {
        const { dtype } = at(ctx.inputs, 0);
        return wrapExpr(b, rule.element(b, ctx.operand(0, index), dtype), rule.result ?? dtype);
      },
    },
  };
  return op;
}

/** An operator of two arguments of equal shape and dtype, element by element. */
export function binary(rule: BinaryRule): Op<NoAttrs> {
  const { vjp } = rule;
  const op: Op<NoAttrs> = {
    name: rule.name,
    infer: (inputs) => {
      checkAlike(rule.name, inputs);
      const { shape, dtype } = at(inputs, 0);
      checkKind(rule.name, dtype, rule.kinds);
      return [{ shape, dtype: rule.result ?? dtype }];
    },
    ...(vjp && {
      vjp: (node, [ct]) => {
        const x = at(node.inputs, 0);
        return ct && isFloat(x.dtype) ? vjp(ct, x, at(node.inputs, 1), at(node.outputs, 0)) : [undefined, undefined];
      },
    }),
    batch: ({ inputs, attrs, all }) => apply(op, inputs.map((_, k) => all(k)), attrs),
    lower: {
      kind: "map",
      ...(rule.cost !== undefined && { cost: rule.cost }),
      ...(rule.part && { part: rule.part }),
      element: (b, ctx, index) => {
        const { dtype } = at(ctx.inputs, 0);
        return wrapExpr(b, rule.element(b, ctx.operand(0, index), ctx.operand(1, index), dtype), rule.result ?? dtype);
      },
    },
  };
  return op;
}

/** The type in which kernels compute a dtype. */
export function computeType(dtype: DType): ComputeType {
  return dtypeInfo[dtype].compute;
}
