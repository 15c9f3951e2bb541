import { sizeOf } from "../core/shape.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { GroupLoops, GroupOffer, Loops, LoopsContext } from "../ir/graph.js";
import type { Expr, Stmt } from "../ir/loop.js";
import type { ScatterAttrs } from "./gather.js";
import { at, isInside, unravel } from "./indexing.js";

/** Elements after the axis from which on invocations have enough to do with one of them each. */
const mostRest = 32;

/**
 * One kernel copies x, an invocation for each element. In the next, an invocation for each element after the axis goes
 * through the indices; where these elements are few, a group does, and each of its lanes takes the targets that are its own.
 * So every target gets its updates from one invocation, in index order.
 */
function build(b: ExprBuilder, ctx: LoopsContext<ScatterAttrs>, offer: GroupOffer, kernel: number): Loops {
  const [x, indices] = [at(ctx.inputs, 0), at(ctx.inputs, 1)];
  const { batch, mode } = ctx.attrs;
  if (kernel === 0) {
    return {
      items: sizeOf(x.shape),
      body: (item) => {
        const place = unravel(b, item, x.shape);
        return [ctx.store(0, place, ctx.operand(0, place))];
      },
    };
  }
  const [outer, size, rest, picks] = [x.shape.slice(0, batch), at(x.shape, batch), x.shape.slice(batch + 1), indices.shape.slice(batch)];
  const width = sizeOf(rest);
  const loop = (name: string, count: number, body: (i: Expr) => readonly Stmt[]): Stmt => {
    const variable = b.counter(name, count);
    return { kind: "for", variable, begin: b.index(0), end: b.index(count), step: 1, body: body(b.ref(variable)), vectorize: false };
  };
  const overPicks = (row: readonly Expr[], isOwn: (target: Expr) => Expr | undefined, update: (pick: readonly Expr[], target: Expr) => readonly Stmt[]): Stmt =>
    loop("pick", sizeOf(picks), (number) => {
      const pick = unravel(b, number, picks);
      const variable = b.variable("target", "index");
      const target = b.ref(variable);
      const own = isOwn(target);
      const inside = isInside(b, target, size);
      return [
        { kind: "let", variable, value: b.cast(ctx.operand(1, [...row, ...pick]), "index") },
        { kind: "if", condition: own ? b.and(inside, own) : inside, then: update(pick, target), otherwise: [] },
      ];
    });
  const fold = (row: readonly Expr[], pick: readonly Expr[], target: Expr, r: readonly Expr[]): Stmt[] => {
    const value = ctx.operand(2, [...row, ...pick, ...r]);
    const place = [...row, target, ...r];
    if (mode === "set") return [ctx.store(0, place, value)];
    const old = b.variable("old", value.type);
    return [{ kind: "let", variable: old, value: ctx.reload(0, place) }, ctx.store(0, place, b.op(mode, b.ref(old), value))];
  };
  if (width > mostRest) {
    return {
      items: sizeOf(outer) * width,
      body: (item) => {
        const [row, r] = [unravel(b, b.div(item, b.index(width)), outer), unravel(b, b.rem(item, b.index(width)), rest)];
        return [overPicks(row, () => undefined, (pick, target) => fold(row, pick, target, r))];
      },
    };
  }
  const lanes = 2 ** Math.min(Math.floor(Math.log2(offer.invocations)), Math.ceil(Math.log2(Math.max(1, size))));
  const lane = lanes > 1 ? offer.lanes(lanes) : undefined;
  return {
    items: sizeOf(outer),
    body: (item) => {
      const row = unravel(b, item, outer);
      const isOwn = (target: Expr): Expr | undefined => lane && b.eq(b.rem(target, b.index(lanes)), lane);
      return [overPicks(row, isOwn, (pick, target) => [loop("r", width, (i) => fold(row, pick, target, unravel(b, i, rest)))])];
    },
  };
}

export const groupScatter: GroupLoops<ScatterAttrs> = {
  op: "scatter",
  kernels: ({ inputs, attrs: { batch } }) => (sizeOf(at(inputs, 1).shape.slice(batch)) === 0 ? 1 : 2),
  build,
};
