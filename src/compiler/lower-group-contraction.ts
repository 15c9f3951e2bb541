import { byteSize, dtypeInfo, isFloat } from "../core/dtype.js";
import { sizeOf } from "../core/shape.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Contraction, Value } from "../ir/graph.js";
import type { Expr, Stmt, Variable } from "../ir/loop.js";
import { range } from "../ops/indexing.js";
import { addProduct, addProducts, LaneTile, lanesOf } from "../ops/lane-tile.js";
import { columnsAreFar, swapped } from "./contraction-spec.js";
import { Draft, type KernelCall, type Stored, type Temporary } from "./draft.js";
import { chooseTile } from "./group-tiles.js";
import { isHalf } from "./is-half.js";
import { factorOf } from "./loops.js";
import { computeThenStore, type Given, groupName, lowerMap, memoryReader } from "./lower-map.js";
import type { Group } from "./partition.js";
import { counters, unflatten } from "./reader.js";
import type { GroupTarget, GroupTile, Target } from "./target.js";
import { allExprs } from "./walk.js";

/** What sums are added in. */
type SumType = "float32" | "float64" | "int32" | "uint32";

/** Groups from which on a machine has enough to do without the sums being divided. */
const wantedGroups = 128;
/** Terms that a part of a divided sum has at least, and of which it is a multiple, so that every tile meets its end. */
const shortestPart = 512;
const partUnit = 64;
const mostParts = 64;

/** Sums longer than two chunks are added chunk by chunk; from so many chunks on with compensation (Kahan, 1965). */
const chunk = 2048;
const manyChunks = 16;

/**
 * A contraction as tiles of results, one for each group of invocations. A few steps of both operands at a time are brought
 * into shared memory, from where each invocation adds to a block of results in its registers. Every result is the sum over
 * ascending steps, whatever the tile. Operands come as element expressions: convolutions are the same kernel.
 */
export function lowerGroupContraction(group: Group, stored: Stored, target: Target, machine: GroupTarget): KernelCall[] {
  const draft = new Draft(stored);
  const { b } = draft;
  const [root] = group.members;
  const lower = root?.node.op.lower;
  if (!root || lower?.kind !== "contraction") throw new TypeError("a contraction group starts with its contraction");
  const { compute } = dtypeInfo[root.dtype];
  const type = compute === "bool" ? "int32" : compute;
  const sum = b.variable("sum", compute);
  const reader = memoryReader(draft, group, stored, (v) => (v === root ? (): Expr => b.ref(sum) : undefined));
  const given = lower.spec(b, reader.context(root));
  // Neighbouring columns are neighbours in memory, as are neighbouring lanes.
  const spec = columnsAreFar(draft, root, given) ? swapped(given) : given;
  const [M, N, K] = [sizeOf(spec.m), sizeOf(spec.n), sizeOf(spec.k)];
  const { splits, perSplit } = divide(sizeOf(spec.batch), M, N, K);
  const chunks = perSplit > 2 * chunk ? Math.ceil(perSplit / chunk) : 1;
  const tile = chooseTile(sizeOf(spec.batch) * splits, M, N, chunks > 1, machine, byteSize(type));
  const steps = Math.max(1, Math.min(tile.steps, K));
  const size = lanesOf(tile);

  const [mBlocks, nBlocks] = [Math.ceil(M / tile.rows), Math.ceil(N / tile.columns)];
  const items = sizeOf(spec.batch) * splits * mBlocks * nBlocks;
  const item = b.counter("item", items);
  const lane = b.counter("lane", size);
  const outer = unflatten(b, [...spec.batch, splits, nBlocks, mBlocks], b.ref(item));
  const [mBlock = b.index(0), nBlock = b.index(0), split = b.index(0)] = outer.splice(-3).reverse();
  const batch = outer;
  const [m0, n0] = [b.mul(mBlock, b.index(tile.rows)), b.mul(nBlock, b.index(tile.columns))];
  const lanes = new LaneTile(b, tile, b.ref(lane));

  const lhs = (own: Expr, step: Expr): Expr => spec.lhs(batch, unflatten(b, spec.m, own), unflatten(b, spec.k, step));
  const rhs = (own: Expr, step: Expr): Expr => spec.rhs(batch, unflatten(b, spec.k, step), unflatten(b, spec.n, own));
  const sums = new Sums(draft, type, tile, chunks);
  const k0 = b.variable("k", "index", 1, 0, Math.max(0, Math.ceil(K / steps) - 1) * steps);
  const blocks = tile.steps === 0 ? productsInPlace() : productsOfShared();
  const first = b.mul(split, b.index(perSplit));
  const last = splits * perSplit === K ? b.add(first, b.index(perSplit)) : b.min(b.add(first, b.index(perSplit)), b.index(K));
  const over = (begin: Expr, end: Expr): Stmt => ({ kind: "for", variable: k0, begin, end, step: steps, body: blocks, vectorize: false });
  const body = sums.wrap(over, first, last, K);

  // The results pass through memory of the invocation's own, so that what follows is written once, in loops.
  const results = draft.scratch(type, tile.laneRows * tile.laneColumns);
  sums.results.forEach((value, at) => body.push({ kind: "store", buffer: results, index: b.index(at), value }));
  const [i, j] = [b.counter("i", tile.laneRows), b.counter("j", tile.laneColumns)];
  const m = b.add(b.add(m0, lanes.row(0)), b.ref(i));
  const n = b.add(b.add(n0, lanes.column(0)), b.mul(b.ref(j), b.index(lanes.across)));
  const result = draft.load(results, b.add(b.mul(b.ref(i), b.index(tile.laneColumns)), b.ref(j)));
  const index = spec.out(batch, unflatten(b, spec.m, m), unflatten(b, spec.n, n));
  const named: Stmt = { kind: "let", variable: sum, value: b.cast(result, sum.type) };
  const partial: Temporary = { shape: [splits, ...root.shape], dtype: type, temporary: true };
  const stores = splits === 1 ? computeThenStore(draft, group.stored, () => index, reader) : [draft.store(partial, [split, ...index], b.cast(b.ref(sum), type))];
  const inside = b.and(b.lt(m, b.index(M)), b.lt(n, b.index(N)));
  const write: Stmt[] = [named, ...stores];
  const each: readonly Stmt[] = inside.kind === "const" ? write : [{ kind: "if", condition: inside, then: write, otherwise: [] }];
  const overColumns: Stmt = { kind: "for", variable: j, begin: b.index(0), end: b.index(tile.laneColumns), step: 1, body: each, vectorize: false };
  body.push({ kind: "for", variable: i, begin: b.index(0), end: b.index(tile.laneRows), step: 1, body: [overColumns], vectorize: false });
  const name = groupName(group);
  if (splits === 1) return [draft.call(name, item, body, items, { size, lane })];
  return [draft.call(`${name}-part`, item, body, items, { size, lane }), lowerMap(group, stored, target, (own) => sumOfParts(own, root, partial))];

  /** The products of one step, of operands read where they lie; lanes beyond the result read what its last ones do. */
  function productsInPlace(): Stmt[] {
    const [lastRow, lastColumn] = [b.index(Math.max(0, M - 1)), b.index(Math.max(0, N - 1))];
    const left = (i: number): Expr => b.cast(lhs(b.min(b.add(m0, lanes.row(i)), lastRow), b.ref(k0)), type);
    const right = (j: number): Expr => b.cast(rhs(b.min(b.add(n0, lanes.column(j)), lastColumn), b.ref(k0)), type);
    return addProduct(b, sums.variables, left, right);
  }

  /** The products of some steps, whose operands the lanes bring into shared memory. */
  function productsOfShared(): Stmt[] {
    const side = (name: string, width: number, first: Expr, most: number, alongSteps: boolean, element: (own: Expr, step: Expr) => Expr): Side => {
      // Where lanes run along the steps, they store columns: an odd distance puts these into different banks.
      const stride = width + (alongSteps ? 1 : 0);
      const parts = range(Math.ceil((steps * width) / size)).map((part) => {
        const at = b.add(b.ref(lane), b.index(part * size));
        const [own, step] = alongSteps
          ? [b.div(at, b.index(steps)), b.rem(at, b.index(steps))]
          : [b.rem(at, b.index(width)), b.div(at, b.index(width))];
        const [place, k] = [b.add(first, own), b.add(b.ref(k0), step)];
        const inTile = b.lt(at, b.index(steps * width));
        const inside = b.and(inTile, b.and(b.lt(place, b.index(most)), b.lt(k, b.index(K))));
        const value = b.guard(inside, b.cast(element(place, k), type), b.const(0, type));
        return { inTile, index: b.add(b.mul(step, b.index(stride)), own), value, variable: b.variable(name, type) };
      });
      const halves = machine.halves && type === "float32" && parts.every(({ value }) => isHalf(value, (slot) => draft.dtypeOf(slot)));
      const buffer = draft.shared(halves ? "float16" : type, steps * stride);
      const values = parts.map(({ variable, value }): Stmt => ({ kind: "let", variable, value }));
      const stores = parts.map(({ inTile, index, variable }): Stmt => {
        const store: Stmt = { kind: "store", buffer, index, value: b.ref(variable) };
        return inTile.kind === "const" ? store : { kind: "if", condition: inTile, then: [store], otherwise: [] };
      });
      return { buffer, stride, values, stores };
    };
    const left = side("a", tile.rows, m0, M, runsAlongSteps(b, spec, "lhs"), lhs);
    const right = side("b", tile.columns, n0, N, runsAlongSteps(b, spec, "rhs"), rhs);

    const read = ({ buffer, stride }: Side, step: Expr, place: Expr): Expr => draft.load(buffer, b.add(b.mul(step, b.index(stride)), place));
    const products = addProducts(
      b,
      sums.variables,
      { count: K % steps === 0 ? b.index(steps) : b.min(b.index(steps), b.sub(b.index(K), b.ref(k0))), most: steps },
      (i, step) => read(left, step, lanes.row(i)),
      (j, step) => read(right, step, lanes.column(j)),
    );
    const barrier: Stmt = { kind: "barrier" };
    return [...left.values, ...right.values, ...left.stores, ...right.stores, barrier, products, ...(perSplit > steps ? [barrier] : [])];
  }
}

/** How one operand comes into shared memory. */
interface Side {
  readonly buffer: number;
  /** Elements from one step to the next. */
  readonly stride: number;
  readonly values: readonly Stmt[];
  readonly stores: readonly Stmt[];
}

/** Parts of a sum that are computed apart, for shapes of too few results to occupy the machine. */
function divide(batch: number, M: number, N: number, K: number): { splits: number; perSplit: number } {
  const groups = batch * Math.ceil(M / 64) * Math.ceil(N / 64);
  const wanted = Math.max(1, Math.min(Math.ceil(wantedGroups / Math.max(1, groups)), Math.floor(K / shortestPart), mostParts));
  if (wanted === 1) return { splits: 1, perSplit: K };
  const perSplit = Math.ceil(K / wanted / partUnit) * partUnit;
  return { splits: Math.ceil(K / perSplit), perSplit };
}

/** The results of an invocation while they are added up. */
class Sums {
  readonly variables: readonly (readonly Variable[])[];
  readonly results: readonly Expr[];
  readonly #b: ExprBuilder;
  readonly #type: SumType;
  readonly #chunks: number;
  readonly #totals: readonly Variable[];
  readonly #lost: readonly Variable[];

  constructor({ b }: Draft, type: SumType, { laneRows, laneColumns }: GroupTile, chunks: number) {
    const named = (name: string): Variable[][] =>
      Array.from({ length: laneRows }, (_, i) => Array.from({ length: laneColumns }, (__, j) => b.variable(`${name}${i}_${j}`, type)));
    this.#b = b;
    this.#type = type;
    this.#chunks = chunks;
    this.variables = named("c");
    this.#totals = chunks > 1 ? named("total").flat() : [];
    this.#lost = isFloat(type) && chunks > manyChunks ? named("lost").flat() : [];
    this.results = (chunks > 1 ? this.#totals : this.variables.flat()).map((v) => b.ref(v));
  }

  /** The loop over the steps from `first` to `last`, chunk by chunk where there are several. */
  wrap(over: (begin: Expr, end: Expr) => Stmt, first: Expr, last: Expr, most: number): Stmt[] {
    const b = this.#b;
    const zero = (variable: Variable): Stmt => ({ kind: "mutable", variable, value: b.const(0, this.#type) });
    const sums = this.variables.flat();
    if (this.#chunks === 1) return [...sums.map(zero), over(first, last)];
    const start = b.counter("chunk", most);
    const end = b.min(b.add(b.ref(start), b.index(chunk)), last);
    const body = [...sums.map(zero), over(b.ref(start), end), ...sums.flatMap((v, k) => this.#add(v, k))];
    return [...[...this.#totals, ...this.#lost].map(zero), { kind: "for", variable: start, begin: first, end: last, step: chunk, body, vectorize: false }];
  }

  #add(sum: Variable, k: number): Stmt[] {
    const b = this.#b;
    const [total, lost] = [this.#totals[k], this.#lost[k]];
    if (!total) return [];
    if (!lost) return [{ kind: "accumulate", variable: total, op: "add", value: b.ref(sum) }];
    const [term, after] = [b.variable("term", this.#type), b.variable("after", this.#type)];
    const loss = b.sub(b.sub(b.ref(after), b.ref(total)), b.ref(term));
    return [
      { kind: "let", variable: term, value: b.sub(b.ref(sum), b.ref(lost)) },
      { kind: "let", variable: after, value: b.add(b.ref(total), b.ref(term)) },
      // An infinite sum has no digits to keep, and infinity minus infinity would make it NaN.
      { kind: "assign", variable: lost, value: b.select(b.eq(b.sub(loss, loss), b.const(0, this.#type)), loss, b.const(0, this.#type)) },
      { kind: "assign", variable: total, value: b.ref(after) },
    ];
  }
}

/** Whether an operand's neighbours in memory are neighbouring steps rather than neighbouring rows or columns. */
function runsAlongSteps(b: ExprBuilder, spec: Contraction, side: "lhs" | "rhs"): boolean {
  const [batch, steps] = [counters(b, "b", spec.batch), counters(b, "k", spec.k)];
  const sizes = side === "lhs" ? spec.m : spec.n;
  const own = counters(b, "o", sizes);
  const element = side === "lhs" ? spec.lhs(batch, own, steps) : spec.rhs(batch, steps, own);
  const loads = allExprs([element]).filter((e) => e.kind === "load");
  /** How many of 32 neighbours lie together. */
  const together = (list: readonly Expr[], extents: readonly number[]): number => {
    const axis = list.findLastIndex((e) => e.kind === "var");
    const last = list[axis];
    if (last?.kind !== "var") return 0;
    const near = loads.map((e) => (e.kind === "load" ? (factorOf(b, e.index, last.variable) ?? Infinity) : 0)).filter((f) => f !== 0);
    return near.length === 0 ? 0 : Math.min(32, extents[axis] ?? 1) / Math.min(...near.map(Math.abs));
  };
  return together(steps, spec.k) > together(own, sizes);
}

/** The sum of the parts of one result, in order. */
function sumOfParts(draft: Draft, root: Value, partial: Temporary): Given {
  const { b } = draft;
  const parts = partial.shape[0] ?? 1;
  const type = dtypeInfo[partial.dtype].compute;
  const [total, result, part] = [b.variable("total", type), b.variable("result", dtypeInfo[root.dtype].compute), b.counter("part", parts)];
  const read = draft.memory(partial);
  return {
    source: (v) => (v === root ? (): Expr => b.ref(result) : undefined),
    before: (index) => [
      { kind: "mutable", variable: total, value: b.const(0, type) },
      {
        kind: "for",
        variable: part,
        begin: b.index(0),
        end: b.index(parts),
        step: 1,
        body: [{ kind: "accumulate", variable: total, op: "add", value: read([b.ref(part), ...index]) }],
        vectorize: false,
      },
      { kind: "let", variable: result, value: b.cast(b.ref(total), result.type) },
    ],
  };
}
