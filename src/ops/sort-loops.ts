import { sizeOf } from "../core/shape.js";
import type { Loops, LoopsContext } from "../ir/graph.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr, Stmt } from "../ir/loop.js";
import { at, unravel } from "./indexing.js";
import { exchangeInOrder, type SortAttrs } from "./sort-order.js";

/** Sorts each row in place, in an order of comparisons that does not depend on its values. */
export function buildSort(b: ExprBuilder, ctx: LoopsContext<SortAttrs>): Loops {
  const { shape } = at(ctx.inputs, 0);
  const { axis, descending } = ctx.attrs;
  const outer = shape.map((d, i) => (i === axis ? 1 : d));
  const length = at(shape, axis);
  return {
    items: length === 0 ? 0 : sizeOf(outer),
    body: (item) => {
      const row = unravel(b, item, outer);
      const place = (i: Expr): Expr[] => row.map((e, a) => (a === axis ? i : e));
      const step = b.counter("i", length);
      const copy: Stmt[] = [
        ctx.store(0, place(b.ref(step)), ctx.operand(0, place(b.ref(step)))),
        ctx.store(1, place(b.ref(step)), b.cast(b.ref(step), "int32")),
      ];
      return [
        { kind: "for", variable: step, begin: b.index(0), end: b.index(length), step: 1, body: copy, vectorize: false },
        ...sortingNetwork(b, length, (low, high) =>
          exchangeInOrder(b, descending, low, high, {
            load: (i) => [ctx.reload(0, place(i)), ctx.reload(1, place(i))],
            store: (i, value, from) => [ctx.store(0, place(i), value), ctx.store(1, place(i), from)],
          }),
        ),
      ];
    },
  };
}

/**
 * Compares pairs of places in a fixed order that sorts any input in place: merge exchange, n·log²n / 4 comparisons.
 *
 * Source: Knuth, "The Art of Computer Programming" vol. 3, section 5.2.2, algorithm M (Batcher 1968).
 */
function sortingNetwork(b: ExprBuilder, n: number, exchange: (low: Expr, high: Expr) => Stmt[]): Stmt[] {
  if (n < 2) return [];
  const levels = Math.ceil(Math.log2(n));
  const level = b.counter("level", levels);
  const pass = b.counter("pass", levels);
  const low = b.counter("low", n);
  const [bit, far, distance, residue] = [b.variable("bit", "int32"), b.variable("far", "int32"), b.variable("distance", "index", 1, 1, n), b.variable("residue", "int32")];
  const one = b.const(1, "int32");
  const int = (e: Expr): Expr => b.cast(e, "int32");
  const isFirst = b.eq(b.ref(pass), b.index(0));
  const body: Stmt[] = [
    { kind: "let", variable: far, value: b.op("shl", one, b.sub(b.const(levels, "int32"), b.select(isFirst, one, int(b.ref(pass))))) },
    { kind: "let", variable: distance, value: b.cast(b.select(isFirst, b.ref(bit), b.sub(b.ref(far), b.ref(bit))), "index") },
    { kind: "let", variable: residue, value: b.select(isFirst, b.const(0, "int32"), b.ref(bit)) },
    {
      kind: "for",
      variable: low,
      begin: b.index(0),
      end: b.sub(b.index(n), b.ref(distance)),
      step: 1,
      body: [
        {
          kind: "if",
          condition: b.eq(b.and(int(b.ref(low)), b.ref(bit)), b.ref(residue)),
          then: exchange(b.ref(low), b.add(b.ref(low), b.ref(distance))),
          otherwise: [],
        },
      ],
      vectorize: false,
    },
  ];
  return [
    {
      kind: "for",
      variable: level,
      begin: b.index(0),
      end: b.index(levels),
      step: 1,
      body: [
        { kind: "let", variable: bit, value: b.op("shl", one, b.sub(b.const(levels - 1, "int32"), int(b.ref(level)))) },
        { kind: "for", variable: pass, begin: b.index(0), end: b.add(b.ref(level), b.index(1)), step: 1, body, vectorize: false },
      ],
      vectorize: false,
    },
  ];
}
