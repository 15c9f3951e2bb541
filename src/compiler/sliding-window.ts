import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Contraction } from "../ir/graph.js";
import type { ComputeType, Expr, Stmt } from "../ir/loop.js";
import type { Draft } from "./draft.js";
import { loopsAround } from "./loops.js";
import { windowOf, type Window } from "./window.js";

/** An axis of the source along which results and terms move alike, by one. */
interface Slide {
  readonly dim: number;
  readonly own: number;
  readonly steps: number;
}

/** An axis of the results (`own`) or of the terms. */
interface Place {
  readonly list: "own" | "steps";
  readonly axis: number;
}

/**
 * The first operand of a contraction as images that a filter slides over in steps of one, in two directions: its elements lie
 * at [image, row of result + row of filter, column of result + column of filter, channel].
 */
export interface SlidingWindow {
  readonly window: Window;
  /** The axis of the results that says which image, and the axis of the terms that says which channel. */
  readonly image: Place;
  readonly channel: Place;
  readonly rows: Slide;
  readonly columns: Slide;
}

/** The first operand as a sliding window, or undefined where it is none. */
export function slidingWindow(draft: Draft, spec: Contraction): SlidingWindow | undefined {
  if (spec.batch.length > 0 || spec.m.length !== 3 || spec.k.length !== 3) return undefined;
  const window = windowOf(draft, (batch, own, steps) => spec.lhs(batch, own, steps), { batch: [], own: spec.m, steps: spec.k });
  if (!window) return undefined;
  const slides: Slide[] = [];
  // The source's axes as they lie in memory: columns are what lies closer together.
  for (const dim of window.order) {
    const { own, steps } = window.coordinates[dim] ?? { own: [], steps: [] };
    const moves = (list: readonly number[]): number[] => list.flatMap((f, axis) => (f === 0 ? [] : [axis]));
    const [[o, ...moreOwn], [s, ...moreSteps]] = [moves(own), moves(steps)];
    if (o === undefined || s === undefined) continue;
    if (moreOwn.length + moreSteps.length > 0 || own[o] !== 1 || steps[s] !== 1) return undefined;
    slides.push({ dim, own: o, steps: s });
  }
  const [rows, columns, more] = slides;
  if (!rows || !columns || more || rows.own === columns.own || rows.steps === columns.steps) return undefined;
  if (window.bounds.some(({ dim }) => dim !== rows.dim && dim !== columns.dim)) return undefined;
  const left = (x: number, y: number): number => 3 - x - y;
  return { window, image: { list: "own", axis: left(rows.own, columns.own) }, channel: { list: "steps", axis: left(rows.steps, columns.steps) }, rows, columns };
}

/** Indexes from `begin` on: how many, and how many at most. */
export interface Stretch {
  readonly begin: Expr;
  readonly count: Expr;
  readonly most: number;
}

/** Pixels with what lies together at each in a copy of them: [outer, row, column, inner]. */
export interface Patch {
  readonly outer: Stretch;
  readonly rows: Stretch;
  readonly columns: Stretch;
  readonly inner: Stretch;
  /** Numbers from one pixel to the next in the copy. */
  readonly width: number;
}

/** Rows or columns of a patch, counted from its first. */
interface Range {
  readonly from: Expr;
  readonly to: Expr;
}

/** Copies a patch of a sliding window to scratch memory with the zeros around its images. */
export function copyPatch(draft: Draft, { window, rows, columns }: SlidingWindow, type: ComputeType, scratch: number, patch: Patch, of: { readonly outer: Place; readonly inner: Place }): Stmt[] {
  const { b } = draft;
  const read = draft.memory(window.argument);
  const inside = (dim: number, { begin, count }: Stretch): Range => {
    let [from, to] = [b.index(0), count];
    // A patch of whole tiles may reach beyond what the contraction reads, but not beyond the source.
    const ends = [{ dim, sign: 1, add: -(window.argument.shape[dim] ?? 0) }, { dim, sign: -1, add: -1 }];
    for (const bound of [...window.bounds, ...ends]) {
      if (bound.dim !== dim) continue;
      const first = b.add(begin, b.index(window.coordinates[dim]?.constant ?? 0));
      if (bound.sign > 0) to = b.max(from, b.min(to, b.sub(b.index(-bound.add), first)));
      else from = b.min(count, b.max(from, b.sub(b.index(bound.add + 1), first)));
    }
    return { from, to: b.max(from, to) };
  };
  const element = (outer: Expr, row: Expr, column: Expr, inner: Expr): Expr => {
    const index = window.coordinates.map((c, dim) => {
      const moved = (place: Place, by: Expr): Expr => b.mul(by, b.index(c[place.list][place.axis] ?? 0));
      const slid = dim === rows.dim ? row : dim === columns.dim ? column : b.index(0);
      return b.add(b.add(moved(of.outer, outer), moved(of.inner, inner)), b.add(slid, b.index(c.constant)));
    });
    return b.cast(read(index), type);
  };
  return copyPixels(b, type, scratch, patch, { rows: inside(rows.dim, patch.rows), columns: inside(columns.dim, patch.columns) }, element);
}

/** Copies elements to scratch memory, zeros outside of the given rows and columns. */
export function copyPixels(
  b: ExprBuilder,
  type: ComputeType,
  scratch: number,
  { outer, rows, columns, inner, width }: Patch,
  inside: { readonly rows: Range; readonly columns: Range },
  element: (outer: Expr, row: Expr, column: Expr, inner: Expr) => Expr,
): Stmt[] {
  const area = (y: Range, x: Range, value: typeof element): readonly Stmt[] => {
    if (b.sub(y.to, y.from).max <= 0 || b.sub(x.to, x.from).max <= 0) return [];
    const [vo, vy, vx, vi] = [b.counter("o", outer.most), b.counter("y", rows.most), b.counter("x", columns.most), b.counter("i", inner.most)];
    const [o, row, column, i] = [b.ref(vo), b.ref(vy), b.ref(vx), b.ref(vi)];
    const pixel = b.add(b.mul(b.add(b.mul(o, b.index(rows.most)), row), b.index(columns.most)), column);
    const from = value(b.add(outer.begin, o), b.add(rows.begin, row), b.add(columns.begin, column), b.add(inner.begin, i));
    const store: Stmt = { kind: "store", buffer: scratch, index: b.add(b.mul(pixel, b.index(width)), i), value: from };
    const together: Stmt = { kind: "for", variable: vi, begin: b.index(0), end: inner.count, step: 1, body: [store], vectorize: true };
    const line: Stmt = { kind: "for", variable: vx, begin: x.from, end: x.to, step: 1, body: [together], vectorize: false };
    const lines: Stmt = { kind: "for", variable: vy, begin: y.from, end: y.to, step: 1, body: [line], vectorize: false };
    return loopsAround(b, [{ variable: vo, end: outer.count }], [lines], false);
  };
  const zero = (): Expr => b.const(0, type);
  const [allRows, allColumns] = [{ from: b.index(0), to: rows.count }, { from: b.index(0), to: columns.count }];
  return [
    ...area({ ...allRows, to: inside.rows.from }, allColumns, zero),
    ...area({ ...allRows, from: inside.rows.to }, allColumns, zero),
    ...area(allRows, { ...allColumns, to: inside.columns.from }, zero),
    ...area(allRows, { ...allColumns, from: inside.columns.to }, zero),
    ...area(inside.rows, inside.columns, element),
  ];
}
