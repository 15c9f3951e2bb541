import { byteSize, dtypeInfo, isFloat } from "../core/dtype.js";
import { sizeOf } from "../core/shape.js";
import type { Value, Contraction } from "../ir/graph.js";
import type { Expr, Stmt } from "../ir/loop.js";
import { blockAt, blockLoops, makeBox, type Box } from "./box.js";
import { Draft, type KernelCall, type Stored, type Temporary } from "./draft.js";
import { factorOf } from "./loops.js";
import { computeThenStore, groupName, lowerMap, memoryReader } from "./lower-map.js";
import type { Group } from "./partition.js";
import type { Source } from "./reader.js";
import { type PackedBlocks, tilesAcross, tilesAlong } from "./register-tiles.js";
import type { Target } from "./target.js";
import { allExprs } from "./walk.js";

/** Sizes of the blocks and tiles of one contraction. They follow from the shape and the target, not from the threads. */
interface Tiling {
  readonly lanes: number;
  /** Rows of a register tile. */
  readonly mr: number;
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

const fewResults = 64;
const shortBlock = 64;

/** Pieces of work below which more of them would not help the threads. */
const wantedItems = 8;

/**
 * Goto and van de Geijn's blocked matrix product (2008): blocks of both operands are packed into the thread's scratch
 * memory, where register tiles of mr × nv vectors are accumulated; the block of results then passes through the
 * epilogue. Operands come as element expressions, so convolutions and transposed products are the same kernel.
 */
export function lowerContraction(group: Group, stored: Stored, target: Target): KernelCall[] {
  const draft = new Draft(stored);
  const { b } = draft;
  const [root] = group.members;
  if (!root || root.node.op.lower.kind !== "contraction") throw new TypeError("a contraction group starts with its contraction");
  const sum: { result?: Expr } = {};
  const local: Source = () => {
    if (!sum.result) throw new TypeError("the sum is read before it is computed");
    return sum.result;
  };
  const reader = memoryReader(draft, group, stored, (v) => (v === root ? local : undefined));
  const spec = oriented(root.node.op.lower.spec(b, reader.context(root)), target);
  const type = dtypeInfo[root.dtype].compute;
  const dtype = type === "bool" ? "int32" : type;
  const aAlongK = runsAlongK(draft, spec, "lhs");
  const vectors = (elements: number): number => (elements * byteSize(dtype)) / target.vectorBytes;
  const along = vectors(sizeOf(spec.k)) >= longRows && vectors(sizeOf(spec.m)) < 1 && aAlongK && runsAlongK(draft, spec, "rhs");
  const { lanes, mr, nr, m, n, k, splits } = chooseTiling(spec, byteSize(dtype), target, along);

  const items = sizeOf(spec.batch) * m.blocks * n.blocks * splits;
  const item = b.counter("item", items);
  let rest = b.ref(item);
  const take = (count: number): Expr => {
    const part = b.rem(rest, b.index(count));
    rest = b.div(rest, b.index(count));
    return count === 1 ? b.index(0) : part;
  };
  const mBlock = blockAt(b, m, take(m.blocks));
  const nBlock = blockAt(b, n, take(n.blocks));
  const split = take(splits);
  const batch: Expr[] = [];
  for (let axis = spec.batch.length - 1; axis >= 0; axis--) batch.unshift(take(spec.batch[axis] ?? 1));

  const width = roundUp(n.capacity, nr) + (n.capacity > 2 * nr && !along ? lanes : 0);
  const height = roundUp(m.capacity, mr);
  const depth = roundUp(k.capacity, lanes) + lanes;
  const aPack = draft.scratch(dtype, aAlongK ? height * depth : k.capacity * (height + lanes));
  const bPack = draft.scratch(dtype, along ? width * depth : k.capacity * width);
  const c = draft.scratch(dtype, height * width);
  const aIndex = (row: Expr, step: Expr): Expr =>
    aAlongK ? b.add(b.mul(row, b.index(depth)), step) : b.add(b.mul(step, b.index(height + lanes)), row);
  const bIndex = (step: Expr, column: Expr): Expr =>
    along ? b.add(b.mul(column, b.index(depth)), step) : b.add(b.mul(step, b.index(width)), column);
  const cIndex = (row: Expr, column: Expr): Expr => b.add(b.mul(row, b.index(width)), column);

  const perSplit = Math.ceil(k.blocks / splits);
  const oneBlock = perSplit === 1;
  const lost = isFloat(dtype) && perSplit > manyBlocks ? draft.scratch(dtype, height * width) : undefined;
  const kb = b.counter("kb", k.blocks);
  const kBlock = blockAt(b, k, b.ref(kb));
  const inBlock: Stmt[] = [];
  {
    const rows = blockLoops(b, "m", m, mBlock);
    const steps = blockLoops(b, "k", k, kBlock);
    const value = b.cast(spec.lhs(batch, rows.index, steps.index), type);
    const store: Stmt = { kind: "store", buffer: aPack, index: aIndex(rows.position, steps.position), value };
    if (aAlongK) inBlock.push(...rows.wrap([...steps.wrap([store], true), ...padded(aPack, (step) => aIndex(rows.position, step))], false));
    else inBlock.push(...steps.wrap(rows.wrap([store], true), false));
  }
  {
    const columns = blockLoops(b, "n", n, nBlock);
    const steps = blockLoops(b, "k", k, kBlock);
    const value = b.cast(spec.rhs(batch, steps.index, columns.index), type);
    const store: Stmt = { kind: "store", buffer: bPack, index: bIndex(steps.position, columns.position), value };
    if (along) inBlock.push(...columns.wrap([...steps.wrap([store], true), ...padded(bPack, (step) => bIndex(step, columns.position))], false));
    else inBlock.push(...steps.wrap(columns.wrap([store], true), false));
  }
  const blocks: PackedBlocks = {
    type,
    dtype,
    lanes,
    a: aPack,
    b: bPack,
    c,
    aIndex,
    bIndex,
    cIndex,
    rows: mBlock.count,
    columns: nBlock.count,
    steps: kBlock.count,
    mostRows: m.capacity,
    mostColumns: n.capacity,
    mostSteps: k.capacity,
    first: oneBlock,
    lost,
  };
  inBlock.push(along ? tilesAlong(b, blocks, mr, nr) : tilesAcross(b, blocks, mr, nr / lanes));
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

  const rows = blockLoops(b, "m", m, mBlock);
  const columns = blockLoops(b, "n", n, nBlock);
  // Bound by a `let`: what is read from memory that the kernel writes cannot be named later, and would be repeated at each use.
  const variable = b.variable("sum", type);
  const result = b.ref(variable);
  const named: Stmt = { kind: "let", variable, value: b.cast(draft.load(c, cIndex(rows.position, columns.position)), type) };
  sum.result = result;
  const index = spec.out(batch, rows.index, columns.index);
  const name = groupName(group);
  if (splits === 1) {
    const stores = computeThenStore(draft, group.stored, () => index, reader);
    body.push(...rows.wrap(columns.wrap([named, ...stores], true), false));
    return [draft.call(name, item, body, items)];
  }
  const partial: Temporary = { shape: [splits, ...root.shape], dtype: root.dtype, temporary: true };
  body.push(...rows.wrap(columns.wrap([named, draft.store(partial, [split, ...index], result)], true), false));
  return [draft.call(`${name}-part`, item, body, items), lowerMap(group, stored, sumOfParts(root, partial))];

  function zeroed(): Stmt[] {
    const at = b.counter("z", height * width);
    const zero = (buffer: number): Stmt => ({ kind: "store", buffer, index: b.ref(at), value: b.const(0, type) });
    const zeros = lost === undefined ? [zero(c)] : [zero(c), zero(lost)];
    return [{ kind: "for", variable: at, begin: b.index(0), end: b.index(height * width), step: 1, body: zeros, vectorize: true }];
  }

  /** Zeros from the end of a row of steps to the end of its last vector. */
  function padded(buffer: number, at: (step: Expr) => Expr): Stmt[] {
    if (!along || (kBlock.count.kind === "const" && kBlock.count.value % lanes === 0)) return [];
    const step = b.counter("pad", depth);
    const end = b.mul(b.div(b.add(kBlock.count, b.index(lanes - 1)), b.index(lanes)), b.index(lanes));
    const zero: Stmt = { kind: "store", buffer, index: at(b.ref(step)), value: b.const(0, type) };
    return [{ kind: "for", variable: step, begin: kBlock.count, end, step: 1, body: [zero], vectorize: false }];
  }
}

function sumOfParts(root: Value, partial: Temporary): (draft: Draft) => (v: Value) => Source | undefined {
  return (draft) => {
    const parts = draft.memory(partial);
    const { b } = draft;
    const total: Source = (index) => {
      let sum = parts([b.index(0), ...index]);
      for (let s = 1; s < (partial.shape[0] ?? 1); s++) sum = b.add(sum, parts([b.index(s), ...index]));
      return sum;
    };
    return (v) => (v === root ? total : undefined);
  };
}

/** Vectors run along n: where n is shorter than a vector and m is not, the two change places. */
function oriented(spec: Contraction, target: Target): Contraction {
  if (sizeOf(spec.n) * 4 >= target.vectorBytes || sizeOf(spec.m) <= sizeOf(spec.n)) return spec;
  return {
    batch: spec.batch,
    m: spec.n,
    n: spec.m,
    k: spec.k,
    lhs: (batch, m, k) => spec.rhs(batch, k, m),
    rhs: (batch, k, n) => spec.lhs(batch, n, k),
    out: (batch, m, n) => spec.out(batch, n, m),
  };
}

/** Whether an operand's elements along k are neighbours in memory, and those along its own axis are not. */
function runsAlongK(draft: Draft, spec: Contraction, side: "lhs" | "rhs"): boolean {
  const { b } = draft;
  const vars = (name: string, sizes: readonly number[]): Expr[] => sizes.map((size, i) => (size === 1 ? b.index(0) : b.ref(b.counter(`${name}${i}`, size))));
  const own = vars("o", side === "lhs" ? spec.m : spec.n);
  const [batch, steps] = [vars("b", spec.batch), vars("k", spec.k)];
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
  // A strip of both tiles in half of L1, the blocks of A, B and C in L2.
  const strip = along ? mr + nr : nr;
  // Sums to few results are read once from memory and cost little else: short blocks make them exact.
  const kLimit = M * N <= fewResults ? shortBlock * (along ? lanes : 1) : Math.max(16, roundUp(Math.floor(target.l1Bytes / 2 / bytes / strip), 16));
  let nLimit = Math.max(nr, Math.floor((target.l2Bytes * 3) / 8 / bytes / kLimit / nr) * nr);
  let mLimit = Math.max(mr, Math.floor(nLimit / 2 / mr) * mr);
  const k = makeBox(spec.k, kLimit);
  const flops = 2 * sizeOf(spec.batch) * M * N * K;
  const items = (): number => sizeOf(spec.batch) * makeBox(spec.m, mLimit, mr).blocks * makeBox(spec.n, nLimit, nr).blocks;
  const enough = (): boolean => flops / items() <= (items() < wantedItems ? 4e6 : items() < 2 * wantedItems ? 64e6 : Infinity);
  while (!enough()) {
    const [width, height] = [Math.min(nLimit, roundUp(N, nr)), Math.min(mLimit, roundUp(M, mr))];
    const [nCan, mCan] = [width > 2 * nr, height > 2 * mr];
    if (!nCan && !mCan) break;
    if (nCan && (width >= height || !mCan)) nLimit = roundUp(Math.floor(width / 2), nr);
    else mLimit = roundUp(Math.floor(height / 2), mr);
  }
  let splits = 1;
  if (items() < wantedItems && k.blocks > 1 && flops / items() > 4e6) splits = Math.min(k.blocks, Math.ceil(wantedItems / items()));
  splits = Math.ceil(k.blocks / Math.ceil(k.blocks / splits));
  return { lanes, mr, nr, m: makeBox(spec.m, mLimit, mr), n: makeBox(spec.n, nLimit, nr), k, splits };
}

/** Register tiles of mr rows × nv vectors: each step costs mr·nv multiply-adds and about three instructions beside them. */
function tileAcross(M: number, N: number, lanes: number, registers: number): { mr: number; nr: number } {
  const nv = N > lanes ? 2 : 1;
  const most = Math.min(16, Math.floor((registers - nv - 2) / nv));
  const time = (rows: number): number => Math.ceil(M / rows) * (rows * nv + 3);
  let mr = Math.min(M, most);
  for (let candidate = mr - 1; candidate > 0; candidate--) if (time(candidate) < time(mr)) mr = candidate;
  return { mr, nr: nv * lanes };
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
