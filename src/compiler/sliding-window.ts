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

/**
 * The first operand of a contraction as images that a filter slides over in steps of one, in two directions: its elements lie
 * at [image, row of result + row of filter, column of result + column of filter, channel].
 */
export interface SlidingWindow {
  readonly window: Window;
  /** The axis of the results that says which image, and the axis of the terms that says which channel. */
  readonly image: number;
  readonly channel: number;
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
  return { window, image: left(rows.own, columns.own), channel: left(rows.steps, columns.steps), rows, columns };
}

/** Indexes from `begin` on: how many, and how many at most. */
export interface Stretch {
  readonly begin: Expr;
  readonly count: Expr;
  readonly most: number;
}

/** A part of some images with its channels. */
export interface Patch {
  readonly images: Stretch;
  readonly rows: Stretch;
  readonly columns: Stretch;
  readonly channels: Stretch;
  /** Numbers from one pixel to the next in the copy, in which channels lie together. */
  readonly width: number;
}

/** Copies a patch to scratch memory with the zeros around its images, channels last: [image, row, column, channel]. */
export function copyPatch(draft: Draft, { window, image, channel, rows, columns }: SlidingWindow, type: ComputeType, scratch: number, patch: Patch): Stmt[] {
  const { b } = draft;
  const read = draft.memory(window.argument);
  /** Where the patch meets the images: everything where there is no border. */
  const inside = (dim: number, { begin, count }: Stretch): { readonly from: Expr; readonly to: Expr } => {
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
  const [across, along] = [inside(rows.dim, patch.rows), inside(columns.dim, patch.columns)];
  const everything = { from: b.index(0), to: patch.rows.count };
  const each = (y: { from: Expr; to: Expr }, x: { from: Expr; to: Expr }, value: (own: readonly Expr[], c: Expr) => Expr): readonly Stmt[] => {
    if (b.sub(y.to, y.from).max <= 0 || b.sub(x.to, x.from).max <= 0) return [];
    const [vg, vy, vx, vc] = [b.counter("g", patch.images.most), b.counter("y", patch.rows.most), b.counter("x", patch.columns.most), b.counter("c", patch.channels.most)];
    const [g, c] = [b.ref(vg), b.ref(vc)];
    const pixel = b.add(b.mul(b.add(b.mul(g, b.index(patch.rows.most)), b.ref(vy)), b.index(patch.columns.most)), b.ref(vx));
    const own: Expr[] = [b.index(0), b.index(0), b.index(0)];
    own[image] = b.add(patch.images.begin, g);
    own[rows.own] = b.add(patch.rows.begin, b.ref(vy));
    own[columns.own] = b.add(patch.columns.begin, b.ref(vx));
    const store: Stmt = { kind: "store", buffer: scratch, index: b.add(b.mul(pixel, b.index(patch.width)), c), value: value(own, b.add(patch.channels.begin, c)) };
    const inner: Stmt = { kind: "for", variable: vc, begin: b.index(0), end: patch.channels.count, step: 1, body: [store], vectorize: true };
    const line: Stmt = { kind: "for", variable: vx, begin: x.from, end: x.to, step: 1, body: [inner], vectorize: false };
    const area: Stmt = { kind: "for", variable: vy, begin: y.from, end: y.to, step: 1, body: [line], vectorize: false };
    return loopsAround(b, [{ variable: vg, end: patch.images.count }], [area], false);
  };
  const zero = (): Expr => b.const(0, type);
  const element = (own: readonly Expr[], c: Expr): Expr => {
    const index = window.coordinates.map(({ own: factors, steps, constant }) =>
      factors.reduce((e, f, axis) => b.add(e, b.mul(own[axis] ?? b.index(0), b.index(f))), b.add(b.mul(c, b.index(steps[channel] ?? 0)), b.index(constant))),
    );
    return b.cast(read(index), type);
  };
  return [
    ...each({ from: b.index(0), to: across.from }, { from: b.index(0), to: patch.columns.count }, zero),
    ...each({ from: across.to, to: patch.rows.count }, { from: b.index(0), to: patch.columns.count }, zero),
    ...each(everything, { from: b.index(0), to: along.from }, zero),
    ...each(everything, { from: along.to, to: patch.columns.count }, zero),
    ...each(across, along, element),
  ];
}

