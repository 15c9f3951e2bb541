import { byteSize, dtypeInfo, isFloat } from "../core/dtype.js";
import { sizeOf, type Shape } from "../core/shape.js";
import { isLeaf, type Value } from "../ir/graph.js";
import type { ComputeType, Expr, FoldOp, Stmt, Variable } from "../ir/loop.js";
import { Draft, identityOf, type KernelCall, type Stored } from "./draft.js";
import { factorOf, loopNest, nestLoops } from "./loops.js";
import { computeThenStore, groupName, memoryReader } from "./lower-map.js";
import type { Machine, RowLanes } from "./machine.js";
import type { Group } from "./partition.js";
import { flatIndex, type Reader, type Source } from "./reader.js";
import type { Target } from "./target.js";
import { allExprs } from "./walk.js";

/**
 * Sums longer than this are added block by block, the blocks' sums with a compensation for the lost digits (Kahan, 1965),
 * so that the error does not grow with the number of terms.
 */
const sumBlock = { alongVectors: 512, oneByOne: 64 };

/** Rows that one item covers when neighbouring rows share a vector. */
const rowBlock = 64;

/** Rows of fewer elements are no work for a vector of their own. */
const shortRow = 16;

interface Reduction {
  readonly value: Value;
  readonly fold: FoldOp;
  readonly extents: readonly number[];
  element(index: readonly Expr[], reduced: readonly Expr[]): Expr;
}

/** Reductions with one result a row, then everything that is computed from them along the row: one pass over each row. */
export function lowerRows(group: Group, stored: Stored, target: Target, { rowLanes }: Machine): KernelCall {
  const draft = new Draft(stored);
  const { b } = draft;
  // The rows follow the memory that is written.
  const order = orderOfRows(draft, group);
  const rows = order.map((axis) => group.space[axis] ?? 1);
  const locals = new Map<Value, Expr>();
  const kept = new Map<Value, Kept>();
  const reader: Reader = memoryReader(draft, group, stored, (value) => keptSource(draft, group, value, kept.get(value), reader) ?? localSource(group, value, locals));
  const stages = reductionStages(draft, reader, group);
  const neighbours = rowsShareVectors(group, stored, stages);
  const across = neighbours && !rowLanes;
  const vectorize = !across && !rowLanes;
  const lanes = rowLanes?.(b, Math.max(...stages.flat().map(({ extents }) => sizeOf(extents))), sizeOf(group.space), neighbours, target);
  if (vectorize || lanes) {
    const costly = costlyTwice(group, stages);
    for (const value of lanes?.fitting(costly, (v) => byteSize(v.dtype) * sizeOf(columnsOf(group, v))) ?? costly) kept.set(value, { value, reads: [] });
  }
  const lastSize = rows[rows.length - 1] ?? 1;
  const outerRows = across ? sizeOf(rows.slice(0, -1)) : sizeOf(rows);
  const blocks = across ? Math.ceil(lastSize / rowBlock) : 1;
  const item = b.counter("item", outerRows * blocks);
  const rowNumber = b.div(b.ref(item), b.index(blocks));
  const inner = b.counter("row", lastSize);
  const ordered = indexOfRow(draft, across ? rows.slice(0, -1) : rows, rowNumber);
  if (across) ordered.push(lastSize === 1 ? b.index(0) : b.ref(inner));
  const rowIndex = group.space.map((_, axis) => ordered[order.indexOf(axis)] ?? b.index(0));

  const body: Stmt[] = [];
  for (const stage of stages) {
    let keeps = false;
    body.push(...emitStage(draft, stage, rowIndex, locals, vectorize, lanes, (columns) => {
      const stores = keep(draft, group, reader, kept.values(), columns, lanes);
      keeps ||= stores.length > 0;
      return stores;
    }));
    if (lanes && keeps) body.push({ kind: "barrier" });
  }
  const results = group.stored.filter((v) => locals.has(v) || (group.rowAxes.get(v)?.length ?? 0) === v.shape.length);
  const indexInRow = (v: Value): readonly Expr[] => {
    const axes = group.rowAxes.get(v);
    return axes ? v.shape.map((_, axis) => rowIndex[axes.indexOf(axis)] ?? b.index(0)) : rowIndex;
  };
  const storesOfRow = computeThenStore(draft, results, indexInRow, reader);
  if (!lanes) body.push(...storesOfRow);
  else if (storesOfRow.length > 0) body.push({ kind: "if", condition: b.eq(b.ref(lanes.lane), b.index(0)), then: storesOfRow, otherwise: [] });
  for (const together of sameColumns(group, group.stored.filter((v) => !results.includes(v)))) {
    const place = (columns: readonly Expr[], v: Value): Expr[] => rowAndColumns(draft, group, v, rowIndex, columns);
    const [first] = together;
    const columns = first ? first.shape.filter((_, axis) => !group.rowAxes.get(first)?.includes(axis)) : [];
    const nest = loopNest(b, "c", columns, (c) =>
      together.flatMap((v) => [reader.read(v, place(c, v)), draft.address(v, place(c, v))]),
    );
    const stores = computeThenStore(draft, together, (v) => place(nest.index, v), reader);
    body.push(...(lanes ? lanes.loops(nest, stores) : nestLoops(b, nest, stores, vectorize)));
  }
  if (!across) return draft.call(groupName(group), item, body, outerRows, lanes);
  const begin = b.mul(b.rem(b.ref(item), b.index(blocks)), b.index(rowBlock));
  const end = b.add(begin, b.min(b.index(rowBlock), b.sub(b.index(lastSize), begin)));
  const loop: Stmt = { kind: "for", variable: inner, begin, end, step: 1, body, vectorize: true };
  return draft.call(groupName(group), item, [loop], outerRows * blocks);
}

/** A member that costs much and is read by several loops of a row: the first of them keeps it in the thread's or the group's memory. */
interface Kept {
  readonly value: Value;
  /** Where the loop that is being written reads it. */
  reads: (readonly Expr[])[];
  /** Where it was kept, and the row that it was kept for. */
  slot?: number;
  row?: readonly Expr[];
}

/** Elements of a row that fit the caches close to the processor. */
const longestKept = 32_768;

/** Members that more than one stage, or a stage and what follows, computes from scratch. */
function costlyTwice(group: Group, stages: readonly (readonly Reduction[])[]): Value[] {
  const loops = new Map<Value, number>();
  const count = (roots: readonly Value[]): void => {
    const seen = new Set<Value>();
    const visit = (value: Value): void => {
      if (seen.has(value) || isLeaf(value) || value.node.op.lower.kind !== "map") return;
      seen.add(value);
      value.node.inputs.forEach(visit);
    };
    roots.forEach(visit);
    for (const value of seen) loops.set(value, (loops.get(value) ?? 0) + 1);
  };
  for (const stage of stages) count(stage.flatMap((r) => r.value.node.inputs));
  count(group.stored);
  return group.members.filter((value) => {
    const { lower } = value.node.op;
    const axes = group.rowAxes.get(value);
    if (lower.kind !== "map" || (lower.cost ?? 1) <= 8 || value.dtype !== typeOf(value) || !axes || axes.length === value.shape.length) return false;
    return (loops.get(value) ?? 0) > 1 && sizeOf(columnsOf(group, value)) <= longestKept;
  });
}

function columnsOf(group: Group, value: Value): Shape {
  const axes = group.rowAxes.get(value) ?? [];
  return value.shape.filter((_, axis) => !axes.includes(axis));
}

function keptSource(draft: Draft, group: Group, value: Value, kept: Kept | undefined, reader: Reader): Source | undefined {
  if (!kept) return undefined;
  const axes = group.rowAxes.get(value) ?? [];
  return (index) => {
    const row = axes.map((axis) => index[axis]);
    const { slot } = kept;
    if (slot !== undefined && kept.row?.every((e, i) => e === row[i])) {
      return draft.load(slot, flatIndex(draft.b, columnsOf(group, value), index.filter((_, axis) => !axes.includes(axis))));
    }
    kept.reads.push(index);
    return reader.element(value, index);
  };
}

/** Stores to the thread's or the group's memory what the loop at `columns` computes of the members to be kept. */
function keep(draft: Draft, group: Group, reader: Reader, kept: Iterable<Kept>, columns: readonly Expr[], lanes: RowLanes | undefined): Stmt[] {
  const stmts: Stmt[] = [];
  for (const member of kept) {
    const { value, reads, slot } = member;
    const axes = group.rowAxes.get(value) ?? [];
    const columnsAt = (index: readonly Expr[]): readonly Expr[] => index.filter((_, axis) => !axes.includes(axis));
    const here = reads.find((index) => columnsAt(index).length === columns.length && columnsAt(index).every((e, i) => e === columns[i]));
    member.reads = [];
    if (slot !== undefined || !here) continue;
    const made = draft.b.variable("kept", typeOf(value));
    stmts.push({ kind: "let", variable: made, value: reader.read(value, here) });
    const size = sizeOf(columnsOf(group, value));
    member.slot = lanes ? draft.shared(value.dtype, size) : draft.scratch(value.dtype, size);
    member.row = axes.map((axis) => here[axis] ?? draft.b.index(0));
    stmts.push({ kind: "store", buffer: member.slot, index: flatIndex(draft.b, columnsOf(group, value), columns), value: draft.b.ref(made) });
  }
  return stmts;
}
/** Members that share loops: the same columns in the same order. */
function sameColumns(group: Group, values: readonly Value[]): Value[][] {
  const by = new Map<string, Value[]>();
  for (const v of values) {
    const columns = v.shape.filter((_, axis) => !group.rowAxes.get(v)?.includes(axis));
    const key = columns.join();
    by.set(key, [...(by.get(key) ?? []), v]);
  }
  return [...by.values()];
}

function rowAndColumns(draft: Draft, group: Group, v: Value, row: readonly Expr[], columns: readonly Expr[]): Expr[] {
  const axes = group.rowAxes.get(v) ?? [];
  let column = 0;
  return v.shape.map((_, axis) => {
    const at = axes.indexOf(axis);
    return (at >= 0 ? row[at] : columns[column++]) ?? draft.b.index(0);
  });
}

function localSource(group: Group, value: Value, locals: ReadonlyMap<Value, Expr>): Source | undefined {
  if (value.node.op.lower.kind !== "reduce" || !group.members.includes(value)) return undefined;
  return () => {
    const local = locals.get(value);
    if (!local) throw new TypeError(`[${value.node.op.name}] is read before it is reduced`);
    return local;
  };
}

/** The axes of the rows in the order in which the first result with one number a row lies in memory. */
function orderOfRows(draft: Draft, group: Group): readonly number[] {
  for (const v of group.stored) {
    const axes = group.rowAxes.get(v) ?? v.shape.map((_, axis) => axis);
    if (axes.length === v.shape.length) return draft.orderOf(v).map((axis) => axes.indexOf(axis));
  }
  return group.space.map((_, axis) => axis);
}

function indexOfRow(draft: Draft, rows: Shape, number: Expr): Expr[] {
  const { b } = draft;
  const index: Expr[] = [];
  let below = 1;
  for (let axis = rows.length - 1; axis >= 0; axis--) {
    const size = rows[axis] ?? 1;
    const outer = b.div(number, b.index(below));
    index.unshift(size === 1 ? b.index(0) : axis === 0 ? outer : b.rem(outer, b.index(size)));
    below *= size;
  }
  return index;
}

/** Reductions in the order in which they can be computed; those of one stage and size share their loops. */
function reductionStages(draft: Draft, reader: Reader, group: Group): Reduction[][] {
  const levels = new Map<Value, number>();
  const levelOf = (value: Value, seen: Map<Value, number>): number => {
    const known = levels.get(value) ?? seen.get(value);
    if (known !== undefined) return known;
    let level = 0;
    if (!isLeaf(value)) {
      for (const v of value.node.inputs) level = Math.max(level, levels.has(v) ? (levels.get(v) ?? 0) + 1 : levelOf(v, seen));
    }
    seen.set(value, level);
    return level;
  };
  const stages = new Map<string, Reduction[]>();
  for (const value of group.members) {
    const { node } = value;
    const { lower } = node.op;
    if (lower.kind !== "reduce") continue;
    const level = Math.max(0, ...node.inputs.map((v) => (levels.has(v) ? (levels.get(v) ?? 0) + 1 : levelOf(v, new Map()))));
    levels.set(value, level);
    const extents = lower.extents(node.inputs, node.attrs);
    const reduction: Reduction = {
      value,
      fold: lower.fold(node.attrs),
      extents,
      element: (index, reduced) => lower.element(draft.b, reader.context(value), index, reduced),
    };
    const key = `${String(level).padStart(6, "0")}:${extents.join()}`;
    stages.set(key, [...(stages.get(key) ?? []), reduction]);
  }
  return [...stages].sort(([a], [c]) => (a < c ? -1 : 1)).map(([, list]) => list);
}

/**
 * True where a vector should hold one number of several rows: neighbouring rows lie next to each other in memory, or
 * rows are too short to be vectors themselves.
 */
function rowsShareVectors(group: Group, stored: Stored, stages: readonly Reduction[][]): boolean {
  const lastRow = orderOfRows(new Draft(stored), group).at(-1) ?? 0;
  if ((group.space[lastRow] ?? 1) < 4) return false;
  const draft = new Draft(stored);
  const { b } = draft;
  const reader = memoryReader(draft, group, stored, (value) =>
    value.node.op.lower.kind === "reduce" && group.members.includes(value) ? (): Expr => b.const(0, typeOf(value)) : undefined,
  );
  const row = group.space.map((size, axis) => (size === 1 ? b.index(0) : b.ref(b.counter(`row${axis}`, size))));
  const inner = row[lastRow];
  if (inner?.kind !== "var") return false;
  let along = 0;
  let acrossRows = 0;
  const short = stages.flat().every((reduction) => sizeOf(reduction.extents) < shortRow);
  for (const reduction of stages.flat()) {
    const { node } = reduction.value;
    const reduced = reduction.extents.map((size, axis) => (size === 1 ? b.index(0) : b.ref(b.counter(`r${axis}`, size))));
    if (node.op.lower.kind !== "reduce") continue;
    const element = node.op.lower.element(b, reader.context(reduction.value), row, reduced);
    const innermost = [...reduced].reverse().find((e) => e.kind === "var");
    for (const e of allExprs([element])) {
      if (e.kind !== "load") continue;
      if (factorOf(b, e.index, inner.variable) === 1) acrossRows++;
      if (innermost?.kind === "var" && factorOf(b, e.index, innermost.variable) === 1) along++;
    }
  }
  if (acrossRows <= along && !short) return false;
  return group.stored.every((v) => {
    const axes = group.rowAxes.get(v);
    return !axes || axes[lastRow] === draft.orderOf(v).at(-1);
  });
}

function typeOf(value: Value): ComputeType {
  return dtypeInfo[value.dtype].compute;
}

function emitStage(
  draft: Draft,
  stage: readonly Reduction[],
  row: readonly Expr[],
  locals: Map<Value, Expr>,
  vectorize: boolean,
  lanes: RowLanes | undefined,
  keepAt: (columns: readonly Expr[]) => Stmt[],
): Stmt[] {
  const { b } = draft;
  const block = vectorize ? sumBlock.alongVectors : sumBlock.oneByOne;
  const extents = stage[0]?.extents ?? [];
  const nest = loopNest(b, "r", extents, (reduced) => stage.map((r) => r.element(row, reduced)));
  const totals = stage.map((r) => draft.mutable("acc", typeOf(r.value), identityOf(b, r.fold, r.value.dtype)));
  const stmts: Stmt[] = totals.map((t) => t.stmt);
  const last = nest.sizes.length - 1;
  const compensated = stage.map((r) => r.fold === "add" && isFloat(r.value.dtype) && sizeOf(extents) > 2 * block * (lanes?.size ?? 1));
  if (!compensated.some(Boolean)) {
    const adds = stage.map((r, k): Stmt => accumulate(totals[k], r, r.element(row, nest.index)));
    const body = [...keepAt(nest.index), ...adds];
    stmts.push(...(lanes ? lanes.loops(nest, body) : nestLoops(b, nest, body, vectorize)));
  } else {
    const losses = stage.map((r) => draft.mutable("loss", typeOf(r.value), b.const(0, typeOf(r.value))));
    stmts.push(...losses.filter((_, k) => compensated[k]).map((l) => l.stmt));
    const partials = stage.map((r) => draft.mutable("part", typeOf(r.value), b.const(0, typeOf(r.value))));
    const adds = stage.map((r, k) => accumulate(compensated[k] ? partials[k] : totals[k], r, r.element(row, nest.index)));
    const body = [...keepAt(nest.index), ...adds];
    let split = nest.sizes.length;
    let inside = 1;
    while (split > 0 && inside * (nest.sizes[split - 1] ?? 1) <= 2 * block) inside *= nest.sizes[--split] ?? 1;
    const begin: Stmt[] = partials.filter((_, k) => compensated[k]).map((p) => p.stmt);
    const inner = { sizes: nest.sizes.slice(split), variables: nest.variables.slice(split), index: [] };
    const outer = { sizes: nest.sizes.slice(0, split), variables: nest.variables.slice(0, split), index: [] };
    const merges = stage.flatMap((r, k): Stmt[] => {
      const [total, loss, part] = [totals[k], losses[k], partials[k]];
      if (!compensated[k] || !total || !loss || !part) return [];
      const type = typeOf(r.value);
      const [y, sum] = [b.variable("y", type), b.variable("sum", type)];
      const [s, t] = [b.ref(total.variable), b.ref(sum)];
      return [
        { kind: "let", variable: y, value: b.sub(b.ref(part.variable), b.ref(loss.variable)) },
        { kind: "let", variable: sum, value: b.add(s, b.ref(y)) },
        // An infinite sum has no digits to keep, and infinity minus infinity would make it NaN.
        { kind: "assign", variable: loss.variable, value: finiteOrZero(draft, b.sub(b.sub(t, s), b.ref(y))) },
        { kind: "assign", variable: total.variable, value: t },
      ];
    });
    const variable = nest.variables[last];
    if (lanes) stmts.push(lanes.blocks(nest, block, (loop) => [...begin, loop, ...merges], body));
    else if (split < nest.sizes.length || !variable) {
      stmts.push(...nestLoops(b, outer, [...begin, ...nestLoops(b, inner, body, vectorize), ...merges], false));
    } else {
      const size = nest.sizes[last] ?? 1;
      const start = b.counter("block", size);
      const length = size % block === 0 ? b.index(block) : b.min(b.index(block), b.sub(b.index(size), b.ref(start)));
      const end = b.add(b.ref(start), length);
      const blocked: Stmt = {
        kind: "for",
        variable: start,
        begin: b.index(0),
        end: b.index(size),
        step: block,
        body: [...begin, { kind: "for", variable, begin: b.ref(start), end, step: 1, body, vectorize }, ...merges],
        vectorize: false,
      };
      const around = { sizes: nest.sizes.slice(0, last), variables: nest.variables.slice(0, last), index: [] };
      stmts.push(...nestLoops(b, around, [blocked], false));
    }
  }
  stage.forEach((r, k) => {
    const total = totals[k];
    if (!total) return;
    if (lanes) stmts.push({ kind: "combine", variable: total.variable, op: r.fold });
    const result = b.variable("result", typeOf(r.value));
    stmts.push({ kind: "let", variable: result, value: b.ref(total.variable) });
    locals.set(r.value, b.ref(result));
  });
  return stmts;
}

function finiteOrZero(draft: Draft, e: Expr): Expr {
  const { b } = draft;
  return b.select(b.eq(b.sub(e, e), b.const(0, e.type)), e, b.const(0, e.type));
}

function accumulate(into: { readonly variable: Variable } | undefined, r: Reduction, value: Expr): Stmt {
  if (!into) throw new TypeError("a reduction has an accumulator");
  return { kind: "accumulate", variable: into.variable, op: r.fold, value };
}
