import { byteSize, dtypeInfo, isFloat } from "../core/dtype.js";
import { sizeOf } from "../core/shape.js";
import type { Value, Contraction } from "../ir/graph.js";
import type { Expr, Stmt } from "../ir/loop.js";
import { blockAt, blockLoops, makeBox, type Box } from "./box.js";
import { Draft, type KernelCall, type Temporary } from "./draft.js";
import { factorOf } from "./loops.js";
import { groupName, lowerMap, memoryReader } from "./lower-map.js";
import type { Group } from "./partition.js";
import type { Source } from "./reader.js";
import type { Target } from "./target.js";
import { allExprs } from "./walk.js";

/** Sizes of the blocks and tiles of one contraction. They follow from the shape and the target, not from the threads. */
interface Tiling {
  readonly lanes: number;
  /** Rows of a register tile. */
  readonly mr: number;
  /** Vectors in a row of a register tile. */
  readonly nv: number;
  readonly m: Box;
  readonly n: Box;
  readonly k: Box;
  /** Parts into which the sum is divided, each computed by its own items. */
  readonly splits: number;
}

/** Pieces of work below which more of them would not help the threads. */
const wantedItems = 8;

/**
 * Goto and van de Geijn's blocked matrix product (2008): blocks of both operands are packed into the thread's scratch
 * memory, where register tiles of mr × nv vectors are accumulated; the block of results then passes through the
 * epilogue. Operands come as element expressions, so convolutions and transposed products are the same kernel.
 */
export function lowerContraction(group: Group, stored: ReadonlySet<Value>, target: Target): KernelCall[] {
  const draft = new Draft();
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
  const tiling = chooseTiling(spec, byteSize(dtype), target);
  const { lanes, mr, nv, m, n, k, splits } = tiling;
  const nr = nv * lanes;

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

  const width = roundUp(n.capacity, nr) + (n.capacity > 2 * nr ? lanes : 0);
  const height = roundUp(m.capacity, mr);
  const depth = k.capacity + lanes;
  const alongK = lhsRunsAlongK(draft, spec, m, k);
  const a = draft.scratch(dtype, alongK ? height * depth : k.capacity * (height + lanes));
  const bPack = draft.scratch(dtype, k.capacity * width);
  const c = draft.scratch(dtype, height * width);
  const aIndex = (row: Expr, step: Expr): Expr =>
    alongK ? b.add(b.mul(row, b.index(depth)), step) : b.add(b.mul(step, b.index(height + lanes)), row);

  const perSplit = Math.ceil(k.blocks / splits);
  const oneBlock = perSplit === 1;
  const kb = b.counter("kb", k.blocks);
  const kBlock = blockAt(b, k, b.ref(kb));
  const inBlock: Stmt[] = [];
  {
    const rows = blockLoops(b, "m", m, mBlock);
    const steps = blockLoops(b, "k", k, kBlock);
    const value = b.cast(spec.lhs(batch, rows.index, steps.index), type);
    const store: Stmt = { kind: "store", buffer: a, index: aIndex(rows.position, steps.position), value };
    inBlock.push(...(alongK ? rows.wrap(steps.wrap([store], true), false) : steps.wrap(rows.wrap([store], true), false)));
  }
  {
    const columns = blockLoops(b, "n", n, nBlock);
    const steps = blockLoops(b, "k", k, kBlock);
    const value = b.cast(spec.rhs(batch, steps.index, columns.index), type);
    const index = b.add(b.mul(steps.position, b.index(width)), columns.position);
    inBlock.push(...steps.wrap(columns.wrap([{ kind: "store", buffer: bPack, index, value }], true), false));
  }
  inBlock.push(...registerTiles());
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
  const result = b.cast(draft.load(c, b.add(b.mul(rows.position, b.index(width)), columns.position)), type);
  sum.result = result;
  const index = spec.out(batch, rows.index, columns.index);
  const name = groupName(group);
  if (splits === 1) {
    const stores = group.stored.map((v) => draft.store(v, index, reader.read(v, index)));
    body.push(...rows.wrap(columns.wrap(stores, true), false));
    return [draft.call(name, item, body, items)];
  }
  const partial: Temporary = { shape: [splits, ...root.shape], dtype: root.dtype, temporary: true };
  body.push(...rows.wrap(columns.wrap([draft.store(partial, [split, ...index], result)], true), false));
  return [draft.call(`${name}-part`, item, body, items), lowerMap(group, stored, sumOfParts(root, partial))];

  function zeroed(): Stmt[] {
    const at = b.counter("z", height * width);
    const zero: Stmt = { kind: "store", buffer: c, index: b.ref(at), value: b.const(0, type) };
    return [{ kind: "for", variable: at, begin: b.index(0), end: b.index(height * width), step: 1, body: [zero], vectorize: true }];
  }

  function registerTiles(): Stmt[] {
    const jt = b.counter("jt", Math.ceil(n.capacity / nr));
    const it = b.counter("it", Math.ceil(m.capacity / mr));
    const kk = b.counter("kk", k.capacity);
    const row0 = b.mul(b.ref(it), b.index(mr));
    const column0 = b.mul(b.ref(jt), b.index(nr));
    const zero = b.splat(b.const(0, type), lanes);
    const start: Stmt[] = [];
    const step: Stmt[] = [];
    const finish: Stmt[] = [];
    const right = Array.from({ length: nv }, (_, j) => {
      const at = b.add(b.add(b.mul(b.ref(kk), b.index(width)), column0), b.index(j * lanes));
      const variable = b.variable(`b${j}`, type, lanes);
      step.push({ kind: "let", variable, value: b.load(bPack, dtype, at, lanes) });
      return b.ref(variable);
    });
    for (let i = 0; i < mr; i++) {
      const row = b.add(row0, b.index(i));
      const left = b.splat(b.load(a, dtype, aIndex(row, b.ref(kk))), lanes);
      const leftVariable = b.variable(`a${i}`, type, lanes);
      step.push({ kind: "let", variable: leftVariable, value: left });
      for (let j = 0; j < nv; j++) {
        const at = b.add(b.add(b.mul(row, b.index(width)), column0), b.index(j * lanes));
        const variable = b.variable(`c${i}_${j}`, type, lanes);
        start.push({ kind: "mutable", variable, value: oneBlock ? zero : b.load(c, dtype, at, lanes) });
        const [x, y, partial] = [b.ref(leftVariable), right[j] ?? zero, b.ref(variable)];
        step.push({ kind: "assign", variable, value: isFloat(dtype) ? b.op("fma", x, y, partial) : b.add(b.mul(x, y), partial) });
        finish.push({ kind: "store", buffer: c, index: at, value: b.ref(variable) });
      }
    }
    const steps: Stmt = { kind: "for", variable: kk, begin: b.index(0), end: kBlock.count, step: 1, body: step, vectorize: false };
    const tile = [...start, steps, ...finish];
    const tiles = (variable: typeof it, count: Expr, size: number, inner: readonly Stmt[]): Stmt => ({
      kind: "for",
      variable,
      begin: b.index(0),
      end: b.div(b.add(count, b.index(size - 1)), b.index(size)),
      step: 1,
      body: inner,
      vectorize: false,
    });
    return [tiles(jt, nBlock.count, nr, [tiles(it, mBlock.count, mr, tile)])];
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

/** Whether the left operand's elements along k are neighbours in memory. */
function lhsRunsAlongK(draft: Draft, spec: Contraction, m: Box, k: Box): boolean {
  const { b } = draft;
  const vars = (name: string, sizes: readonly number[]): Expr[] => sizes.map((size, i) => (size === 1 ? b.index(0) : b.ref(b.counter(`${name}${i}`, size))));
  const [bi, mi, ki] = [vars("b", spec.batch), vars("m", m.sizes), vars("k", k.sizes)];
  const last = (list: readonly Expr[]): Expr | undefined => [...list].reverse().find((e) => e.kind === "var");
  const [lastM, lastK] = [last(mi), last(ki)];
  for (const e of allExprs([spec.lhs(bi, mi, ki)])) {
    if (e.kind !== "load") continue;
    if (lastK?.kind === "var" && factorOf(b, e.index, lastK.variable) === 1) return true;
    if (lastM?.kind === "var" && factorOf(b, e.index, lastM.variable) === 1) return false;
  }
  return true;
}

function roundUp(x: number, to: number): number {
  return Math.ceil(x / to) * to;
}

function chooseTiling(spec: Contraction, bytes: number, target: Target): Tiling {
  const lanes = Math.max(1, Math.floor(target.vectorBytes / bytes));
  const [M, N, K] = [sizeOf(spec.m), sizeOf(spec.n), sizeOf(spec.k)];
  const nv = N > lanes ? 2 : 1;
  const most = Math.min(16, Math.floor((target.vectorRegisters - nv - 2) / nv));
  // Tiles across M, each mr·nv multiply-adds a step and about three instructions beside them.
  const time = (rows: number): number => Math.ceil(M / rows) * (rows * nv + 3);
  let mr = Math.min(M, most);
  for (let candidate = mr - 1; candidate > 0; candidate--) if (time(candidate) < time(mr)) mr = candidate;
  const nr = nv * lanes;
  // Half of a way of each cache: a strip of both tiles in L1, the blocks of A, B and C in L2.
  const kLimit = Math.max(16, roundUp(Math.floor(target.l1Bytes / 2 / bytes / nr), 16));
  let nLimit = Math.max(nr, Math.floor((target.l2Bytes * 3) / 8 / bytes / kLimit / nr) * nr);
  let mLimit = Math.max(mr, Math.floor(nLimit / 2 / mr) * mr);
  const k = makeBox(spec.k, kLimit);
  const flops = 2 * sizeOf(spec.batch) * M * N * K;
  const items = (): number => sizeOf(spec.batch) * makeBox(spec.m, mLimit, mr).blocks * makeBox(spec.n, nLimit, nr).blocks;
  const enough = (): boolean => flops / items() <= (items() < wantedItems ? 4e6 : items() < 2 * wantedItems ? 64e6 : Infinity);
  while (!enough()) {
    const [nCan, mCan] = [Math.min(nLimit, roundUp(N, nr)) > 2 * nr, Math.min(mLimit, roundUp(M, mr)) > 2 * mr];
    if (!nCan && !mCan) break;
    if (nCan && (Math.min(nLimit, N) >= Math.min(mLimit, M) || !mCan)) nLimit = roundUp(Math.floor(Math.min(nLimit, roundUp(N, nr)) / 2), nr);
    else mLimit = roundUp(Math.floor(Math.min(mLimit, roundUp(M, mr)) / 2), mr);
  }
  let splits = 1;
  if (items() < wantedItems && k.blocks > 1 && flops / items() > 4e6) splits = Math.min(k.blocks, Math.ceil(wantedItems / items()));
  splits = Math.ceil(k.blocks / Math.ceil(k.blocks / splits));
  return { lanes, mr, nv, m: makeBox(spec.m, mLimit, mr), n: makeBox(spec.n, nLimit, nr), k, splits };
}

