import { isFloat } from "../core/dtype.js";
import { sizeOf } from "../core/shape.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { GroupLoops, GroupOffer, Loops, LoopsContext, SharedType } from "../ir/graph.js";
import type { Expr, Stmt, Variable } from "../ir/loop.js";
import { addCompensated, type CumulativeAttrs } from "./cumulative-sums.js";
import { foldIdentity } from "./fold.js";
import { at, unravel } from "./indexing.js";

/** Rows up to this length are run by one invocation each. */
const mostAlone = 256;
/** Elements in a row that an invocation folds: odd, so that neighbours find theirs in different banks of memory. */
const run = 11;
const elementBytes = 4;

/** A fold, and for sums what they lost. */
type Parts = readonly [total: Expr, loss?: Expr | undefined];

interface Partial {
  readonly total: Variable;
  readonly start: readonly Stmt[];
  readonly parts: Parts;
  add(x: Expr): Stmt[];
  addAll(parts: Parts): Stmt[];
  become(parts: Parts): Stmt[];
}

/** Lanes whose folds are folded first. */
function clusterOf(lanes: number): number {
  return 2 ** Math.ceil(Math.log2(lanes) / 2);
}

/** A piece, and the fold of each lane and of each cluster, with what sums lost. */
function sharedElements(lanes: number, compensated: boolean): number {
  return lanes * run + (compensated ? 2 : 1) * (lanes + lanes / clusterOf(lanes));
}

/**
 * Takes a row in pieces of a run for each invocation of a group. Each folds its run; then those of a cluster of lanes fold what
 * these give, in their order; all fold onto what came before the piece what the clusters give; and each goes through its run
 * again from what came before that. So a result is the fold, in their order, of the earlier clusters, of the earlier runs of its
 * own and of its run so far; a sum keeps the compensation that it has in one go throughout. Where the parts of a float's
 * product leave its range, the whole may still lie in it: such rows are run by one invocation each. So may the whole of a sum,
 * but only where numbers are near the largest ones: a run or cluster whose own sum overflows makes the later results infinite,
 * or NaN where the signs of such parts differ, though those of one go may be finite.
 */
function build(b: ExprBuilder, ctx: LoopsContext<CumulativeAttrs>, offer: GroupOffer): Loops | undefined {
  const { shape, dtype } = at(ctx.inputs, 0);
  const { axis, fold, reverse } = ctx.attrs;
  const length = at(shape, axis);
  if (length <= mostAlone || (fold === "mul" && isFloat(dtype))) return undefined;
  const compensated = fold === "add" && isFloat(dtype);
  let lanes = 2 ** Math.floor(Math.log2(Math.min(offer.invocations, Math.ceil(length / run))));
  while (lanes > 1 && elementBytes * sharedElements(lanes, compensated) > offer.sharedBytes) lanes /= 2;
  const lane = offer.lanes(lanes);
  const piece = lanes * run;
  const cluster = clusterOf(lanes);
  const outer = shape.map((d, i) => (i === axis ? 1 : d));
  return {
    items: sizeOf(outer),
    body: (item) => {
      const row = unravel(b, item, outer);
      const place = (i: Expr): Expr[] => row.map((e, a) => (a !== axis ? e : reverse ? b.sub(b.index(length - 1), i) : i));
      const { type } = ctx.operand(0, place(b.index(0)));
      const elements = offer.shared(type as SharedType, piece);

      const none = b.const(foldIdentity(fold, dtype), type);
      const zero = b.const(0, type);
      const mutable = (variable: Variable, value: Expr): Stmt => ({ kind: "mutable", variable, value });
      const assign = (variable: Variable, value: Expr): Stmt => ({ kind: "assign", variable, value });
      const loop = (name: string, begin: Expr, end: number, step: number, body: (i: Expr) => readonly Stmt[]): Stmt => {
        const variable = b.counter(name, end);
        return { kind: "for", variable, begin, end: b.index(end), step, body: body(b.ref(variable)), vectorize: false };
      };
      const when = (condition: Expr, then: readonly Stmt[]): Stmt => ({ kind: "if", condition, then, otherwise: [] });
      const barrier: Stmt = { kind: "barrier" };

      /** A fold so far, with what its sum lost. */
      const partial = (name: string): Partial => {
        const [total, loss] = [b.variable(name, type), b.variable(`${name}Loss`, type)];
        const add = (x: Expr): Stmt[] => (compensated ? addCompensated(b, total, loss, x) : [assign(total, b.op(fold, b.ref(total), x))]);
        return {
          total,
          start: [mutable(total, none), ...(compensated ? [mutable(loss, zero)] : [])],
          add,
          addAll: ([x, lost]) => [...(lost ? [assign(loss, b.add(b.ref(loss), lost))] : []), ...add(x)],
          become: ([x, lost]) => [assign(total, x), ...(lost ? [assign(loss, lost)] : [])],
          parts: compensated ? [b.ref(total), b.ref(loss)] : [b.ref(total)],
        };
      };
      /** Folds in shared memory. */
      const folds = (size: number): { store(i: Expr, parts: Parts): Stmt[]; load(i: Expr): { readonly stmts: Stmt[]; readonly parts: Parts } } => {
        const memories = (compensated ? [0, 1] : [0]).map(() => offer.shared(type as SharedType, size));
        return {
          store: (i, parts) => memories.map((memory, k) => memory.store(i, parts[k] ?? zero)),
          load: (i) => {
            const variables = memories.map(() => b.variable("fold", type));
            const [total, loss] = variables.map((variable) => b.ref(variable));
            return { stmts: variables.map((variable, k) => ({ kind: "let", variable, value: at(memories, k).load(i) })), parts: [total ?? none, loss] };
          },
        };
      };
      const [ofLanes, ofClusters] = [folds(lanes), folds(lanes / cluster)];
      const [carry, own, before, all, here] = [partial("carry"), partial("own"), partial("before"), partial("all"), partial("here")];
      const [number, inCluster] = [b.div(lane, b.index(cluster)), b.rem(lane, b.index(cluster))];

      const overPieces = loop("begin", b.index(0), length, piece, (begin) => {
        const dealt = (body: (i: Expr, to: Expr) => Stmt): Stmt =>
          loop("at", lane, piece, lanes, (i) => [when(b.lt(b.add(begin, i), b.index(length)), [body(i, b.add(begin, i))])]);
        const overRun = (body: (i: Expr) => readonly Stmt[]): Stmt =>
          loop("n", b.index(0), run, 1, (n) => {
            const i = b.add(b.mul(lane, b.index(run)), n);
            return [when(b.lt(b.add(begin, i), b.index(length)), body(i))];
          });
        const value = (i: Expr): { readonly stmt: Stmt; readonly ref: Expr } => {
          const variable = b.variable("x", type);
          return { stmt: { kind: "let", variable, value: elements.load(i) }, ref: b.ref(variable) };
        };
        return [
          dealt((i, from) => elements.store(i, ctx.operand(0, place(from)))),
          barrier,
          ...own.start,
          overRun((i) => {
            const x = value(i);
            return [x.stmt, ...own.add(x.ref)];
          }),
          ...ofLanes.store(lane, own.parts),
          barrier,
          ...before.start,
          ...all.start,
          loop("other", b.index(0), cluster, 1, (other) => {
            const one = ofLanes.load(b.add(b.mul(number, b.index(cluster)), other));
            return [when(b.eq(other, inCluster), before.become(all.parts)), ...one.stmts, ...all.addAll(one.parts)];
          }),
          when(b.eq(inCluster, b.index(0)), ofClusters.store(number, all.parts)),
          barrier,
          ...here.start,
          loop("other", b.index(0), lanes / cluster, 1, (other) => {
            const one = ofClusters.load(other);
            return [when(b.eq(other, number), here.become(carry.parts)), ...one.stmts, ...carry.addAll(one.parts)];
          }),
          ...here.addAll(before.parts),
          overRun((i) => {
            const x = value(i);
            return [x.stmt, ...here.add(x.ref), elements.store(i, b.ref(here.total))];
          }),
          barrier,
          // The lane that stores an element is the one that brings the next to its place.
          dealt((i, to) => ctx.store(0, place(to), elements.load(i))),
        ];
      });
      return [...carry.start, overPieces];
    },
  };
}

export const groupCumulative: GroupLoops<CumulativeAttrs> = { op: "cumulative", build };
