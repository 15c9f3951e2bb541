import { sizeOf } from "../core/shape.js";
import type { GroupLoops, GroupOffer, Loops, LoopsContext } from "../ir/graph.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr, Stmt } from "../ir/loop.js";
import { attentionShape, gradientMask, queriesOfPart, type GradientAttrs } from "./attention-shape.js";
import { chooseScoreTile, GroupWriter, paddedWidth } from "./attention-groups.js";
import { at, range, unravel } from "./indexing.js";
import { lanesOf, type LaneShape } from "./lane-tile.js";

/** A range of queries or keys. */
interface Range {
  readonly begin: Expr;
  readonly end: Expr;
}

/**
 * The gradient with a group for each block of keys of each part of the queries, and one for each block of queries: both
 * compute the weights again, and each adds up in its registers what only it has. Undefined where no tile fits.
 */
function buildGradient(b: ExprBuilder, ctx: LoopsContext<GradientAttrs>, offer: GroupOffer): Loops | undefined {
  const { attrs } = ctx;
  const shape = attentionShape(at(ctx.inputs, 0).shape, at(ctx.inputs, 1).shape, at(ctx.inputs, 2).shape);
  const { batch: sizes, queries, keys, features, values } = shape;
  const { parts } = attrs;
  const perPart = queriesOfPart(shape, parts);
  const dtype = at(ctx.inputs, 0).dtype === "float64" ? "float64" : "float32";
  const numbersOf = ({ rows, columns }: LaneShape): number => (rows + columns) * (paddedWidth(features) + paddedWidth(values)) + 2 * rows * paddedWidth(columns);
  const blocksOf = ({ rows }: LaneShape): readonly [number, number] => [sizeOf(sizes) * parts * Math.ceil(keys / rows), sizeOf(sizes) * Math.ceil(queries / rows)];
  const scores = chooseScoreTile(offer, dtype, (tile) => Math.max(...blocksOf(tile)), numbersOf, features + values);
  if (!scores) return undefined;
  const { rows: tall, columns: span } = scores;
  const lane = offer.lanes(lanesOf(scores));
  const [forKeys, forQueries] = blocksOf(scores);
  const shared = (rows: number, columns: number): ReturnType<GroupWriter["matrixOf"]> => ({ memory: offer.shared(dtype, rows * paddedWidth(columns)), width: paddedWidth(columns) });
  return {
    items: forKeys + forQueries,
    body: (item) => {
      const w = new GroupWriter(b, ctx, attrs, shape, gradientMask, scores, lane);
      const { tile } = w;
      const rows = range(scores.laneRows);
      const [first, second] = [shared(tall, features), shared(tall, values)];
      const [other1, other2] = [shared(span, features), shared(span, values)];
      const [weights, slopes] = [shared(tall, span), shared(tall, span)];
      const barrier: Stmt = { kind: "barrier" };
      const scaled = (x: Expr): Expr => b.mul(x, w.number(attrs.scale));

      /** Sums over `others` for the rows of `own`: keys and values beside queries and cotangents if `turned`, else the reverse. */
      const sumsOver = (turned: boolean, batch: readonly Expr[], own: Range, others: Range): { readonly stmts: Stmt[]; readonly ofFirst: Sums; readonly ofSecond: Sums } => {
        const [ofFirst, ofSecond] = [tile.sums("first", dtype, features), tile.sums("second", dtype, turned ? values : 0)];
        const x0 = b.counter("x", Math.max(queries, keys));
        const reach = { begin: b.ref(x0), end: others.end, most: span };
        const [ofQueries, ofKeys] = [
          [[0, features, scaled], [5, values, (x: Expr): Expr => x]],
          [[1, features, (x: Expr): Expr => x], [2, values, (x: Expr): Expr => x]],
        ] as const;
        const bring = ([[operand1, columns1, change1], [operand2, columns2, change2]]: typeof ofQueries | typeof ofKeys, to: readonly [typeof first, typeof second], place: Range & { readonly most: number }): Stmt[] => [
          w.bring(to[0], operand1, batch, place, columns1, change1),
          w.bring(to[1], operand2, batch, place, columns2, change2),
        ];
        /** The logarithm of the sum of a query's weights, and its offset; 0 beyond the last query. */
        const ofQuery = (query: Expr, end: Expr): { readonly stmts: Stmt[]; readonly logSum: Expr; readonly offset: Expr } => {
          const read = (operand: number): Expr => b.guard(b.lt(query, end), ctx.operand(operand, [...batch, query]), w.number(0));
          const [logSum, offset] = [w.named("logSum", read(3)), w.named("offset", read(4))];
          return { stmts: [logSum.stmt, offset.stmt], logSum: logSum.ref, offset: offset.ref };
        };
        const ownQueries = turned ? [] : rows.map((i) => ofQuery(b.add(own.begin, tile.row(i)), own.end));
        const otherQueries = turned ? range(scores.laneColumns).map((j) => ofQuery(b.add(b.ref(x0), tile.column(j)), others.end)) : [];
        const [score, slope] = [tile.sums("score", dtype, span), tile.sums("slope", dtype, span)];
        const factors = w.factors(weights, batch, own.begin, b.ref(x0), turned);
        const each = rows.flatMap((i) =>
          range(scores.laneColumns).flatMap((j): Stmt[] => {
            const [mine, theirs] = [b.add(own.begin, tile.row(i)), b.add(b.ref(x0), tile.column(j))];
            const [query, key] = turned ? [theirs, mine] : [mine, theirs];
            const { logSum, offset } = at(turned ? otherQueries : ownQueries, turned ? j : i);
            const inside = b.and(b.lt(mine, own.end), b.lt(theirs, others.end));
            const [s, d] = [b.ref(at(at(score.variables, i), j)), b.ref(at(at(slope.variables, i), j))];
            const shifted = w.named("shifted", b.guard(inside, b.sub(w.masked(s, batch, query, key), logSum), w.number(-Infinity)));
            const weight = w.named("weight", b.exp(shifted.ref));
            const place = w.at(weights, tile.row(i), tile.column(j));
            const factor = factors.length > 0 ? w.named("factor", weights.memory.load(place)) : undefined;
            const times = (x: Expr): Expr => (factor ? b.mul(x, factor.ref) : x);
            return [
              shifted.stmt, weight.stmt, ...(factor ? [factor.stmt] : []),
              slopes.memory.store(place, b.mul(weight.ref, b.sub(times(d), offset))),
              ...(turned ? [weights.memory.store(place, times(weight.ref))] : []),
            ];
          }),
        );
        const loop: Stmt = {
          kind: "for",
          variable: x0,
          begin: others.begin,
          end: others.end,
          step: span,
          body: [
            barrier,
            ...bring(turned ? ofQueries : ofKeys, [other1, other2], reach),
            barrier,
            ...score.stmts, ...slope.stmts,
            w.alongRows(score.variables, first, other1, features),
            w.alongRows(slope.variables, second, other2, values),
            ...factors, ...otherQueries.flatMap(({ stmts }) => stmts), ...each,
            barrier,
            w.alongColumns(ofFirst.variables, slopes, other1, span, features),
            ...(turned ? [w.alongColumns(ofSecond.variables, weights, other2, span, values)] : []),
          ],
          vectorize: false,
        };
        const stmts = [
          ...bring(turned ? ofKeys : ofQueries, [first, second], { ...own, most: tall }),
          ...ownQueries.flatMap((q) => q.stmts),
          ...ofFirst.stmts, ...ofSecond.stmts,
          loop,
        ];
        return { stmts, ofFirst, ofSecond };
      };

      const keyBlocks = Math.max(1, Math.ceil(keys / tall));
      const [part, keyBlock] = [b.rem(b.div(item, b.index(keyBlocks)), b.index(parts)), b.rem(item, b.index(keyBlocks))];
      const keyBatch = unravel(b, b.div(item, b.index(keyBlocks * parts)), sizes);
      const key0 = b.mul(keyBlock, b.index(tall));
      const part0 = b.mul(part, b.index(perPart));
      // A key is seen by the queries from its own position on.
      const firstQuery = attrs.causal ? b.max(part0, b.mul(b.div(key0, b.index(span)), b.index(span))) : part0;
      const ownKeys = { begin: key0, end: b.index(keys) };
      const ofKeys = sumsOver(true, keyBatch, ownKeys, { begin: firstQuery, end: b.min(b.add(part0, b.index(perPart)), b.index(queries)) });

      const number = b.max(b.sub(item, b.index(forKeys)), b.index(0));
      const queryBlocks = Math.max(1, Math.ceil(queries / tall));
      const queryBatch = unravel(b, b.div(number, b.index(queryBlocks)), sizes);
      const query0 = b.mul(b.rem(number, b.index(queryBlocks)), b.index(tall));
      const ownQueries = { begin: query0, end: b.index(queries) };
      const visible = attrs.causal ? b.min(b.index(keys), b.add(query0, b.index(tall))) : b.index(keys);
      const ofQueries = sumsOver(false, queryBatch, ownQueries, { begin: b.index(0), end: visible });
      return [
        {
          kind: "if",
          condition: b.lt(item, b.index(forKeys)),
          then: [
            ...ofKeys.stmts,
            ...w.write(1, [part, ...keyBatch], ofKeys.ofFirst.variables, key0, b.index(keys), features, (x) => x),
            ...w.write(2, [part, ...keyBatch], ofKeys.ofSecond.variables, key0, b.index(keys), values, (x) => x),
          ],
          otherwise: [...ofQueries.stmts, ...w.write(0, queryBatch, ofQueries.ofFirst.variables, query0, b.index(queries), features, scaled)],
        },
      ];
    },
  };
}

type Sums = ReturnType<GroupWriter["tile"]["sums"]>;

export const groupAttentionGradient: GroupLoops<GradientAttrs> = { op: "attention-gradient", build: buildGradient };
