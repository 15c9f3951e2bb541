import { sizeOf } from "../core/shape.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr, Stmt, Variable } from "../ir/loop.js";
import { loopsAround } from "./loops.js";

/**
 * A division of a list of loops into blocks of at most `limit` iterations: the last axes whole, the axis before them in
 * chunks, the axes before that one index at a time. Blocks are boxes, so that no address inside needs a division.
 */
export interface Box {
  readonly sizes: readonly number[];
  /** The axis that is cut, or -1 if everything is one block. */
  readonly axis: number;
  readonly chunk: number;
  /** Iterations of the whole axes after the cut one. */
  readonly inside: number;
  readonly blocks: number;
  /** Iterations of a full block. */
  readonly capacity: number;
}

export function makeBox(sizes: readonly number[], limit: number, tile = 1): Box {
  let inside = 1;
  let split = sizes.length;
  while (split > 0 && inside * (sizes[split - 1] ?? 1) <= limit) inside *= sizes[--split] ?? 1;
  if (split === 0) return { sizes, axis: -1, chunk: 1, inside, blocks: 1, capacity: inside };
  const axis = split - 1;
  const size = sizes[axis] ?? 1;
  const most = Math.max(1, Math.floor(limit / inside));
  const pieces = Math.ceil(size / most);
  // Even chunks; with nothing inside them they are whole tiles as well.
  const even = Math.ceil(size / pieces);
  const chunk = inside === 1 ? Math.ceil(even / tile) * tile : even;
  return { sizes, axis, chunk, inside, blocks: sizeOf(sizes.slice(0, axis)) * Math.ceil(size / chunk), capacity: chunk * inside };
}

/** One block of a box, by its number. */
export interface Block {
  /** First index along the cut axis, and how many follow. */
  readonly begin: Expr;
  readonly length: Expr;
  /** Iterations in this block. */
  readonly count: Expr;
  readonly outer: readonly Expr[];
}

export function blockAt(b: ExprBuilder, box: Box, number: Expr): Block {
  if (box.axis < 0) return { begin: b.index(0), length: b.index(1), count: b.index(box.inside), outer: [] };
  const size = box.sizes[box.axis] ?? 1;
  const pieces = Math.ceil(size / box.chunk);
  const begin = b.mul(b.rem(number, b.index(pieces)), b.index(box.chunk));
  const length = size % box.chunk === 0 ? b.index(box.chunk) : b.min(b.index(box.chunk), b.sub(b.index(size), begin));
  const outer: Expr[] = [];
  let rest = b.div(number, b.index(pieces));
  for (let axis = box.axis - 1; axis >= 0; axis--) {
    const d = b.index(box.sizes[axis] ?? 1);
    outer.unshift(axis === 0 ? rest : b.rem(rest, d));
    rest = b.div(rest, d);
  }
  return { begin, length, count: b.mul(length, b.index(box.inside)), outer };
}

/** An axis of which a block covers more than one index. */
export interface BlockAxis {
  readonly axis: number;
  readonly count: Expr;
  readonly most: number;
}

export function axesOf(b: ExprBuilder, box: Box, block: Block): BlockAxis[] {
  const axes: BlockAxis[] = [];
  if (box.axis >= 0 && box.chunk > 1) axes.push({ axis: box.axis, count: block.length, most: box.chunk });
  for (let axis = box.axis + 1; axis < box.sizes.length; axis++) {
    const size = box.sizes[axis] ?? 1;
    if (size !== 1) axes.push({ axis, count: b.index(size), most: size });
  }
  return axes;
}

/** The first index of the block along each axis. */
export function startOf(b: ExprBuilder, box: Box, block: Block): Expr[] {
  return box.sizes.map((_, axis) => (axis < box.axis ? (block.outer[axis] ?? b.index(0)) : axis === box.axis ? block.begin : b.index(0)));
}

/** Loop variables over one block, with the position inside the block and the index along each axis. */
export interface BlockLoops {
  readonly index: readonly Expr[];
  /** The index within the block; 0 along the axes outside it. */
  readonly local: readonly Expr[];
  readonly position: Expr;
  wrap(body: readonly Stmt[], vectorize: boolean): readonly Stmt[];
  /** All loops but the innermost, and that one alone. */
  wrapOuter(body: readonly Stmt[]): readonly Stmt[];
  wrapInner(body: readonly Stmt[], vectorize: boolean): readonly Stmt[];
}

export function blockLoops(b: ExprBuilder, name: string, box: Box, block: Block): BlockLoops {
  const index: Expr[] = [...block.outer];
  const local: Expr[] = block.outer.map(() => b.index(0));
  const loops: { variable: Variable; end: Expr }[] = [];
  let position = b.index(0);
  if (box.axis >= 0) {
    const variable = b.counter(`${name}${box.axis}`, box.chunk);
    loops.push({ variable, end: block.length });
    index.push(b.add(block.begin, b.ref(variable)));
    local.push(b.ref(variable));
    position = b.mul(b.ref(variable), b.index(box.inside));
  }
  let below = box.inside;
  for (let axis = box.axis + 1; axis < box.sizes.length; axis++) {
    const size = box.sizes[axis] ?? 1;
    below /= Math.max(1, size);
    if (size === 1) {
      index.push(b.index(0));
      local.push(b.index(0));
      continue;
    }
    const variable = b.counter(`${name}${axis}`, size);
    loops.push({ variable, end: b.index(size) });
    index.push(b.ref(variable));
    local.push(b.ref(variable));
    position = b.add(position, b.mul(b.ref(variable), b.index(below)));
  }
  return {
    index,
    local,
    position,
    wrap: (body, vectorize) => loopsAround(b, loops, body, vectorize),
    wrapOuter: (body) => loopsAround(b, loops.slice(0, -1), body, false),
    wrapInner: (body, vectorize) => loopsAround(b, loops.slice(-1), body, vectorize),
  };
}
