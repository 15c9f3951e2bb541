import { sizeOf } from "../core/shape.js";
import { range } from "../ops/indexing.js";
import type { Contraction } from "../ir/graph.js";
import type { Expr, Stmt } from "../ir/loop.js";
import { blockAt, blockLoops, makeBox, startOf, type Box } from "./box.js";
import { columnsAreFar } from "./contraction-spec.js";
import { Draft, type KernelCall, type Stored, type Temporary } from "./draft.js";
import { loopsAround } from "./loops.js";
import { computeThenStore, groupName, memoryReader } from "./lower-map.js";
import { named, transformed, twoOfThree as filter } from "./minimal-filtering.js";
import type { Group } from "./partition.js";
import { tileAcross, tilesAcross } from "./register-tiles.js";
import { roundUp, slidingContraction, stretchesOf, zeroed } from "./sliding-contraction.js";
import { copyPatch, type SlidingWindow, type Stretch } from "./sliding-window.js";
import type { Target } from "./target.js";

const { outputs, taps, points } = filter;
const products = points * points;

/**
 * A convolution with a 3×3 filter that moves by one, by Winograd's minimal filtering F(2×2, 3×3): 16 multiplications where 36
 * are asked for. An item takes tiles of 4×4 pixels, transforms them, multiplies them with transformed filters (channels are
 * what is summed over, so these are 16 products of matrices), transforms back, and goes on with the epilogue; only the
 * filters, which all items share, are transformed by a launch of their own. Its sums and halves add about as much rounding
 * as the sum over channels has anyway, and each result depends on its own 3×3 pixels alone, so it is used wherever it is
 * faster; but infinite inputs give NaN, where a sum of products may stay infinite. Undefined where it does not apply or
 * does not pay.
 */
export function lowerWinograd(group: Group, stored: Stored, target: Target): KernelCall[] | undefined {
  const given = slidingContraction(group, stored);
  if (!given) return undefined;
  const { draft, spec, sliding, reader, sum, written, specOf } = given;
  const { b } = draft;
  const sizes = sizesOf(spec, sliding);
  if (sizes.filterRows !== taps || sizes.filterColumns !== taps) return undefined;
  const tiling = chooseTiling(sizes, target);
  if (!tiling) return undefined;
  const { lanes, mr, nr, tiles, k, n } = tiling;

  const items = tiles.blocks * n.blocks;
  const item = b.counter("item", items);
  const [tileNumber, nNumber] = [b.rem(b.ref(item), b.index(tiles.blocks)), b.div(b.ref(item), b.index(tiles.blocks))];
  const [block, nBlock] = [blockAt(b, tiles, tileNumber), blockAt(b, n, nNumber)];
  const kb = b.counter("kb", k.blocks);
  const kBlock = blockAt(b, k, b.ref(kb));
  const [images, rows, columns] = stretchesOf(b, tiles, block);

  const halo = points - outputs;
  const spans = { rows: rows.most * outputs + halo, columns: columns.most * outputs + halo };
  const depth = roundUp(k.capacity, lanes);
  const width = roundUp(n.capacity, nr);
  const most = roundUp(tiles.capacity, mr);
  // A vector more from plane to plane: the same place in all planes is not the same set of the cache.
  const [vPlane, mPlane] = [most * depth + lanes, most * width + lanes];
  const patch = draft.scratch("float32", images.most * spans.rows * spans.columns * depth);
  const v = draft.scratch("float32", products * vPlane);
  const m = draft.scratch("float32", products * mPlane);
  const y = draft.scratch("float32", images.most * rows.most * columns.most * outputs * outputs * width);

  const uPlane = k.capacity * width + lanes;
  const packed: Temporary = { shape: [n.blocks, k.blocks, products, uPlane], dtype: "float32", temporary: true };
  const u = draft.slot(packed, "read");

  const inBlock: Stmt[] = copyPatch(draft, sliding, "float32", patch, {
    outer: images,
    rows: { begin: b.mul(rows.begin, b.index(outputs)), count: b.add(b.mul(rows.count, b.index(outputs)), b.index(halo)), most: spans.rows },
    columns: { begin: b.mul(columns.begin, b.index(outputs)), count: b.add(b.mul(columns.count, b.index(outputs)), b.index(halo)), most: spans.columns },
    inner: { begin: startOf(b, k, kBlock)[0] ?? b.index(0), count: kBlock.count, most: k.capacity },
    width: depth,
  }, { outer: sliding.image, inner: sliding.channel });
  inBlock.push(...transformSignal(), multiply());
  const kLoop: Stmt = { kind: "for", variable: kb, begin: b.index(0), end: b.index(k.blocks), step: 1, body: inBlock, vectorize: false };
  const body: Stmt[] = k.blocks > 1 ? [zeroed(b, m, products * mPlane), kLoop] : [kLoop];
  body.push(...transformResults(), ...finish());
  return [packFilters(), draft.call(groupName(group), item, body, items)];

  /** Loops over the tiles of the block and vectors of channels. */
  function overTiles(channels: number, body: (tile: { readonly number: Expr; readonly at: readonly Expr[] }, c: Expr) => readonly Stmt[]): readonly Stmt[] {
    const loops = blockLoops(b, "t", tiles, block);
    const c = b.counter("c", channels);
    const inner: Stmt = { kind: "for", variable: c, begin: b.index(0), end: b.index(channels), step: 1, body: body({ number: loops.position, at: loops.local }, b.ref(c)), vectorize: true };
    return loops.wrap([inner], false);
  }

  function transformSignal(): readonly Stmt[] {
    return overTiles(depth, ({ number, at: [g = b.index(0), ty = b.index(0), tx = b.index(0)] }, c) => {
      const stmts: Stmt[] = [];
      const top = b.add(b.mul(g, b.index(spans.rows)), b.mul(ty, b.index(outputs)));
      const corner = b.add(b.mul(top, b.index(spans.columns)), b.mul(tx, b.index(outputs)));
      const pixel = (i: number, j: number): Expr =>
        named(b, "d", draft.load(patch, b.add(b.mul(b.add(corner, b.index(i * spans.columns + j)), b.index(depth)), c)), stmts);
      const square = range(points).map((i) => range(points).map((j) => pixel(i, j)));
      const to = b.add(b.mul(number, b.index(depth)), c);
      transformed(b, filter.signal, square, stmts).flat().forEach((value, p) => stmts.push({ kind: "store", buffer: v, index: b.add(to, b.index(p * vPlane)), value }));
      return stmts;
    });
  }

  function multiply(): Stmt {
    const p = b.counter("p", products);
    const at = b.ref(p);
    const first = b.mul(b.add(b.mul(nNumber, b.index(k.blocks)), b.ref(kb)), b.index(products * uPlane));
    const blocks = {
      type: "float32",
      dtype: "float32",
      lanes,
      a: v,
      aBase: b.mul(at, b.index(vPlane)),
      b: u,
      bBase: b.add(first, b.mul(at, b.index(uPlane))),
      c: m,
      cBase: b.mul(at, b.index(mPlane)),
      rows: [{ count: block.count, most: tiles.capacity, operand: depth, result: width }],
      column: { count: nBlock.count, most: n.capacity, operand: 1, result: 1 },
      steps: [{ count: kBlock.count, most: k.capacity, a: 1, b: width }],
      first: k.blocks === 1,
      lost: undefined,
    } as const;
    return { kind: "for", variable: p, begin: b.index(0), end: b.index(products), step: 1, body: [tilesAcross(b, blocks, { axis: 0, count: mr }, nr / lanes)], vectorize: false };
  }

  function transformResults(): readonly Stmt[] {
    return overTiles(width, ({ number, at: [g = b.index(0), ty = b.index(0), tx = b.index(0)] }, c) => {
      const stmts: Stmt[] = [];
      const from = b.add(b.mul(number, b.index(width)), c);
      const square = range(points).map((i) => range(points).map((j) => named(b, "m", draft.load(m, b.add(from, b.index((i * points + j) * mPlane))), stmts)));
      const [top, left] = [b.mul(b.add(b.mul(g, b.index(rows.most)), ty), b.index(outputs)), b.mul(tx, b.index(outputs))];
      transformed(b, filter.results, square, stmts).forEach((line, i) => {
        line.forEach((value, j) => stmts.push({ kind: "store", buffer: y, index: resultAt(b.add(top, b.index(i)), b.add(left, b.index(j)), c), value }));
      });
      return stmts;
    });
  }

  /** Where a result lies in the block: the row counts on from image to image. */
  function resultAt(row: Expr, column: Expr, c: Expr): Expr {
    return b.add(b.mul(b.add(b.mul(row, b.index(columns.most * outputs)), column), b.index(width)), c);
  }

  /** The epilogue of each result. */
  function finish(): readonly Stmt[] {
    const ends = (stretch: Stretch, size: number): Expr => {
      const end = b.mul(stretch.count, b.index(outputs));
      const left = b.sub(b.index(size), b.mul(stretch.begin, b.index(outputs)));
      return size % outputs === 0 ? end : b.min(end, left);
    };
    const [vg, vy, vx] = [b.counter("g", images.most), b.counter("y", rows.most * outputs), b.counter("x", columns.most * outputs)];
    const over = blockLoops(b, "n", n, nBlock);
    const own: Expr[] = [b.index(0), b.index(0), b.index(0)];
    const { image, rows: down, columns: along } = sliding;
    own[image.axis] = b.add(images.begin, b.ref(vg));
    own[down.own] = b.add(b.mul(rows.begin, b.index(outputs)), b.ref(vy));
    own[along.own] = b.add(b.mul(columns.begin, b.index(outputs)), b.ref(vx));
    const variable = b.variable("sum", "float32");
    const row = b.add(b.mul(b.ref(vg), b.index(rows.most * outputs)), b.ref(vy));
    const read: Stmt = { kind: "let", variable, value: draft.load(y, resultAt(row, b.ref(vx), over.position)) };
    sum.result = b.ref(variable);
    const index = spec.out([], own, over.index);
    const stores = [read, ...computeThenStore(draft, group.stored, () => index, reader)];
    const outer = [{ variable: vg, end: images.count }, { variable: vy, end: ends(rows, sizes.rows) }];
    const inner = { variable: vx, end: ends(columns, sizes.columns) };
    // Where neighbouring pixels are neighbours in memory, squares of the block are transposed on the way.
    if (columnsAreFar(draft, written, spec)) return loopsAround(b, outer, over.wrap(loopsAround(b, [inner], stores, true), false), false);
    return loopsAround(b, [...outer, inner], over.wrap(stores, true), false);
  }

  /** Transforms the filters, for all items. */
  function packFilters(): KernelCall {
    const own = new Draft(stored);
    const e = own.b;
    const { rhs } = specOf(own, memoryReader(own, group, stored));
    const K = sizeOf(spec.k.filter((_, axis) => axis === sliding.channel.axis));
    const part = e.counter("item", n.blocks * K);
    const [block, c] = [e.div(e.ref(part), e.index(K)), e.rem(e.ref(part), e.index(K))];
    const over = blockLoops(e, "n", n, blockAt(e, n, block));
    const stmts: Stmt[] = [];
    const square = range(taps).map((i) => range(taps).map((j) => named(e, "g", e.cast(rhs([], stepAt(sliding, c, e.index(i), e.index(j)), over.index), "float32"), stmts)));
    const [kNumber, inside] = [e.div(c, e.index(k.capacity)), e.rem(c, e.index(k.capacity))];
    transformed(e, filter.filter, square, stmts).flat().forEach((value, p) => stmts.push(own.store(packed, [block, kNumber, e.index(p), e.add(e.mul(inside, e.index(width)), over.position)], value)));
    return own.call(`${groupName(group)}-filters`, part, over.wrap(stmts, false), n.blocks * K);
  }
}

function stepAt({ channel, rows, columns }: SlidingWindow, c: Expr, row: Expr, column: Expr): Expr[] {
  const index = [c, c, c];
  index[channel.axis] = c;
  index[rows.steps] = row;
  index[columns.steps] = column;
  return index;
}

interface Sizes {
  readonly images: number;
  readonly rows: number;
  readonly columns: number;
  readonly from: number;
  readonly to: number;
  readonly filterRows: number;
  readonly filterColumns: number;
}

function sizesOf({ m, n, k }: Contraction, { image, channel, rows, columns }: SlidingWindow): Sizes {
  return {
    images: m[image.axis] ?? 1,
    rows: m[rows.own] ?? 1,
    columns: m[columns.own] ?? 1,
    from: k[channel.axis] ?? 1,
    to: sizeOf(n),
    filterRows: k[rows.steps] ?? 1,
    filterColumns: k[columns.steps] ?? 1,
  };
}

interface Tiling {
  readonly lanes: number;
  readonly mr: number;
  readonly nr: number;
  /** [image, row of tiles, column of tiles] */
  readonly tiles: Box;
  readonly k: Box;
  readonly n: Box;
}

/** Pieces of work below which more of them would not help the threads. */
const wantedItems = 8;

/** Tiles of a block beyond which products gain nothing. */
const mostTiles = 64;

function chooseTiling({ images, rows, columns, from, to }: Sizes, target: Target): Tiling | undefined {
  const lanes = Math.floor(target.vectorBytes / 4);
  const grid = [images, Math.ceil(rows / outputs), Math.ceil(columns / outputs)];
  const count = sizeOf(grid);
  const [sums, all] = [Math.ceil(to / lanes) * lanes, Math.ceil(from / lanes)];
  // Vector operations: multiply-adds, and about so many for each vector of channels that is transformed.
  const direct = (images * rows * columns * taps * taps * from * sums) / lanes;
  const here = count * ((products * from * sums) / lanes + 80 * (all + sums / lanes));
  if (from < 8 || to < 8 || here > 0.9 * direct || direct * lanes < 1e5) return undefined;
  // Blocks of the transformed filters, tiles and products share L2.
  const room = (target.l2Bytes * 3) / 4 / 4 / products;
  const side = Math.max(lanes, Math.floor(Math.sqrt(room / 2) / lanes) * lanes);
  const k = makeBox([from], side);
  const nr0 = tileAcross(mostTiles, to, lanes, target.vectorRegisters).nr;
  const n = makeBox([to], Math.max(nr0, side), nr0);
  const width = n.capacity;
  let limit = Math.min(mostTiles, Math.max(8, Math.floor((room - k.capacity * width) / (k.capacity + width))));
  const tilesOf = (): Box => makeBox(grid, limit);
  while (tilesOf().blocks * n.blocks < wantedItems && limit > 8) limit = Math.ceil(limit / 2);
  const tiles = tilesOf();
  const { mr, nr } = tileAcross(tiles.capacity, to, lanes, target.vectorRegisters);
  return { lanes, mr, nr, tiles, k, n };
}
