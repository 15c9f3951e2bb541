import { byteSize, dtypeInfo, isFloat, type DType } from "../core/dtype.js";
import { sizeOf } from "../core/shape.js";
import type { Value, Contraction } from "../ir/graph.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr, Stmt } from "../ir/loop.js";
import { axesOf, blockAt, blockLoops, makeBox, startOf, type BlockAxis, type BlockLoops, type Box } from "./box.js";
import { columnsAreFar, swapped } from "./contraction-spec.js";
import { Draft, type KernelCall, type Stored, type Temporary } from "./draft.js";
import { factorOf } from "./loops.js";
import { computeThenStore, type Given, groupName, lowerMap, memoryReader } from "./lower-map.js";
import type { Group } from "./partition.js";
import { counters, type Reader, type Source } from "./reader.js";
import { fitsRegisters, type RowTile, type StepAxis, type TileAxis, tileAcross, tilesAcross, tilesAlong } from "./register-tiles.js";
import type { Target } from "./target.js";
import { allExprs } from "./walk.js";
import { copyWindow, spansOf, type Window, windowOf, windowSize, windowStrides } from "./window.js";

/** Sizes of the blocks and tiles of one contraction. They follow from the shape and the target, not from the threads. */
interface Tiling {
  readonly lanes: number;
  readonly rows: RowTile;
  /** Columns of a register tile. */
  readonly nr: number;
  readonly m: Box;
  readonly n: Box;
  readonly k: Box;
  /** Parts into which the sum is divided, each computed by its own items. */
  readonly splits: number;
}

/**
 * Rows of at least so many vectors are multiplied as they lie, if there are few of them: a transposed element then serves
 * too few products to be worth its move, and the folding of sums is paid less often.
 */
const longRows = 8;

/** Blocks along k from which on their sums are added with compensation, so that errors do not grow with k. */
const manyBlocks = 16;

/** Columns from which on vectors of them pay. */
const fewestColumns = 4;

const fewResults = 64;
const shortBlock = 64;

/** Pieces of work below which more of them would not help the threads. */
const wantedItems = 8;

/**
 * Goto and van de Geijn's blocked matrix product (2008): blocks of both operands are brought into the thread's scratch
 * memory, where register tiles of rows × vectors are accumulated; the block of results then passes through the epilogue.
 * Operands come as element expressions, so convolutions and transposed products are the same kernel. The first operand is
 * packed, or copied as a window of its source; the second is packed, by a launch of its own where several items use the same
 * block, or read where it lies.
 */
export function lowerContraction(group: Group, stored: Stored, target: Target): KernelCall[] {
  const draft = new Draft(stored);
  const { b } = draft;
  const [root] = group.members;
  const lower = root?.node.op.lower;
  if (!root || lower?.kind !== "contraction") throw new TypeError("a contraction group starts with its contraction");
  const specOf = (own: Draft, from: Reader): Contraction => lower.spec(own.b, from.context(root));
  const sum: { result?: Expr } = {};
  const local: Source = () => {
    if (!sum.result) throw new TypeError("the sum is read before it is computed");
    return sum.result;
  };
  const reader = memoryReader(draft, group, stored, (v) => (v === root ? local : undefined));
  const type = dtypeInfo[root.dtype].compute;
  const dtype = type === "bool" ? "int32" : type;
  const original = specOf(draft, reader);
  // What is computed from the sums is written, in the order that was chosen for it.
  const written = group.stored[0] ?? root;
  const swaps = changesPlaces(draft, written, original, target);
  const given = swaps ? swapped(original) : original;
  const order = orderOfWindow(draft, given);
  const bytes = byteSize(dtype);
  const windowed = order && windowTiling(draft, sorted(b, given, order), order.window, bytes, target);
  const window = windowed && order.window;
  const spec = windowed && order ? sorted(b, given, order) : given;
  const aAlongK = !window && runsAlongK(draft, spec, "lhs");
  const vectors = (elements: number): number => (elements * bytes) / target.vectorBytes;
  const along = aAlongK && vectors(sizeOf(spec.k)) >= longRows && vectors(sizeOf(spec.m)) < 1 && runsAlongK(draft, spec, "rhs");
  const { lanes, rows: rowTile, nr, m, n, k, splits } = windowed ?? chooseTiling(spec, bytes, target, along);
  const nv = nr / lanes;

  const items = sizeOf(spec.batch) * m.blocks * n.blocks * splits;
  const item = b.counter("item", items);
  let rest = b.ref(item);
  const take = (count: number): Expr => {
    const part = b.rem(rest, b.index(count));
    rest = b.div(rest, b.index(count));
    return count === 1 ? b.index(0) : part;
  };
  const mNumber = take(m.blocks);
  const nNumber = take(n.blocks);
  const [mBlock, nBlock] = [blockAt(b, m, mNumber), blockAt(b, n, nNumber)];
  const split = take(splits);
  const batch: Expr[] = [];
  for (let axis = spec.batch.length - 1; axis >= 0; axis--) batch.unshift(take(spec.batch[axis] ?? 1));
  const perSplit = Math.ceil(k.blocks / splits);
  const oneBlock = perSplit === 1;
  const kb = b.counter("kb", k.blocks);
  const kBlock = blockAt(b, k, b.ref(kb));

  const inPlace = window ? readInPlace(draft, spec, n, nr, dtype) : undefined;
  const together = !inPlace && !along && m.blocks > 1 && sizeOf(spec.batch) === 1;
  const skew = !together && n.capacity > 2 * nr && !along ? lanes : 0;
  const width = roundUp(n.capacity, nr) + skew;
  const depth = roundUp(k.capacity, lanes) + lanes;

  // The first operand: elements from one row and one step to the next, and how it comes into scratch memory.
  const height = window ? 0 : roundUp(m.capacity, rowTile.count) + lanes;
  const spans = window ? spansOf(window, m, k) : [];
  const aStrides = window
    ? windowStrides(window, spans)
    : { own: flatStrides(m, aAlongK ? depth : 1), steps: flatStrides(k, aAlongK ? 1 : height) };
  const rowAxes = joined(b, axesOf(b, m, mBlock), [aStrides.own]);
  const paddedRows = rowAxes.map(({ most }, axis) => (axis === rowTile.axis ? roundUp(most, rowTile.count) : most));
  const slack = window ? (rowAxes[rowTile.axis]?.strides[0] ?? 0) * rowTile.count : 0;
  const aSize = window ? windowSize(window, m, k) + slack : aAlongK ? (height - lanes) * depth : k.capacity * height;
  const a = draft.scratch(dtype, aSize);
  const results = sizeOf(paddedRows) * width;
  const c = draft.scratch(dtype, results);
  const lost = isFloat(dtype) && perSplit > manyBlocks ? draft.scratch(dtype, results) : undefined;
  const rows: TileAxis[] = rowAxes.map(({ count, most, strides: [operand = 0] }, axis) => ({ count, most, operand, result: sizeOf(paddedRows.slice(axis + 1)) * width }));
  if (rows.length === 0) rows.push({ count: b.index(1), most: 1, operand: 0, result: width });

  const inBlock: Stmt[] = [];
  const calls: KernelCall[] = [];
  if (window) {
    inBlock.push(...copyWindow(draft, window, type, a, { batch, own: m, ownBlock: mBlock, steps: k, stepBlock: kBlock }));
  } else {
    const [over, steps] = [blockLoops(b, "m", m, mBlock), blockLoops(b, "k", k, kBlock)];
    const at = (row: Expr, step: Expr): Expr => (aAlongK ? b.add(b.mul(row, b.index(depth)), step) : b.add(b.mul(step, b.index(height)), row));
    inBlock.push(...pack(a, over, steps, spec.lhs(batch, over.index, steps.index), at, aAlongK));
  }

  // The second operand.
  let bSide: { readonly buffer: number; readonly base: Expr; readonly strides: readonly number[]; readonly column: number };
  if (inPlace) {
    const start = spec.rhs(batch, startOf(b, k, kBlock), startOf(b, n, nBlock));
    if (start.kind !== "load") throw new TypeError("an operand that is read in place is a load");
    bSide = { buffer: start.buffer, base: start.index, strides: inPlace, column: 1 };
  } else if (together) {
    const packed: Temporary = { shape: [n.blocks, k.blocks, k.capacity * width], dtype, temporary: true };
    calls.push(packTogether(packed));
    const buffer = draft.slot(packed, "read");
    const base = b.mul(b.add(b.mul(nNumber, b.index(k.blocks)), b.ref(kb)), b.index(k.capacity * width));
    bSide = { buffer, base, strides: flatStrides(k, width), column: 1 };
  } else {
    const buffer = draft.scratch(dtype, along ? width * depth : k.capacity * width);
    const [over, steps] = [blockLoops(b, "n", n, nBlock), blockLoops(b, "k", k, kBlock)];
    const at = (column: Expr, step: Expr): Expr => (along ? b.add(b.mul(column, b.index(depth)), step) : b.add(b.mul(step, b.index(width)), column));
    inBlock.push(...pack(buffer, over, steps, spec.rhs(batch, steps.index, over.index), at, along));
    bSide = { buffer, base: b.index(0), strides: flatStrides(k, along ? 1 : width), column: along ? depth : 1 };
  }
  const stepAxes = joined(b, axesOf(b, k, kBlock), [aStrides.steps, bSide.strides]);
  const steps: StepAxis[] = stepAxes.map(({ count, most, strides: [x = 0, y = 0] }) => ({ count, most, a: x, b: y }));
  if (steps.length === 0) steps.push({ count: b.index(1), most: 1, a: 0, b: 0 });
  const column: TileAxis = { count: nBlock.count, most: n.capacity, operand: bSide.column, result: 1 };
  const blocks = { type, dtype, lanes, a, b: bSide.buffer, bBase: bSide.base, c, rows, column, steps, first: oneBlock, lost };
  inBlock.push(along ? tilesAlong(b, blocks, rowTile, nr) : tilesAcross(b, blocks, rowTile, nv));
  const first = b.mul(split, b.index(perSplit));
  const kLoop: Stmt = {
    kind: "for",
    variable: kb,
    begin: first,
    end: b.add(first, k.blocks % perSplit === 0 ? b.index(perSplit) : b.min(b.index(perSplit), b.sub(b.index(k.blocks), first))),
    step: 1,
    body: inBlock,
    vectorize: false,
  };
  const body: Stmt[] = oneBlock ? [] : zeroed();
  body.push(kLoop);

  const over = blockLoops(b, "m", m, mBlock);
  const columns = blockLoops(b, "n", n, nBlock);
  const resultOf = resultStrides(rowAxes, rows);
  const at = over.local.reduce((e, i, axis) => b.add(e, b.mul(i, b.index(resultOf.get(axis) ?? 0))), columns.position);
  // Bound by a `let`: what is read from memory that the kernel writes cannot be named later, and would be repeated at each use.
  const variable = b.variable("sum", type);
  const result = b.ref(variable);
  const named: Stmt = { kind: "let", variable, value: b.cast(draft.load(c, at), type) };
  sum.result = result;
  const index = spec.out(batch, over.index, columns.index);
  const name = groupName(group);
  if (splits === 1) {
    const stores = computeThenStore(draft, group.stored, () => index, reader);
    // Where neighbouring rows are neighbours in memory, squares of the block are transposed on the way.
    const crossed = columnsAreFar(draft, written, spec);
    if (crossed) body.push(...over.wrapOuter(columns.wrap(over.wrapInner([named, ...stores], true), false)));
    else body.push(...over.wrap(columns.wrap([named, ...stores], true), false));
    return [...calls, draft.call(name, item, body, items)];
  }
  const partial: Temporary = { shape: [splits, ...root.shape], dtype: root.dtype, temporary: true };
  body.push(...over.wrap(columns.wrap([named, draft.store(partial, [split, ...index], result)], true), false));
  return [...calls, draft.call(`${name}-part`, item, body, items), lowerMap(group, stored, target, sumOfParts(root, partial))];

  function zeroed(): Stmt[] {
    const z = b.counter("z", results);
    const zero = (buffer: number): Stmt => ({ kind: "store", buffer, index: b.ref(z), value: b.const(0, type) });
    const zeros = lost === undefined ? [zero(c)] : [zero(c), zero(lost)];
    return [{ kind: "for", variable: z, begin: b.index(0), end: b.index(results), step: 1, body: zeros, vectorize: true }];
  }

  /** Copies a block of an operand to scratch memory, each row of steps together or not. */
  function pack(buffer: number, own: BlockLoops, steps: BlockLoops, element: Expr, to: (own: Expr, step: Expr) => Expr, stepsLast: boolean): readonly Stmt[] {
    const store: Stmt = { kind: "store", buffer, index: to(own.position, steps.position), value: b.cast(element, type) };
    if (!stepsLast) return steps.wrap(own.wrap([store], true), false);
    return own.wrap([...steps.wrap([store], true), ...padded(buffer, (step) => to(own.position, step))], false);
  }

  /** Packs all blocks of the second operand, for items that share them. */
  function packTogether(packed: Temporary): KernelCall {
    const own = new Draft(stored);
    const again = specOf(own, memoryReader(own, group, stored));
    const turned = swaps ? swapped(again) : again;
    const { rhs } = windowed && order ? sorted(own.b, turned, order) : turned;
    const block = own.b.counter("item", n.blocks * k.blocks);
    const [nAt, kAt] = [own.b.div(own.b.ref(block), own.b.index(k.blocks)), own.b.rem(own.b.ref(block), own.b.index(k.blocks))];
    const [over, inner] = [blockLoops(own.b, "n", n, blockAt(own.b, n, nAt)), blockLoops(own.b, "k", k, blockAt(own.b, k, kAt))];
    const value = own.b.cast(rhs([], inner.index, over.index), type);
    const store = own.store(packed, [nAt, kAt, own.b.add(own.b.mul(inner.position, own.b.index(width)), over.position)], value);
    return own.call(`${groupName(group)}-pack`, block, inner.wrap(over.wrap([store], true), false), n.blocks * k.blocks);
  }

  /** Zeros from the end of a row of steps to the end of its last vector. */
  function padded(buffer: number, to: (step: Expr) => Expr): Stmt[] {
    if (!along || (kBlock.count.kind === "const" && kBlock.count.value % lanes === 0)) return [];
    const step = b.counter("pad", depth);
    const end = b.mul(b.div(b.add(kBlock.count, b.index(lanes - 1)), b.index(lanes)), b.index(lanes));
    const zero: Stmt = { kind: "store", buffer, index: to(b.ref(step)), value: b.const(0, type) };
    return [{ kind: "for", variable: step, begin: kBlock.count, end, step: 1, body: [zero], vectorize: false }];
  }
}

/** Elements from one index to the next along each axis of a block that is laid out row by row. */
function flatStrides(box: Box, unit: number): number[] {
  return box.sizes.map((_, axis) => (axis < box.axis ? 0 : unit * sizeOf(box.sizes.slice(axis + 1))));
}

/** Axes of a block that have been put together. */
interface JoinedAxis {
  /** The axes that it stands for, outermost first, with the indexes of it that each counts. */
  readonly parts: readonly { readonly axis: number; readonly by: number }[];
  readonly count: Expr;
  readonly most: number;
  readonly strides: readonly number[];
}

/** Joins neighbouring axes of a block where one step along the outer is as far as all of the inner, in every list of strides. */
function joined(b: ExprBuilder, axes: readonly BlockAxis[], strides: readonly (readonly number[])[]): JoinedAxis[] {
  const list: JoinedAxis[] = [];
  for (const { axis, count, most } of axes) {
    const here = strides.map((s) => s[axis] ?? 0);
    const last = list[list.length - 1];
    if (last && last.strides.every((s, i) => s === (here[i] ?? 0) * most)) {
      list[list.length - 1] = {
        parts: [...last.parts.map((p) => ({ ...p, by: p.by * most })), { axis, by: 1 }],
        count: b.mul(last.count, b.index(most)),
        most: last.most * most,
        strides: here,
      };
    } else list.push({ parts: [{ axis, by: 1 }], count, most, strides: here });
  }
  return list;
}

/** A value as the sum of parts that lie one after the other. */
export function sumOfParts(root: Value, partial: Temporary): (draft: Draft) => Given {
  return (draft) => {
    const parts = draft.memory(partial);
    const { b } = draft;
    const total: Source = (index) => {
      let sum = parts([b.index(0), ...index]);
      for (let s = 1; s < (partial.shape[0] ?? 1); s++) sum = b.add(sum, parts([b.index(s), ...index]));
      return sum;
    };
    return { source: (v) => (v === root ? total : undefined) };
  };
}

/**
 * Vectors run along n, the first operand is read element by element: the two change places where the second one is a window,
 * where the result's neighbours in memory lie along m, and where n is shorter than a vector and m is not.
 */
function changesPlaces(draft: Draft, written: Value, spec: Contraction, target: Target): boolean {
  const window = sizeOf(spec.m) >= fewestColumns ? windowOf(draft, (batch, own, steps) => spec.rhs(batch, steps, own), { batch: spec.batch, own: spec.n, steps: spec.k }) : undefined;
  const short = sizeOf(spec.n) * 4 < target.vectorBytes && sizeOf(spec.m) > sizeOf(spec.n);
  return window?.overlaps === true || (sizeOf(spec.m) >= fewestColumns && columnsAreFar(draft, written, spec)) || short;
}

/** Whether an operand's elements along k are neighbours in memory, and those along its own axis are not. */
function runsAlongK(draft: Draft, spec: Contraction, side: "lhs" | "rhs"): boolean {
  const { b } = draft;
  const own = counters(b, "o", side === "lhs" ? spec.m : spec.n);
  const [batch, steps] = [counters(b, "b", spec.batch), counters(b, "k", spec.k)];
  const last = (list: readonly Expr[]): Expr | undefined => [...list].reverse().find((e) => e.kind === "var");
  const [lastOwn, lastK] = [last(own), last(steps)];
  const element = side === "lhs" ? spec.lhs(batch, own, steps) : spec.rhs(batch, steps, own);
  for (const e of allExprs([element])) {
    if (e.kind !== "load") continue;
    const runs = (v: Expr | undefined): boolean => v?.kind === "var" && factorOf(b, e.index, v.variable) === 1;
    if (runs(lastK)) return side === "lhs" || !runs(lastOwn) || sizeOf(spec.n) * 2 < sizeOf(spec.k);
    if (runs(lastOwn)) return false;
  }
  return side === "lhs";
}

function roundUp(x: number, to: number): number {
  return Math.ceil(x / to) * to;
}

function chooseTiling(spec: Contraction, bytes: number, target: Target, along: boolean): Tiling {
  const lanes = Math.max(1, Math.floor(target.vectorBytes / bytes));
  const [M, N, K] = [sizeOf(spec.m), sizeOf(spec.n), sizeOf(spec.k)];
  const { mr, nr } = along ? tileAlong(M, N, target.vectorRegisters) : tileAcross(M, N, lanes, target.vectorRegisters);
  // A strip of both tiles about as large as L1, the blocks of A, B and C in L2.
  const strip = along ? mr + nr : nr;
  // Sums to few results are read once from memory and cost little else: short blocks make them exact.
  const kLimit = M * N <= fewResults ? shortBlock * (along ? lanes : 1) : Math.max(16, roundUp(Math.floor(target.l1Bytes / bytes / strip), 16));
  let nLimit = Math.max(nr, Math.floor((target.l2Bytes * 3) / 8 / bytes / kLimit / nr) * nr);
  // The block of results stays in a quarter of L2 while the sums are added up.
  const mMost = Math.min(nLimit / 2, target.l2Bytes / 4 / bytes / Math.min(nLimit, roundUp(N, nr)));
  let mLimit = Math.max(mr, Math.floor(mMost / mr) * mr);
  const k = makeBox(spec.k, kLimit);
  const flops = 2 * sizeOf(spec.batch) * M * N * K;
  const items = (): number => sizeOf(spec.batch) * makeBox(spec.m, mLimit, mr).blocks * makeBox(spec.n, nLimit, nr).blocks;
  const enough = (): boolean => flops / items() <= (items() < wantedItems ? 1.5e6 : items() < 2 * wantedItems ? 64e6 : Infinity);
  while (!enough()) {
    const [width, height] = [Math.min(nLimit, roundUp(N, nr)), Math.min(mLimit, roundUp(M, mr))];
    const [nCan, mCan] = [width > 2 * nr, height > 2 * mr];
    if (!nCan && !mCan) break;
    if (nCan && (width >= height || !mCan)) nLimit = roundUp(Math.floor(width / 2), nr);
    else mLimit = roundUp(Math.floor(height / 2), mr);
  }
  const splits = splitsOf(items(), k, flops);
  return { lanes, rows: { axis: 0, count: mr }, nr, m: makeBox(spec.m, mLimit, mr), n: makeBox(spec.n, nLimit, nr), k, splits };
}

/** Parts of equal length into which a sum is divided where there are too few items for the threads. */
function splitsOf(items: number, k: Box, flops: number): number {
  if (items >= wantedItems || k.blocks === 1 || flops / items <= 4e6) return 1;
  const wanted = Math.min(k.blocks, Math.ceil(wantedItems / items));
  return Math.ceil(k.blocks / Math.ceil(k.blocks / wanted));
}

/** Register tiles of mr × nr sums: each step loads mr + nr vectors. The edges' waste counts as well. */
function tileAlong(M: number, N: number, registers: number): { mr: number; nr: number } {
  let best = { mr: 1, nr: 1 };
  let least = Infinity;
  for (let mr = 1; mr <= M && mr <= 8; mr++) {
    for (let nr = 1; nr <= N && mr * nr + nr + 1 < registers; nr++) {
      const time = Math.ceil(M / mr) * Math.ceil(N / nr) * (mr * nr + mr + nr);
      if (time < least) [best, least] = [{ mr, nr }, time];
    }
  }
  return best;
}

/** Elements of the block of results from one index to the next, for each axis of the rows. */
function resultStrides(axes: readonly JoinedAxis[], rows: readonly TileAxis[]): Map<number, number> {
  return new Map(axes.flatMap(({ parts }, k) => parts.map(({ axis, by }) => [axis, by * (rows[k]?.result ?? 0)] as const)));
}

/** A window as first operand, and the axes of rows and steps in the order in which its source has them. */
interface WindowOrder {
  readonly window: Window;
  readonly m: readonly number[];
  readonly k: readonly number[];
}

function orderOfWindow(draft: Draft, spec: Contraction): WindowOrder | undefined {
  const window = windowOf(draft, (batch, own, steps) => spec.lhs(batch, own, steps), { batch: spec.batch, own: spec.m, steps: spec.k });
  if (!window?.overlaps) return undefined;
  const strides = windowStrides(window, window.argument.shape);
  const byStride = (list: readonly number[]): number[] => list.map((_, axis) => axis).sort((x, y) => (list[y] ?? 0) - (list[x] ?? 0) || x - y);
  const [m, k] = [byStride(strides.own), byStride(strides.steps)];
  const coordinates = window.coordinates.map((c) => ({ ...c, own: m.map((axis) => c.own[axis] ?? 0), steps: k.map((axis) => c.steps[axis] ?? 0) }));
  return { window: { ...window, coordinates }, m, k };
}

function sorted(b: ExprBuilder, spec: Contraction, { m, k }: WindowOrder): Contraction {
  const back = (order: readonly number[], index: readonly Expr[]): Expr[] => order.map((_, axis) => index[order.indexOf(axis)] ?? b.index(0));
  return {
    batch: spec.batch,
    m: m.map((axis) => spec.m[axis] ?? 1),
    n: spec.n,
    k: k.map((axis) => spec.k[axis] ?? 1),
    lhs: (batch, own, steps) => spec.lhs(batch, back(m, own), back(k, steps)),
    rhs: (batch, steps, own) => spec.rhs(batch, back(k, steps), own),
    out: (batch, own, columns) => spec.out(batch, back(m, own), columns),
  };
}

/** Strides along k of the second operand where it can be read where it lies: whole vectors of columns, nothing to convert. */
function readInPlace(draft: Draft, spec: Contraction, n: Box, nr: number, dtype: DType): readonly number[] | undefined {
  if (sizeOf(spec.n) % nr !== 0 || n.capacity % nr !== 0) return undefined;
  const seen = windowOf(draft, (batch, own, steps) => spec.rhs(batch, steps, own), { batch: spec.batch, own: spec.n, steps: spec.k });
  if (!seen || seen.bounds.length > 0 || seen.argument.dtype !== dtype) return undefined;
  const { own, steps } = windowStrides(seen, seen.argument.shape);
  const flat = flatStrides({ ...n, axis: -1 }, 1);
  return own.every((stride, axis) => spec.n[axis] === 1 || stride === flat[axis]) ? steps : undefined;
}

/** Blocks and tiles of a contraction whose first operand is a window, or undefined where its copies would not fit. */
function windowTiling(draft: Draft, spec: Contraction, window: Window, bytes: number, target: Target): Tiling | undefined {
  const [M, N, K] = [sizeOf(spec.m), sizeOf(spec.n), sizeOf(spec.k)];
  let lanes = Math.max(1, Math.floor(target.vectorBytes / bytes));
  while (lanes > 4 && lanes / 2 >= N) lanes /= 2;
  const space = Math.floor((target.l2Bytes * 3) / 8 / bytes);
  const n = makeBox(spec.n, 256, lanes);
  let [mLimit, kLimit] = [Math.min(M, 2048), Math.min(K, 2048)];
  const boxes = (): [Box, Box] => [makeBox(spec.m, mLimit), makeBox(spec.k, kLimit)];
  const flops = 2 * sizeOf(spec.batch) * M * N * K;
  for (;;) {
    const [m, k] = boxes();
    const fits = windowSize(window, m, k) <= space && m.capacity * Math.min(256, N) <= space;
    const items = sizeOf(spec.batch) * m.blocks * n.blocks;
    const enough = items >= wantedItems || flops / items <= 4e6 || k.blocks > 1;
    if (fits && enough) break;
    if (m.capacity <= 8 && k.capacity <= 8) return undefined;
    // The half that saves more memory.
    const size = (mMost: number, kMost: number): number => windowSize(window, makeBox(spec.m, mMost), makeBox(spec.k, kMost));
    const [halfM, halfK] = [Math.ceil(m.capacity / 2), Math.ceil(k.capacity / 2)];
    if (!fits && m.capacity * Math.min(256, N) <= space && (size(mLimit, halfK) < size(halfM, kLimit) || m.capacity <= 8)) kLimit = halfK;
    else if (m.capacity > 8) mLimit = halfM;
    else return undefined;
  }
  const [m, k] = boxes();
  const spans = spansOf(window, m, k);
  const inBlock = m.sizes.flatMap((size, axis) => {
    const most = axis < m.axis ? 1 : axis === m.axis ? m.chunk : size;
    return most > 1 ? [{ axis, most, count: draft.b.index(most) }] : [];
  });
  const sizes = joined(draft.b, inBlock, [windowStrides(window, spans).own]).map(({ most }) => most);
  let best: { rows: RowTile; nr: number } = { rows: { axis: 0, count: 1 }, nr: lanes };
  let least = Infinity;
  for (let nv = 1; nv <= 4 && (nv - 1) * lanes < N; nv++) {
    let inside = 1;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      const size = sizes[axis] ?? 1;
      for (let count = 1; count <= size && fitsRegisters(count * inside, nv, target); count++) {
        const mr = count * inside;
        const tiles = Math.ceil(size / count) * sizeOf(sizes.slice(0, axis)) * Math.ceil(N / (nv * lanes));
        const time = tiles * (Math.max(mr * nv, 8, (mr + 2 * nv) / 1.5) + 1);
        if (time < least) [best, least] = [{ rows: { axis, count }, nr: nv * lanes }, time];
      }
      inside *= size;
    }
  }
  const splits = splitsOf(sizeOf(spec.batch) * m.blocks * n.blocks, k, flops);
  return { lanes, ...best, m, n: makeBox(spec.n, 256, best.nr), k, splits };
}
