import { byteSize, dtypeInfo, type DType } from "../core/dtype.js";
import { sizeOf } from "../core/shape.js";
import type { Contraction } from "../ir/graph.js";
import type { Expr, Stmt, Variable } from "../ir/loop.js";
import { axesOf, blockAt, blockLoops, makeBox, type Box } from "./box.js";
import { columnsAreFar, swapped } from "./contraction-spec.js";
import { Draft, type KernelCall, type Stored } from "./draft.js";
import { factorOf, loopNest, loopsAround } from "./loops.js";
import { computeThenStore, groupName, memoryReader } from "./lower-map.js";
import type { Group } from "./partition.js";
import { counters, type Source } from "./reader.js";
import { fitsRegisters, multiplyAdd, overSteps, overTiles, type StepAxis } from "./register-tiles.js";
import type { Target } from "./target.js";
import { spreadWindow } from "./spread-window.js";
import { placeOf, spansOf, type Window, windowOf, windowSize, windowStrides } from "./window.js";

/** Positions that one item computes at most, so that what it needs and what it gives lie in the caches close to the processor. */
const mostPositions = 1024;

/** Channels above this are rows of more than one block, which this kernel does not have. */
const mostChannels = 256;

/** Pieces of work that share the threads evenly, and operations below which a piece is not worth cutting. */
const wantedItems = 32;
const smallItem = 1e6;

/** A register tile: channels, times vectors along the last axis of positions, times indexes of the axis before it. */
interface Tile {
  readonly channels: number;
  readonly vectors: number;
  readonly rows: number;
}

/** Where the elements of an operand lie that is read one by one: base + Σ index · stride. */
interface Scalars {
  readonly buffer: number;
  readonly base: Expr;
  readonly own: readonly number[];
  readonly steps: readonly number[];
}

/**
 * A convolution whose channels are too few to fill vectors: these run along positions of the image, of which a register tile
 * keeps some for several channels. The window is copied with its last axis in order, so that a vector of it is read in one
 * piece wherever the kernel's element begins; the kernel's elements are read where they lie, one by one. Rows of the kernel
 * that lie above or below the image are left out. Undefined where vectors along channels do as well.
 */
export function lowerPositions(group: Group, stored: Stored, target: Target): KernelCall[] | undefined {
  const draft = new Draft(stored);
  const { b } = draft;
  const [root] = group.members;
  const lower = root?.node.op.lower;
  if (!root || lower?.kind !== "contraction") throw new TypeError("a contraction group starts with its contraction");
  const sum: { result?: Expr } = {};
  const local: Source = () => {
    if (!sum.result) throw new TypeError("the sum is read before it is computed");
    return sum.result;
  };
  const reader = memoryReader(draft, group, stored, (v) => (v === root ? local : undefined));
  const spec = lower.spec(b, reader.context(root));
  const last = spec.n.findLastIndex((size) => size > 1);
  if (last < 0 || sizeOf(spec.m) > mostChannels || !columnsAreFar(draft, group.stored[0] ?? root, swapped(spec))) return undefined;
  const given = windowOf(draft, (batch, own, steps) => spec.rhs(batch, steps, own), { batch: spec.batch, own: spec.n, steps: spec.k });
  const along = given?.coordinates.flatMap((c, dim) => (c.own[last] ? [{ dim, by: c.own[last] }] : [])) ?? [];
  const dim = along[0]?.dim;
  if (!given?.overlaps || along.length !== 1 || along[0]?.by !== 1 || dim === undefined) return undefined;
  const window: Window = { ...given, order: [...given.order.filter((d) => d !== dim), dim] };

  const compute = dtypeInfo[root.dtype].compute;
  const type = compute === "bool" ? "int32" : compute;
  const dtype: DType = type;
  const bytes = byteSize(dtype);
  const full = Math.max(1, Math.floor(target.vectorBytes / bytes));
  const channels = sizeOf(spec.m);
  const length = spec.n[last] ?? 1;
  const lanes = lanesFor(length, full);
  if (full < 4 || !isWorthIt(channels, length, full)) return undefined;
  const [m, k] = [makeBox(spec.m, mostChannels), makeBox(spec.k, Infinity)];
  const n = blocksOf(spec, window, k, bytes, target);
  if (!n) return undefined;

  const items = sizeOf(spec.batch) * n.blocks;
  const item = b.counter("item", items);
  const nBlock = blockAt(b, n, b.rem(b.ref(item), b.index(n.blocks)));
  const [mBlock, kBlock] = [blockAt(b, m, b.index(0)), blockAt(b, k, b.index(0))];
  let rest = b.div(b.ref(item), b.index(n.blocks));
  const batch: Expr[] = [];
  for (let axis = spec.batch.length - 1; axis >= 0; axis--) {
    const size = b.index(spec.batch[axis] ?? 1);
    batch.unshift(axis === 0 ? rest : b.rem(rest, size));
    rest = b.div(rest, size);
  }

  // Positions of the block: loops outside, then those that a tile has rows and vectors of.
  const axes = axesOf(b, n, nBlock);
  const across = axes.pop();
  if (across?.axis !== last) return undefined;
  const down = axes.pop();
  const { own: windowOwn, steps: windowSteps } = windowStrides(window, spansOf(window, n, k));
  const order = spec.k.map((_, axis) => axis).filter((axis) => (spec.k[axis] ?? 1) > 1).sort((x, y) => (windowSteps[y] ?? 0) - (windowSteps[x] ?? 0) || x - y);
  const tile = chooseTile(channels, Math.ceil(across.most / lanes), down?.most ?? 1, target, termsOf);
  const whole = Math.ceil(across.most / (tile.vectors * lanes)) === 1;
  // What a tile writes beyond a row's end is overwritten by the next row if that is computed later.
  const pitch = whole ? across.most : Math.ceil(across.most / (tile.vectors * lanes)) * tile.vectors * lanes;
  const positionStrides = n.sizes.map((_, axis) => (axis < n.axis || axis > last ? 0 : axis === last ? 1 : pitch * sizeOf(n.sizes.slice(axis + 1, last))));
  const inBlock = (n.axis < 0 ? 1 : n.chunk) * sizeOf(n.sizes.slice(n.axis + 1, last)) * (n.axis === last ? 1 : pitch);
  const beyond = tile.rows * pitch + tile.vectors * lanes;
  const channelStride = (n.axis === last ? pitch : inBlock) + beyond;

  const slack = tile.rows * (down ? (windowOwn[down.axis] ?? 0) : 0) + tile.vectors * lanes;
  const copy = draft.scratch(dtype, windowSize(window, n, k) + slack);
  const results = draft.scratch(dtype, channels * channelStride);
  const place = { batch, own: n, ownBlock: nBlock, steps: k, stepBlock: kBlock };
  const body: Stmt[] = [...spreadWindow(draft, window, type, copy, place)];
  const kernel = inPlace(draft, spec, batch, dtype) ?? packed();

  const { first } = placeOf(b, window, place);
  const steps = (row: Expr): StepAxis[] => {
    const list = order.map((axis): StepAxis => {
      const most = spec.k[axis] ?? 1;
      const { begin, end } = inside(axis, tile.rows, row, first) ?? { begin: b.index(0), end: b.index(most) };
      return { begin, count: end, most, a: kernel.steps[axis] ?? 0, b: windowSteps[axis] ?? 0 };
    });
    return list.length > 0 ? list : [{ count: b.index(1), most: 1, a: 0, b: 0 }];
  };
  body.push(...overPositions(0, b.index(0), b.index(0)));

  const over = blockLoops(b, "m", m, mBlock);
  const cut: Variable | undefined = n.axis >= 0 && n.chunk > 1 ? b.counter(`n${n.axis}`, n.chunk) : undefined;
  const before = nBlock.outer.length;
  const indexOf = (inner: readonly Expr[]): Expr[] => [...nBlock.outer, ...(n.axis >= 0 ? [cut ? b.add(nBlock.begin, b.ref(cut)) : nBlock.begin] : []), ...inner];
  const at = (index: readonly Expr[]): Expr => {
    const from = indexOf(index).map((e, axis) => (axis < before ? b.index(0) : axis === n.axis ? (cut ? b.ref(cut) : b.index(0)) : e));
    return from.reduce((e, i, axis) => b.add(e, b.mul(i, b.index(positionStrides[axis] ?? 0))), b.mul(over.position, b.index(channelStride)));
  };
  const nest = loopNest(b, "p", n.sizes.slice(n.axis + 1), (inner) => {
    sum.result = b.cast(draft.load(results, at(inner)), type);
    const index = spec.out(batch, over.index, indexOf(inner));
    return group.stored.flatMap((v) => [reader.read(v, index), draft.address(v, index)]);
  });
  const variable = b.variable("sum", type);
  const named: Stmt = { kind: "let", variable, value: b.cast(draft.load(results, at(nest.index)), type) };
  sum.result = b.ref(variable);
  const index = spec.out(batch, over.index, indexOf(nest.index));
  const stores = computeThenStore(draft, group.stored, () => index, reader);
  const loops = [...(cut ? [{ variable: cut, end: nBlock.length }] : []), ...nest.variables.map((v, d) => ({ variable: v, end: b.index(nest.sizes[d] ?? 1) }))];
  body.push(...over.wrap(loopsAround(b, loops, [named, ...stores], true), false));
  return [draft.call(groupName(group), item, body, items)];

  /** The terms along a step axis that some of `rows` rows meets inside the image, where both move through the same axis of it. */
  function inside(step: number, rows: number, row: Expr, start: readonly Expr[]): { begin: Expr; end: Expr } | undefined {
    const d = window.coordinates.findIndex((c) => (c.steps[step] ?? 0) > 0);
    const c = window.coordinates[d];
    const only = (list: readonly number[] | undefined, one: number): boolean => list?.every((f, i) => f === 0 || i === one) ?? false;
    const bounds = window.bounds.filter((bound) => bound.dim === d);
    if (!c || !down || bounds.length === 0 || !only(c.own, down.axis) || !only(c.steps, step) || !c.own[down.axis]) return undefined;
    const [by, every] = [b.index(c.own[down.axis] ?? 0), c.steps[step] ?? 1];
    const terms = (distance: Expr): Expr => b.div(b.add(b.max(distance, b.index(0)), b.index(every - 1)), b.index(every));
    let [begin, end] = [b.index(0), b.index(spec.k[step] ?? 1)];
    for (const { sign, add } of bounds) {
      const reach = b.add(start[d] ?? b.index(0), b.mul(sign < 0 ? b.add(row, b.index(rows - 1)) : row, by));
      if (sign < 0) begin = b.max(begin, terms(b.sub(b.index(add + 1), reach)));
      else end = b.min(end, terms(b.sub(b.index(-add), reach)));
    }
    return { begin, end };
  }

  /** Terms of the sums of all tiles of so many rows, those from an image that begins with the block. */
  function termsOf(rows: number): number {
    const start = window.coordinates.map((c) => b.index(c.constant));
    const most = down?.most ?? 1;
    let total = 0;
    for (let row = 0; row < most; row += rows) {
      total += order.reduce((product, step) => {
        const range = inside(step, rows, b.index(row), start);
        return product * (range ? Math.max(0, range.end.max - range.begin.min) : (spec.k[step] ?? 1));
      }, 1);
    }
    return total;
  }

  /** Loops over the positions of the block outside a tile, then over tiles of rows, vectors and channels. */
  function overPositions(axis: number, source: Expr, result: Expr): readonly Stmt[] {
    const here = axes[axis];
    if (here) {
      const step = overTiles(b, `p${axis}`, here, 1, (i) =>
        overPositions(axis + 1, b.add(source, b.mul(i, b.index(windowOwn[here.axis] ?? 0))), b.add(result, b.mul(i, b.index(positionStrides[here.axis] ?? 0)))),
      );
      return [step];
    }
    const rows = down ?? { count: b.index(1), most: 1, axis: -1 };
    const byRow = windowOwn[rows.axis] ?? 0;
    return [
      overTiles(b, "y", rows, tile.rows, (row) => [
        overTiles(b, "x", across ?? rows, tile.vectors * lanes, (column) => [
          overTiles(b, "c", { count: b.index(channels), most: channels }, tile.channels, (start) => {
            const from = b.add(b.add(source, b.mul(row, b.index(byRow))), column);
            const to = b.add(b.add(result, b.mul(row, b.index(pitch))), column);
            // The last tile begins earlier instead of hanging over the end.
            return products(row, b.min(start, b.index(channels - tile.channels)), from, to, byRow);
          }),
        ]),
      ]),
    ];
  }

  function products(row: Expr, channel: Expr, from: Expr, to: Expr, byRow: number): Stmt[] {
    const places = Array.from({ length: tile.rows * tile.vectors }, (_, i) => {
      const [r, v] = [Math.floor(i / tile.vectors), (i % tile.vectors) * lanes];
      return { source: r * byRow + v, result: r * pitch + v };
    });
    const start: Stmt[] = [];
    const finish: Stmt[] = [];
    const sums = Array.from({ length: tile.channels }, (_, i) =>
      places.map((p, j) => {
        const variable = b.variable(`c${i}_${j}`, type, lanes);
        start.push({ kind: "mutable", variable, value: b.splat(b.const(0, type), lanes) });
        const address = b.add(b.add(b.mul(b.add(channel, b.index(i)), b.index(channelStride)), to), b.index(p.result));
        finish.push({ kind: "store", buffer: results, index: address, value: b.ref(variable) });
        return variable;
      }),
    );
    const loop = overSteps(b, steps(row), 1, (aStep, bStep) => {
      const each: Stmt[] = [];
      const right = places.map((p, j) => {
        const variable = b.variable(`b${j}`, type, lanes);
        each.push({ kind: "let", variable, value: b.load(copy, dtype, b.add(b.add(from, b.index(p.source)), bStep), lanes) });
        return b.ref(variable);
      });
      sums.forEach((list, i) => {
        const left = b.variable(`a${i}`, type, lanes);
        const address = b.add(b.add(kernel.base, b.mul(b.add(channel, b.index(i)), b.index(kernel.own[0] ?? 0))), aStep);
        each.push({ kind: "let", variable: left, value: b.splat(b.load(kernel.buffer, dtype, address), lanes) });
        list.forEach((variable, j) => {
          const y = right[j];
          if (y) each.push({ kind: "assign", variable, value: multiplyAdd(b, dtype, b.ref(left), y, b.ref(variable)) });
        });
      });
      return each;
    });
    return [...start, ...loop, ...finish];
  }

  /** The kernel's elements in scratch memory, where they are no plain reads. */
  function packed(): Scalars {
    const buffer = draft.scratch(dtype, channels * k.capacity);
    const [own, inner] = [blockLoops(b, "m", m, mBlock), blockLoops(b, "k", k, kBlock)];
    const to = b.add(b.mul(own.position, b.index(k.capacity)), inner.position);
    const store: Stmt = { kind: "store", buffer, index: to, value: b.cast(spec.lhs(batch, own.index, inner.index), type) };
    body.push(...own.wrap(inner.wrap([store], true), false));
    return { buffer, base: b.index(0), own: [k.capacity], steps: spec.k.map((_, axis) => sizeOf(spec.k.slice(axis + 1))) };
  }
}

/** The fewest lanes with which as few vectors cover a row as with all. */
function lanesFor(length: number, full: number): number {
  let lanes = full;
  while (lanes > 4 && lanes / 2 >= length) lanes /= 2;
  return lanes;
}

/** Half a vector takes about half the time of a whole one, and none takes less. */
function timeOf(lanes: number, full: number): number {
  return Math.max(lanes, full / 2) / full;
}

/** Whether vectors along positions have clearly fewer idle lanes than vectors along channels. */
function isWorthIt(channels: number, length: number, full: number): boolean {
  const [along, across] = [lanesFor(length, full), lanesFor(channels, full)];
  const positions = channels * Math.ceil(length / along) * timeOf(along, full);
  return positions < 0.95 * length * Math.ceil(channels / across) * timeOf(across, full);
}

/** Blocks of positions whose windows and results fit, or undefined where none do. */
function blocksOf(spec: Contraction, window: Window, k: Box, bytes: number, target: Target): Box | undefined {
  const space = Math.floor((target.l2Bytes * 3) / 8 / bytes);
  const [channels, positions] = [sizeOf(spec.m), sizeOf(spec.n)];
  const flops = 2 * sizeOf(spec.batch) * channels * positions * sizeOf(spec.k);
  for (let limit = Math.min(positions, mostPositions); limit >= 1; limit = Math.floor(limit / 2)) {
    const n = makeBox(spec.n, limit);
    const items = sizeOf(spec.batch) * n.blocks;
    const fits = windowSize(window, n, k) <= space && channels * n.capacity <= space;
    const enough = items >= wantedItems || flops / items <= smallItem || n.capacity <= 2 * (spec.n.at(-1) ?? 1);
    if (fits && enough) return n;
  }
  return undefined;
}

/** The tile that takes the least time: as many products as registers hold, few that hang over the edges, few terms beyond them. */
function chooseTile(channels: number, vectors: number, rows: number, target: Target, terms: (rows: number) => number): Tile {
  let best: Tile = { channels: 1, vectors: 1, rows: 1 };
  let least = Infinity;
  for (let r = 1; r <= rows && fitsRegisters(1, r, target); r++) {
    const steps = terms(r);
    for (let v = vectors; v >= 1; v--) {
      const wide = v * r;
      for (let c = 1; c <= channels && fitsRegisters(c, wide, target); c++) {
        const time = steps * Math.ceil(channels / c) * Math.ceil(vectors / v) * (Math.max(c * wide, 8, (c + 2 * wide) / 1.5) + 1);
        if (time < least) [best, least] = [{ channels: c, vectors: v, rows: r }, time];
      }
    }
  }
  return best;
}

/** Where the first operand lies, if it is a plain read of the dtype at fixed strides. */
function inPlace(draft: Draft, spec: Contraction, batch: readonly Expr[], dtype: DType): Scalars | undefined {
  const { b } = draft;
  const [own, steps] = [counters(b, "m", spec.m), counters(b, "k", spec.k)];
  const element = spec.lhs(batch, own, steps);
  const start = spec.lhs(batch, spec.m.map(() => b.index(0)), spec.k.map(() => b.index(0)));
  if (spec.m.length !== 1 || element.kind !== "load" || start.kind !== "load" || draft.dtypeOf(element.buffer) !== dtype) return undefined;
  const strideOf = (e: Expr): number | undefined => (e.kind === "var" ? factorOf(b, element.index, e.variable) : 0);
  const [ofOwn, ofSteps] = [own.map(strideOf), steps.map(strideOf)];
  if ([...ofOwn, ...ofSteps].some((s) => s === undefined)) return undefined;
  return { buffer: element.buffer, base: start.index, own: ofOwn.map(Number), steps: ofSteps.map(Number) };
}
