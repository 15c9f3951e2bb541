import { sizeOf } from "../core/shape.js";
import type { Expr, Stmt } from "../ir/loop.js";
import { range } from "../ops/indexing.js";
import { blockAt, blockLoops, makeBox, startOf, type Box } from "./box.js";
import { type KernelCall, type Stored, type Temporary } from "./draft.js";
import { loopsAround } from "./loops.js";
import { sumOfParts } from "./lower-contraction.js";
import { computeThenStore, groupName, lowerMap } from "./lower-map.js";
import { named, threeOfTwo as filter, transformed } from "./minimal-filtering.js";
import type { Group } from "./partition.js";
import { tileAcross, tilesAcross } from "./register-tiles.js";
import { roundUp, slidingContraction, stretchesOf, zeroed } from "./sliding-contraction.js";
import { copyPatch, copyPixels, type Stretch } from "./sliding-window.js";
import type { Target } from "./target.js";

const { outputs, taps, points } = filter;
const products = points * points;

/**
 * The gradient of a 3×3 filter that moved by one, by Winograd's minimal filtering F(3×3, 2×2): a sum over all images of products
 * of tiles of 4×4 pixels with tiles of 2×2 gradients, 16 multiplications where 36 are asked for. Both are transformed in
 * scratch memory, and the 16 products of matrices (tiles are what is summed over) are transformed back once for many tiles.
 * Undefined where it does not apply or does not pay.
 */
export function lowerWinogradGradient(group: Group, stored: Stored, target: Target): KernelCall[] | undefined {
  const given = slidingContraction(group, stored);
  if (!given) return undefined;
  const { draft, root, spec, sliding, reader, sum } = given;
  const { b } = draft;
  const { image, channel, rows: down, columns: along } = sliding;
  if (spec.m[down.own] !== outputs || spec.m[along.own] !== outputs) return undefined;
  // What the contraction takes for images are channels, and the other way round.
  const height = spec.k[down.steps] ?? 1;
  const breadth = spec.k[along.steps] ?? 1;
  const sizes = { images: spec.k[channel.axis] ?? 1, rows: height, columns: breadth, from: spec.m[image.axis] ?? 1, to: sizeOf(spec.n) };
  const tiling = chooseTiling(sizes, target);
  if (!tiling) return undefined;
  const { lanes, mr, nr, tiles, from, to, splits } = tiling;

  const items = from.blocks * to.blocks * splits;
  const item = b.counter("item", items);
  const part = b.rem(b.ref(item), b.index(splits));
  const pair = b.div(b.ref(item), b.index(splits));
  const fromBlock = blockAt(b, from, b.rem(pair, b.index(from.blocks)));
  const toBlock = blockAt(b, to, b.div(pair, b.index(from.blocks)));
  // Products are added up in runs about as long as there are runs, so that errors grow with the root of the length.
  const perPart = Math.ceil(tiles.blocks / splits);
  const perRun = Math.ceil(Math.sqrt(perPart));
  const runs = Math.ceil(perPart / perRun);
  const run = b.counter("run", runs);
  const first = b.mul(part, b.index(perPart));
  const end = b.min(b.add(first, b.index(perPart)), b.index(tiles.blocks));
  const start = b.add(first, b.mul(b.ref(run), b.index(perRun)));
  const number = b.counter("tb", perRun);
  const block = blockAt(b, tiles, b.add(start, b.ref(number)));
  const [images, rows, columns] = stretchesOf(b, tiles, block);
  const channels: Stretch = { begin: startOf(b, from, fromBlock)[0] ?? b.index(0), count: fromBlock.count, most: from.capacity };
  const gradients: Stretch = { begin: startOf(b, to, toBlock)[0] ?? b.index(0), count: toBlock.count, most: to.capacity };

  const halo = points - taps;
  const depth = roundUp(from.capacity, lanes);
  const width = roundUp(to.capacity, nr);
  const tall = roundUp(from.capacity, mr);
  // A vector more from plane to plane: the same place in all planes is not the same set of the cache.
  const [vPlane, uPlane, mPlane] = [tiles.capacity * depth + roundUp(mr, lanes) + lanes, tiles.capacity * width + lanes, tall * width + lanes];
  const pixels = (edge: number): number => images.most * (rows.most * taps + edge) * (columns.most * taps + edge);
  const patch = draft.scratch("float32", pixels(halo) * depth);
  const slope = draft.scratch("float32", pixels(0) * width);
  const v = draft.scratch("float32", products * vPlane);
  const u = draft.scratch("float32", products * uPlane);
  const m = draft.scratch("float32", products * mPlane);
  const total = draft.scratch("float32", outputs * outputs * tall * width);

  const inBlock: Stmt[] = [...copySignal(), ...copySlopes()];
  inBlock.push(...transformTiles(depth, points, columns.most * taps + halo, rows.most * taps + halo, patch, filter.signal, v, vPlane));
  inBlock.push(...transformTiles(width, taps, columns.most * taps, rows.most * taps, slope, filter.filter, u, uPlane));
  inBlock.push(multiply());
  const blocks: Stmt = { kind: "for", variable: number, begin: b.index(0), end: b.max(b.index(0), b.min(b.index(perRun), b.sub(end, start))), step: 1, body: inBlock, vectorize: false };
  const body: Stmt[] = [
    zeroed(b, total, outputs * outputs * tall * width),
    { kind: "for", variable: run, begin: b.index(0), end: b.index(runs), step: 1, body: [zeroed(b, m, products * mPlane), blocks, ...addResults()], vectorize: false },
  ];
  const name = groupName(group);
  if (splits === 1) {
    body.push(...finish((index) => computeThenStore(draft, group.stored, () => index, reader)));
    return [draft.call(name, item, body, items)];
  }
  const partial: Temporary = { shape: [splits, ...root.shape], dtype: root.dtype, temporary: true };
  body.push(...finish((index, value) => [draft.store(partial, [part, ...index], value)]));
  return [draft.call(`${name}-part`, item, body, items), lowerMap(group, stored, target, sumOfParts(root, partial))];

  function tiled({ begin, count, most }: Stretch, edge: number): Stretch {
    return { begin: b.mul(begin, b.index(taps)), count: b.add(b.mul(count, b.index(taps)), b.index(edge)), most: most * taps + edge };
  }

  function copySignal(): Stmt[] {
    return copyPatch(draft, sliding, "float32", patch, { outer: images, rows: tiled(rows, halo), columns: tiled(columns, halo), inner: channels, width: depth }, { outer: channel, inner: image });
  }

  function copySlopes(): Stmt[] {
    const area = { outer: images, rows: tiled(rows, 0), columns: tiled(columns, 0), inner: gradients, width };
    const inside = ({ begin, count }: Stretch, size: number): { from: Expr; to: Expr } => ({ from: b.index(0), to: size % taps === 0 ? count : b.min(count, b.sub(b.index(size), begin)) });
    return copyPixels(b, "float32", slope, area, { rows: inside(area.rows, height), columns: inside(area.columns, breadth) }, (outer, row, column, inner) => {
      const steps = [outer, outer, outer];
      steps[down.steps] = row;
      steps[along.steps] = column;
      return b.cast(spec.rhs([], steps, [inner]), "float32");
    });
  }

  /** Transforms the tiles of a block, each `size` pixels wide and high, and puts each of their elements on a plane. */
  function transformTiles(vectors: number, size: number, spanColumns: number, spanRows: number, source: number, matrix: typeof filter.signal, target: number, plane: number): readonly Stmt[] {
    const loops = blockLoops(b, "t", tiles, block);
    const c = b.counter("c", vectors);
    const [g = b.index(0), ty = b.index(0), tx = b.index(0)] = loops.local;
    const top = b.add(b.mul(g, b.index(spanRows)), b.mul(ty, b.index(taps)));
    const corner = b.add(b.mul(top, b.index(spanColumns)), b.mul(tx, b.index(taps)));
    const stmts: Stmt[] = [];
    const pixel = (i: number, j: number): Expr => named(b, "d", draft.load(source, b.add(b.mul(b.add(corner, b.index(i * spanColumns + j)), b.index(vectors)), b.ref(c))), stmts);
    const square = range(size).map((i) => range(size).map((j) => pixel(i, j)));
    const at = b.add(b.mul(loops.position, b.index(vectors)), b.ref(c));
    transformed(b, matrix, square, stmts).flat().forEach((value, p) => stmts.push({ kind: "store", buffer: target, index: b.add(at, b.index(p * plane)), value }));
    return loops.wrap([{ kind: "for", variable: c, begin: b.index(0), end: b.index(vectors), step: 1, body: stmts, vectorize: true }], false);
  }

  function multiply(): Stmt {
    const p = b.counter("p", products);
    const plane = b.ref(p);
    const operands = {
      type: "float32",
      dtype: "float32",
      lanes,
      a: v,
      aBase: b.mul(plane, b.index(vPlane)),
      b: u,
      bBase: b.mul(plane, b.index(uPlane)),
      c: m,
      cBase: b.mul(plane, b.index(mPlane)),
      rows: [{ count: fromBlock.count, most: from.capacity, operand: 1, result: width }],
      column: { count: toBlock.count, most: to.capacity, operand: 1, result: 1 },
      steps: [{ count: block.count, most: tiles.capacity, a: depth, b: width }],
      first: false,
      lost: undefined,
    } as const;
    return { kind: "for", variable: p, begin: b.index(0), end: b.index(products), step: 1, body: [tilesAcross(b, operands, { axis: 0, count: mr }, nr / lanes)], vectorize: false };
  }

  /** Transforms the sums of products of a run and adds them to the results. */
  function addResults(): readonly Stmt[] {
    const [row, c] = [b.counter("r", tall), b.counter("c", width)];
    const at = b.add(b.mul(b.ref(row), b.index(width)), b.ref(c));
    const stmts: Stmt[] = [];
    const square = range(points).map((i) => range(points).map((j) => named(b, "m", draft.load(m, b.add(at, b.index((i * points + j) * mPlane))), stmts)));
    transformed(b, filter.results, square, stmts).flat().forEach((value, k) => {
      const index = b.add(at, b.index(k * tall * width));
      stmts.push({ kind: "store", buffer: total, index, value: b.add(draft.load(total, index), value) });
    });
    const inner: Stmt = { kind: "for", variable: c, begin: b.index(0), end: b.index(width), step: 1, body: stmts, vectorize: true };
    return loopsAround(b, [{ variable: row, end: fromBlock.count }], [inner], false);
  }

  /** Loops over the results of an item. */
  function finish(store: (index: readonly Expr[], value: Expr) => readonly Stmt[]): readonly Stmt[] {
    const [y, x] = [b.counter("y", outputs), b.counter("x", outputs)];
    const [over, next] = [blockLoops(b, "m", from, fromBlock), blockLoops(b, "n", to, toBlock)];
    const [c = b.index(0)] = over.index;
    const own = [c, c, c];
    own[down.own] = b.ref(y);
    own[along.own] = b.ref(x);
    const place = b.add(b.mul(b.ref(y), b.index(outputs)), b.ref(x));
    const at = b.add(b.mul(b.add(b.mul(place, b.index(tall)), over.position), b.index(width)), next.position);
    const variable = b.variable("sum", "float32");
    sum.result = b.ref(variable);
    const read: Stmt = { kind: "let", variable, value: draft.load(total, at) };
    const stmts = [read, ...store(spec.out([], own, next.index), sum.result)];
    return loopsAround(b, [{ variable: y, end: b.index(outputs) }, { variable: x, end: b.index(outputs) }], over.wrap(next.wrap(stmts, true), false), false);
  }
}

interface Tiling {
  readonly lanes: number;
  readonly mr: number;
  readonly nr: number;
  /** [image, row of tiles, column of tiles] */
  readonly tiles: Box;
  readonly from: Box;
  readonly to: Box;
  readonly splits: number;
}

/** Pieces of work below which more of them would not help the threads. */
const wantedItems = 8;

/** Tiles of a block beyond which products gain nothing. */
const mostTiles = 64;

function chooseTiling(sizes: { readonly images: number; readonly rows: number; readonly columns: number; readonly from: number; readonly to: number }, target: Target): Tiling | undefined {
  const lanes = Math.floor(target.vectorBytes / 4);
  const grid = [sizes.images, Math.ceil(sizes.rows / taps), Math.ceil(sizes.columns / taps)];
  const count = sizeOf(grid);
  const [sums, all] = [roundUp(sizes.to, lanes) / lanes, Math.ceil(sizes.from / lanes)];
  // Vector operations: multiply-adds, and about so many for each vector of channels that is transformed.
  const direct = sizes.images * sizes.rows * sizes.columns * outputs * outputs * sizes.from * sums;
  const here = count * (products * sizes.from * sums + 100 * all + 70 * sums);
  if (sizes.from < 8 || sizes.to < 8 || here > 0.9 * direct || direct * lanes < 1e5) return undefined;
  // Blocks of transformed tiles and of their products share L2.
  const room = (target.l2Bytes * 3) / 4 / 4 / products;
  const side = Math.max(lanes, Math.floor(Math.sqrt(room / 2) / lanes) * lanes);
  const { mr, nr } = tileAcross(Math.min(side, sizes.from), sizes.to, lanes, target.vectorRegisters);
  const [from, to] = [makeBox([sizes.from], side, mr), makeBox([sizes.to], Math.max(nr, side), nr)];
  const limit = Math.min(mostTiles, Math.max(8, Math.floor((room - from.capacity * to.capacity) / (from.capacity + to.capacity))));
  const tiles = makeBox(grid, limit);
  const wanted = Math.min(tiles.blocks, Math.ceil(wantedItems / (from.blocks * to.blocks)));
  const splits = Math.ceil(tiles.blocks / Math.ceil(tiles.blocks / wanted));
  return { lanes, mr, nr, tiles, from, to, splits };
}
