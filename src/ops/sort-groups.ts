import { dtypeInfo } from "../core/dtype.js";
import { sizeOf } from "../core/shape.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { GroupLoops, GroupOffer, Loops, LoopsContext, SharedType } from "../ir/graph.js";
import type { Expr, Stmt } from "../ir/loop.js";
import { at, unravel } from "./indexing.js";
import { exchangeInOrder, type SortAttrs, type SortedPlaces } from "./sort-order.js";

/** Rows up to this length are sorted by one invocation each. */
const mostAlone = 16;
/** Elements of a tile at most: more bring little, and groups of less memory leave a GPU others to go on with. */
const mostTile = 2048;
/** Bytes of a value and of its position. */
const elementBytes = 8;

/** Elements that a group sorts in its shared memory: a power of two, of at least the row's length if that is possible. */
function tileOf(length: number, { sharedBytes }: Pick<GroupOffer, "sharedBytes">): number {
  const most = Math.min(mostTile, 2 ** Math.floor(Math.log2(sharedBytes / elementBytes)));
  return Math.min(most, 2 ** Math.ceil(Math.log2(length)));
}

/** A kernel of a sort: one step of the network over whole rows, or all steps that reach no further than a tile. */
type Pass = { readonly half: number; readonly mask: number } | "sort tiles" | "merge tiles";

/**
 * The kernels in their order: tiles are sorted, and then blocks of twice the length each time, by steps over the whole row as
 * long as they reach beyond a tile.
 */
function passesOf(length: number, tile: number): Pass[] {
  const passes: Pass[] = ["sort tiles"];
  for (let half = tile; half < length; half *= 2) {
    passes.push({ half, mask: 2 * half - 1 });
    for (let part = half / 2; part >= tile; part /= 2) passes.push({ half: part, mask: part });
    passes.push("merge tiles");
  }
  return passes;
}

/**
 * The places that exchange number `pair` of a step compares: the lower one counts through the lower halves of blocks of
 * 2·half, the higher one differs from it by `mask`: half, or 2·half − 1 where the upper half is read from its end.
 */
function placesOf(b: ExprBuilder, pair: Expr, half: Expr, mask: Expr): readonly [low: Expr, high: Expr] {
  const number = b.cast(pair, "int32");
  const inHalf = b.op("and", number, b.sub(half, b.const(1, "int32")));
  const low = b.sub(b.mul(number, b.const(2, "int32")), inHalf);
  return [b.cast(low, "index"), b.cast(b.op("xor", low, mask), "index")];
}

/**
 * Sorts by Batcher's bitonic network in the form in which every exchange puts the smaller of two at the lower place, so that rows
 * may have any length: what would lie beyond is larger than all. n/4 · log²n exchanges. The order is a strict one, so its
 * result is that of any other way.
 *
 * Source: Batcher, "Sorting networks and their applications" (1968).
 */
function build(b: ExprBuilder, ctx: LoopsContext<SortAttrs>, offer: GroupOffer, kernel: number): Loops | undefined {
  const { shape, dtype } = at(ctx.inputs, 0);
  const { axis, descending } = ctx.attrs;
  const length = at(shape, axis);
  if (length <= mostAlone) return undefined;
  const tile = tileOf(length, offer);
  const pass = at(passesOf(length, tile), kernel);
  const outer = shape.map((d, i) => (i === axis ? 1 : d));
  const int = (n: number): Expr => b.const(n, "int32");
  const inRow = (i: Expr, then: readonly Stmt[]): Stmt => ({ kind: "if", condition: b.lt(i, b.index(length)), then, otherwise: [] });
  /** Row number `n`, as it came and as it is in the outputs. */
  const rowOf = (n: Expr): { readonly given: (i: Expr) => Expr; readonly sorted: SortedPlaces } => {
    const row = unravel(b, n, outer);
    const place = (i: Expr): Expr[] => row.map((e, a) => (a === axis ? i : e));
    return {
      given: (i) => ctx.operand(0, place(i)),
      sorted: {
        load: (i) => [ctx.reload(0, place(i)), ctx.reload(1, place(i))],
        store: (i, value, from) => [ctx.store(0, place(i), value), ctx.store(1, place(i), from)],
      },
    };
  };

  if (typeof pass === "object") {
    const pairs = 2 ** Math.ceil(Math.log2(length)) / 2;
    return {
      items: sizeOf(outer) * pairs,
      body: (item) => {
        const [low, high] = placesOf(b, b.rem(item, b.index(pairs)), int(pass.half), int(pass.mask));
        return [inRow(high, exchangeInOrder(b, descending, low, high, rowOf(b.div(item, b.index(pairs))).sorted))];
      },
    };
  }

  const tiles = Math.ceil(length / tile);
  const levels = Math.log2(tile);
  const lanes = Math.min(2 ** Math.floor(Math.log2(offer.invocations)), tile / 2);
  const lane = offer.lanes(lanes);
  const dealt = (count: number, body: (i: Expr) => readonly Stmt[]): Stmt => {
    const variable = b.counter("at", count);
    return { kind: "for", variable, begin: lane, end: b.index(count), step: lanes, body: body(b.ref(variable)), vectorize: false };
  };
  const loop = (name: string, end: Expr, body: (i: Expr) => readonly Stmt[]): Stmt => {
    const variable = b.counter(name, levels);
    return { kind: "for", variable, begin: b.index(0), end, step: 1, body: body(b.ref(variable)), vectorize: false };
  };
  const barrier: Stmt = { kind: "barrier" };
  return {
    items: sizeOf(outer) * tiles,
    body: (item) => {
      const { given, sorted } = rowOf(b.div(item, b.index(tiles)));
      const base = b.mul(b.rem(item, b.index(tiles)), b.index(tile));
      const values = offer.shared(dtypeInfo[dtype].compute as SharedType, tile);
      const froms = offer.shared("int32", tile);
      const own: SortedPlaces = {
        load: (i) => [values.load(i), froms.load(i)],
        store: (i, value, from) => [values.store(i, value), froms.store(i, from)],
      };
      const move = (from: (i: Expr) => readonly [Expr, Expr], store: (i: Expr, value: Expr, from: Expr) => readonly Stmt[]): Stmt =>
        dealt(tile, (i) => [inRow(b.add(base, i), store(i, ...from(i)))]);
      const bring = move((i) => {
        const place = b.add(base, i);
        return pass === "sort tiles" ? [given(place), b.cast(place, "int32")] : sorted.load(place);
      }, own.store);
      const giveBack = move(own.load, (i, value, from) => sorted.store(b.add(base, i), value, from));
      /** The steps from blocks of 2^(top + 1) elements down to pairs; the first joins two that are in order, if `joins`. */
      const merge = (top: Expr, joins: boolean): Stmt =>
        loop("step", b.add(top, b.index(1)), (number) => {
          const variable = b.variable("half", "int32");
          const half = b.ref(variable);
          const mask = joins ? b.select(b.eq(number, b.index(0)), b.sub(b.mul(half, int(2)), int(1)), half) : half;
          return [
            { kind: "let", variable, value: b.op("shl", int(1), b.cast(b.sub(top, number), "int32")) },
            barrier,
            dealt(tile / 2, (pair) => {
              const [low, high] = placesOf(b, pair, half, mask);
              return [inRow(b.add(base, high), exchangeInOrder(b, descending, low, high, own))];
            }),
          ];
        });
      const steps = pass === "sort tiles" ? loop("level", b.index(levels), (level) => [merge(level, true)]) : merge(b.index(levels - 1), false);
      return [bring, steps, barrier, giveBack];
    },
  };
}

export const groupSort: GroupLoops<SortAttrs> = {
  op: "sort",
  kernels: ({ attrs, inputs }, limits) => {
    const length = at(at(inputs, 0).shape, attrs.axis);
    return length <= mostAlone ? 1 : passesOf(length, tileOf(length, limits)).length;
  },
  build,
};
