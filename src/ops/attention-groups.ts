import { byteSize } from "../core/dtype.js";
import { sizeOf } from "../core/shape.js";
import type { Attrs, GroupLoops, GroupOffer, Loops, LoopsContext, Scratch } from "../ir/graph.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr, Stmt, Variable } from "../ir/loop.js";
import { attentionMask, attentionShape, type AttentionAttrs, type AttentionShape } from "./attention-shape.js";
import { AttentionWriter, type Matrix } from "./attention-writer.js";
import { at, range, unravel } from "./indexing.js";
import { addProducts, lanesOf, LaneTile, type LaneShape } from "./lane-tile.js";

/** Tiles of scores, the largest first. */
const scoreTiles: readonly LaneShape[] = [
  { rows: 64, columns: 32, laneRows: 4, laneColumns: 4 },
  { rows: 32, columns: 32, laneRows: 2, laneColumns: 4 },
  { rows: 32, columns: 16, laneRows: 2, laneColumns: 2 },
  { rows: 16, columns: 16, laneRows: 1, laneColumns: 2 },
  { rows: 16, columns: 16, laneRows: 2, laneColumns: 2 },
  { rows: 16, columns: 8, laneRows: 1, laneColumns: 1 },
  { rows: 8, columns: 8, laneRows: 1, laneColumns: 1 },
];

/** Groups that occupy a GPU, and numbers that a lane may add up at the same time. */
const wantedGroups = 128;
const mostSums = 64;

/** The largest tile that fits, and of which there are enough for all of a GPU if any has so many. `numbersOf` counts what is shared. */
export function chooseScoreTile(offer: GroupOffer, dtype: "float32" | "float64", blocksOf: (tile: LaneShape) => number, numbersOf: (tile: LaneShape) => number, columns: number): LaneShape | undefined {
  const sums = (tile: LaneShape): number => tile.laneRows * Math.ceil((columns * tile.laneColumns) / tile.columns);
  const fits = scoreTiles.filter((t) => lanesOf(t) <= offer.invocations && numbersOf(t) * byteSize(dtype) <= offer.sharedBytes && sums(t) <= mostSums);
  return fits.find((tile) => blocksOf(tile) >= wantedGroups) ?? fits.at(-1);
}

/** Numbers from one row to the next: odd, so that neighbouring rows lie in different banks of memory. */
export function paddedWidth(columns: number): number {
  return columns | 1;
}

/** Loops and matrices of a group that computes tiles of scores. */
export class GroupWriter extends AttentionWriter {
  readonly tile: LaneTile;
  readonly #b: ExprBuilder;
  readonly #ctx: LoopsContext<Attrs>;
  readonly #scores: LaneShape;
  readonly #lane: Expr;

  constructor(b: ExprBuilder, ctx: LoopsContext<Attrs>, attrs: AttentionAttrs, shape: AttentionShape, mask: number, scores: LaneShape, lane: Expr) {
    super(b, ctx, attrs, shape, mask);
    this.tile = new LaneTile(b, scores, lane);
    this.#b = b;
    this.#ctx = ctx;
    this.#scores = scores;
    this.#lane = lane;
  }

  /** Brings rows of an operand [batch…, rows, columns] into shared memory, zeros from `end` on. */
  bring(to: Matrix, operand: number, batch: readonly Expr[], rows: { readonly begin: Expr; readonly end: Expr; readonly most: number }, columns: number, change = (x: Expr): Expr => x): Stmt {
    const b = this.#b;
    const place = b.counter("at", rows.most * columns);
    const [row, column] = [b.div(b.ref(place), b.index(columns)), b.rem(b.ref(place), b.index(columns))];
    const from = b.add(rows.begin, row);
    const value = b.guard(b.lt(from, rows.end), change(b.cast(this.#ctx.operand(operand, [...batch, from, column]), this.type)), this.number(0));
    const store = to.memory.store(this.at(to, row, column), value);
    return { kind: "for", variable: place, begin: this.#lane, end: b.index(rows.most * columns), step: lanesOf(this.#scores), body: [store], vectorize: false };
  }

  /** sums += a · bᵀ over `columns`: rows of both matrices. */
  alongRows(sums: readonly (readonly Variable[])[], a: Matrix, right: Matrix, columns: number): Stmt {
    const b = this.#b;
    const read = (m: Matrix, row: Expr, step: Expr): Expr => m.memory.load(this.at(m, row, step));
    const steps = { count: b.index(columns), most: columns };
    return addProducts(b, sums, steps, (i, step) => read(a, this.tile.row(i), step), (j, step) => read(right, this.tile.column(j), step));
  }

  /** sums += weights · m over `rows` of m. */
  alongColumns(sums: readonly (readonly Variable[])[], weights: Matrix, m: Matrix, rows: number, columns: number): Stmt {
    const b = this.#b;
    const steps = { count: b.index(rows), most: rows };
    // The last lanes may have no column left: they add up what nobody stores, and must not read beyond the row.
    const inRow = (j: number): Expr => b.min(this.tile.column(j), b.index(columns - 1));
    return addProducts(b, sums, steps, (i, step) => weights.memory.load(this.at(weights, this.tile.row(i), step)), (j, step) => m.memory.load(this.at(m, step, inRow(j))));
  }

  /**
   * Puts dropout's factors where a lane's weights will be, in loops: random bits are much code. Rows are keys if `turned`.
   * Empty where all weights are kept.
   */
  factors(to: Matrix, batch: readonly Expr[], row0: Expr, column0: Expr, turned = false): Stmt[] {
    const b = this.#b;
    const { laneRows, laneColumns } = this.#scores;
    const [i, j] = [b.counter("i", laneRows), b.counter("j", laneColumns)];
    const [row, column] = [b.add(this.tile.row(0), b.ref(i)), b.add(this.tile.column(0), b.mul(b.ref(j), b.index(this.tile.across)))];
    const [first, second] = [b.add(row0, row), b.add(column0, column)];
    const factor = turned ? this.dropout(batch, second, first) : this.dropout(batch, first, second);
    const loop = (variable: Variable, size: number, body: readonly Stmt[]): Stmt => ({ kind: "for", variable, begin: b.index(0), end: b.index(size), step: 1, body, vectorize: false });
    return factor ? [loop(i, laneRows, [loop(j, laneColumns, [to.memory.store(this.at(to, row, column), factor)])])] : [];
  }

  /** Stores a lane's sums as rows from `begin` to `end` of an output. */
  write(output: number, before: readonly Expr[], sums: readonly (readonly Variable[])[], begin: Expr, end: Expr, columns: number, change: (x: Expr, i: number) => Expr): Stmt[] {
    const b = this.#b;
    return sums.flatMap((list, i) => {
      const row = b.add(begin, this.tile.row(i));
      const stores = list.map((variable, j): Stmt => {
        const column = this.tile.column(j);
        const store = this.#ctx.store(output, [...before, row, column], change(b.ref(variable), i));
        return this.when(b.lt(column, b.index(columns)), [store]);
      });
      return this.when(b.lt(row, end), stores);
    });
  }

  when(condition: Expr, then: readonly Stmt[]): Stmt {
    return { kind: "if", condition, then, otherwise: [] };
  }

  matrixOf(memory: Scratch, columns: number): Matrix {
    return { memory, width: paddedWidth(columns) };
  }
}

/**
 * The forward pass with a group for each block of queries: scores of a tile in the lanes' registers, their maxima and sums by
 * way of shared memory, the mean of values in registers. Undefined where no tile fits.
 */
function buildForward(b: ExprBuilder, ctx: LoopsContext<AttentionAttrs>, offer: GroupOffer): Loops | undefined {
  const { attrs } = ctx;
  const shape = attentionShape(at(ctx.inputs, 0).shape, at(ctx.inputs, 1).shape, at(ctx.inputs, 2).shape);
  const { batch: sizes, queries, keys, features, values } = shape;
  const dtype = at(ctx.inputs, 0).dtype === "float64" ? "float64" : "float32";
  const wide = paddedWidth(Math.max(features, values));
  const numbersOf = ({ rows, columns, laneColumns }: LaneShape): number =>
    rows * paddedWidth(features) + columns * wide + rows * paddedWidth(columns) + (2 * rows * columns) / laneColumns;
  const blocksOf = ({ rows }: LaneShape): number => sizeOf(sizes) * Math.ceil(queries / rows);
  const scores = chooseScoreTile(offer, dtype, blocksOf, numbersOf, values);
  if (!scores) return undefined;
  const { rows: tall, columns: span } = scores;
  const lane = offer.lanes(lanesOf(scores));
  const blocks = Math.ceil(queries / tall);
  return {
    items: sizeOf(sizes) * blocks,
    body: (item) => {
      const w = new GroupWriter(b, ctx, attrs, shape, attentionMask, scores, lane);
      const { tile } = w;
      const batch = unravel(b, b.div(item, b.index(blocks)), sizes);
      const begin = b.mul(b.rem(item, b.index(blocks)), b.index(tall));
      const q = w.matrixOf(offer.shared(dtype, tall * paddedWidth(features)), features);
      const memory = offer.shared(dtype, span * wide);
      const [k, v] = [w.matrixOf(memory, features), w.matrixOf(memory, values)];
      const weights = w.matrixOf(offer.shared(dtype, tall * paddedWidth(span)), span);
      const [maxima, sums] = [offer.shared(dtype, tall * tile.across), offer.shared(dtype, tall * tile.across)];
      const mean = tile.sums("mean", dtype, values);
      const rows = range(scores.laneRows);
      const [largest, total] = [rows.map(() => w.total("largest", -Infinity)), rows.map(() => w.total("total", 0))];

      const k0 = b.counter("k", keys);
      const barrier: Stmt = { kind: "barrier" };
      const s = tile.sums("s", dtype, span);
      const near = (i: number, lanes: Expr): Expr => b.add(b.mul(tile.row(i), b.index(tile.across)), lanes);
      const overLanes = (body: (x: Expr) => readonly Stmt[]): Stmt => w.loop("x", b.index(tile.across), tile.across, body);
      const body: Stmt[] = [
        barrier,
        w.bring(k, 1, batch, { begin: b.ref(k0), end: b.index(keys), most: span }, features),
        barrier,
        ...s.stmts,
        w.alongRows(s.variables, q, k, features),
      ];
      // Scores with their mask, and what each lane knows of their maxima.
      const masked = rows.map((i) => {
        const query = b.add(begin, tile.row(i));
        const list = at(s.variables, i).map((variable, j) => {
          const key = b.add(b.ref(k0), tile.column(j));
          const inside = b.and(b.lt(query, b.index(queries)), b.lt(key, b.index(keys)));
          const score = w.named("score", b.guard(inside, w.masked(b.ref(variable), batch, query, key), w.number(-Infinity)));
          body.push(score.stmt);
          return score.ref;
        });
        body.push(maxima.store(near(i, tile.place), list.reduce((x, y) => b.max(x, y))));
        return list;
      });
      const factors = w.factors(weights, batch, begin, b.ref(k0));
      body.push(...factors, barrier, w.bring(v, 2, batch, { begin: b.ref(k0), end: b.index(keys), most: span }, values));
      rows.forEach((i) => {
        const [most, sum] = [at(largest, i), at(total, i)];
        const before = w.named("before", most.ref);
        body.push(before.stmt, overLanes((x) => [{ kind: "accumulate", variable: most.variable, op: "max", value: maxima.load(near(i, x)) }]));
        // Where no key was seen yet there is nothing to shift by.
        const shift = w.named("shift", b.select(b.eq(most.ref, w.number(-Infinity)), w.number(0), most.ref));
        const shrink = w.named("shrink", b.exp(b.sub(before.ref, shift.ref)));
        body.push(shift.stmt, shrink.stmt, { kind: "assign", variable: sum.variable, value: b.mul(sum.ref, shrink.ref) });
        for (const variable of at(mean.variables, i)) body.push({ kind: "assign", variable, value: b.mul(b.ref(variable), shrink.ref) });
        const own = at(masked, i).map((score, j) => {
          const weight = w.named("weight", b.exp(b.sub(score, shift.ref)));
          const place = w.at(weights, tile.row(i), tile.column(j));
          const dropped = w.named("dropped", factors.length > 0 ? b.mul(weight.ref, weights.memory.load(place)) : weight.ref);
          body.push(weight.stmt, dropped.stmt, weights.memory.store(place, dropped.ref));
          return weight.ref;
        });
        body.push(sums.store(near(i, tile.place), own.reduce((x, y) => b.add(x, y))));
      });
      body.push(barrier);
      for (const i of rows) body.push(overLanes((x) => [{ kind: "accumulate", variable: at(total, i).variable, op: "add", value: sums.load(near(i, x)) }]));
      body.push(w.alongColumns(mean.variables, weights, v, span, values));

      const visible = attrs.causal ? b.min(b.index(keys), b.add(begin, b.index(tall))) : b.index(keys);
      const overKeys: Stmt = { kind: "for", variable: k0, begin: b.index(0), end: visible, step: span, body, vectorize: false };
      const finish = rows.map((i) => {
        const sum = at(total, i).ref;
        const inverse = w.named("inverse", b.select(b.eq(sum, w.number(0)), w.number(0), b.div(w.number(1), sum)));
        return { ...inverse, none: b.eq(sum, w.number(0)), query: b.add(begin, tile.row(i)), sum };
      });
      return [
        w.bring(q, 0, batch, { begin, end: b.index(queries), most: tall }, features, (x) => b.mul(x, w.number(attrs.scale))),
        ...mean.stmts,
        ...[...largest, ...total].map(({ stmt }) => stmt),
        ...(keys > 0 ? [overKeys] : []),
        ...finish.map(({ stmt }) => stmt),
        ...finish.map(({ none, query, sum }, i) =>
          w.when(b.and(b.eq(tile.place, b.index(0)), b.lt(query, b.index(queries))), [
            ctx.store(1, [...batch, query], b.select(none, w.number(Infinity), b.add(at(largest, i).ref, b.log(sum)))),
          ]),
        ),
        ...w.write(0, batch, mean.variables, begin, b.index(queries), values, (x, i) => b.mul(x, at(finish, i).ref)),
      ];
    },
  };
}

export const groupAttention: GroupLoops<AttentionAttrs> = { op: "attention", build: buildForward };
