import { sameShape, sizeOf, type Shape } from "../core/shape.js";
import { ExprBuilder } from "../ir/expr-builder.js";
import { isLeaf, type Graph, type Node, type Value } from "../ir/graph.js";
import type { Expr } from "../ir/loop.js";
import { memoryOf } from "./call.js";
import { scanPart } from "./scan-compiler.js";
import { counters, Reader } from "./reader.js";
import type { Target } from "./target.js";
import { allExprs } from "./walk.js";

/**
 * A set of values that one kernel computes. `map`: elements of one shape. `rows`: reductions with one result a row, and
 * what is computed from them along the rows. `contraction`: a sum of products and its elementwise epilogue. `loops`: an
 * operator with loops of its own. `scan`: a loop over a graph, which reads memory only.
 */
export interface Group {
  readonly kind: "map" | "rows" | "contraction" | "loops" | "scan";
  /** The space shared by all members: the shape of a map or contraction, the shape of the rows. */
  readonly space: Shape;
  /** In topological order. */
  readonly members: Value[];
  /** For rows: for each member that is not a reduction, the axes that are the rows; [] for one value per row is all axes. */
  readonly rowAxes: Map<Value, readonly number[]>;
  /** Members that somebody else needs: they are written to memory. */
  readonly stored: Value[];
}

/** One read of a materialized value by another. */
interface Access {
  readonly value: Value;
  readonly index: readonly Expr[];
}

/** How an atom reads others, in terms of its own counters. */
export interface AtomInfo {
  readonly accesses: readonly Access[];
  readonly index: readonly Expr[];
  readonly reduced: readonly Expr[];
  /** For a contraction: how each operand is read, in terms of counters over the operand. */
  readonly operands: readonly { readonly index: readonly Expr[]; readonly accesses: readonly Access[] }[];
  /** What must be computed before, though it is not read. */
  readonly after: readonly Value[];
}

/** Above this many scalar operations an element is rather stored than computed again. */
const recomputeCost = 6;

/** Above this many scalar operations an operand that is read behind a guard is stored. */
const guardedCost = 2;

/** Divides a graph into kernels, in an order in which they can run. */
export function partition(graph: Graph, order: readonly Node[], target: Target): { readonly groups: Group[]; readonly accesses: ReadonlyMap<Value, AtomInfo> } {
  const b = new ExprBuilder();
  const atoms = chooseAtoms(b, graph, order, target);
  const infos = new Map<Value, AtomInfo>();
  const isOrdered = order.some(({ op }) => op.lower.kind === "map" && op.lower.after === true);
  for (const atom of atoms) infos.set(atom, { ...accessesOf(b, atom, atoms), after: isOrdered ? atomsBefore(atom, atoms) : [] });
  return { groups: mergeAtoms(graph, atoms, infos, target), accesses: infos };
}

function isMovement(e: Expr): boolean {
  switch (e.kind) {
    case "load":
    case "const":
      return true;
    case "cast":
      return isMovement(e.arg);
    case "guard":
      return isMovement(e.value) && isMovement(e.other);
    default:
      return false;
  }
}

/** Scalar operations in an element's expression, index arithmetic aside. */
function costOf(e: Expr): number {
  let cost = 0;
  for (const part of allExprs([e])) {
    if (part.type === "index" || (part.kind !== "op" && part.kind !== "guard")) continue;
    cost += part.kind === "op" && (part.op === "div" || part.op === "sqrt") ? 4 : 1;
  }
  return cost;
}

/** Values that cannot be computed in place of a read, or should not be. */
function chooseAtoms(b: ExprBuilder, graph: Graph, order: readonly Node[], { group }: Target): Set<Value> {
  const atoms = new Set<Value>(graph.outputs.filter((v) => !isLeaf(v)));
  const users = new Map<Value, Node[]>();
  for (const node of order) for (const v of node.inputs) users.set(v, [...(users.get(v) ?? []), node]);
  const stop = (v: Value): ((index: readonly Expr[]) => Expr) | undefined =>
    isLeaf(v) || atoms.has(v) || v.node.op.lower.kind !== "map" ? (index) => fakeLoad(b, v, index) : undefined;
  const leaves = new LeafCount(atoms);
  for (const node of order) {
    const { lower } = node.op;
    if (lower.kind === "leaf") continue;
    // Memory of the program's own counts once.
    if (group) leaves.limit(node, group.buffers - node.outputs.length - 1);
    if (lower.kind !== "map") {
      node.outputs.forEach((v) => atoms.add(v));
      if (lower.kind === "reduce") continue;
      if (lower.kind === "scan") {
        const { consts, carries } = lower.loop(node.attrs);
        node.inputs.forEach((v, k) => {
          const isStored = (x: Value): boolean => stop(x) !== undefined;
          const from = k < consts + carries ? memoryOf(v, isStored) : scanPart().value.stackOf(b, v, isStored);
          if (!isStored(from)) atoms.add(from);
        });
        continue;
      }
      for (const v of node.inputs) {
        if (!stop(v) && !isMovement(new Reader(b, stop).read(v, counters(b, "i", v.shape)))) settle(v);
      }
      continue;
    }
    const [value] = node.outputs;
    if (!value) continue;
    // What is computed behind a guard cannot be shared, so only little of it may be.
    if (isGuarded(b, value)) {
      for (const v of node.inputs) {
        if (!stop(v) && costOf(new Reader(b, stop).read(v, counters(b, "i", v.shape))) > guardedCost) settle(v);
      }
    }
    if (atoms.has(value)) continue;
    const uses = users.get(value) ?? [];
    const grows = uses.some((u) => u.outputs.some((o) => sizeOf(o.shape) > 2 * sizeOf(value.shape)) && u.op.lower.kind === "map");
    if (uses.length < 2 && !grows) continue;
    if (costOf(new Reader(b, stop).read(value, counters(b, "i", value.shape))) > recomputeCost) atoms.add(value);
  }
  return inOrder(atoms, order);

  /** Materializes the last value before a chain of pure movement, so that the chain is done while packing. */
  function settle(value: Value): void {
    let at = value;
    for (;;) {
      const [next, more] = at.node.inputs;
      if (more || !next || stop(next)) break;
      const single = new Reader(b, (v) => (v === next ? (index): Expr => fakeLoad(b, v, index) : undefined));
      if (!isMovement(single.read(at, counters(b, "i", at.shape)))) break;
      at = next;
    }
    atoms.add(at);
  }
}

/** Which leaves are read to compute a value, and what is stored so that there are not too many. */
class LeafCount {
  readonly #atoms: Set<Value>;
  readonly #leaves = new Map<Value, ReadonlySet<Value>>();

  constructor(atoms: Set<Value>) {
    this.#atoms = atoms;
  }

  #of(v: Value): ReadonlySet<Value> {
    if (isLeaf(v)) return new Set([v]);
    return (this.#atoms.has(v) ? undefined : this.#leaves.get(v)) ?? new Set();
  }

  /** Stores operands, those of most leaves first, until the node reads at most `most` leaves. */
  limit(node: Node, most: number): void {
    const all = (): Set<Value> => new Set(node.inputs.flatMap((v) => [...this.#of(v)]));
    let now = all();
    while (now.size > most) {
      const largest = node.inputs.reduce((best, v) => (this.#of(v).size > this.#of(best).size ? v : best));
      if (this.#of(largest).size < 2) break;
      this.#atoms.add(largest);
      now = all();
    }
    if (node.op.lower.kind === "map") for (const v of node.outputs) this.#leaves.set(v, now);
  }
}

/** Whether the operator reads operands only where a condition holds: padding, concatenation. */
function isGuarded(b: ExprBuilder, value: Value): boolean {
  const reader = new Reader(b, (v) => (v === value ? undefined : (index): Expr => fakeLoad(b, v, index)));
  return allExprs([reader.element(value, counters(b, "i", value.shape))]).some((e) => e.kind === "guard");
}

/** Stands for memory that has no buffer yet: distinct values at distinct indexes are distinct expressions. */
function fakeLoad(b: ExprBuilder, value: Value, index: readonly Expr[]): Expr {
  let flat = b.index(0);
  for (const i of index) flat = b.add(b.mul(flat, b.index(65537)), i);
  return b.load(value.node.id * 8 + value.index, value.dtype, flat);
}

function inOrder(atoms: ReadonlySet<Value>, order: readonly Node[]): Set<Value> {
  const sorted = new Set<Value>();
  for (const node of order) for (const v of node.outputs) if (atoms.has(v)) sorted.add(v);
  return sorted;
}

/** The atoms that operators on the way to this one want to be computed before. */
function atomsBefore(atom: Value, atoms: ReadonlySet<Value>): Value[] {
  const before = new Set<Value>();
  const seen = [new Set<Value>(), new Set<Value>()] as const;
  const visit = (v: Value, isWanted: boolean): void => {
    const own = seen[isWanted ? 1 : 0];
    if (isLeaf(v) || own.has(v)) return;
    own.add(v);
    if (v !== atom && atoms.has(v)) {
      if (isWanted) before.add(v);
      return;
    }
    const { lower } = v.node.op;
    v.node.inputs.forEach((x, k) => visit(x, isWanted || (k > 0 && lower.kind === "map" && lower.after === true)));
  };
  visit(atom, false);
  return [...before];
}

function accessesOf(b: ExprBuilder, atom: Value, atoms: ReadonlySet<Value>): Omit<AtomInfo, "after"> {
  const accesses = new Map<string, Access>();
  const { node } = atom;
  const record = (value: Value, index: readonly Expr[]): Expr => {
    accesses.set(`${value.node.id}.${value.index}:${index.map((i) => i.id).join()}`, { value, index });
    return fakeLoad(b, value, index);
  };
  const reader = new Reader(b, (v) => (isLeaf(v) || (v !== atom && atoms.has(v)) ? (index): Expr => record(v, index) : undefined));
  const index = counters(b, "i", atom.shape);
  const { lower } = node.op;
  let reduced: Expr[] = [];
  const operands: { index: Expr[]; accesses: Access[] }[] = [];
  if (lower.kind === "map") reader.element(atom, index);
  else if (lower.kind === "reduce") {
    reduced = counters(b, "r", lower.extents(node.inputs, node.attrs));
    lower.element(b, reader.context(atom), index, reduced);
  } else {
    for (const v of node.inputs) {
      const [own, before] = [counters(b, "x", v.shape), accesses.size];
      reader.read(v, own);
      operands.push({ index: own, accesses: [...accesses.values()].slice(before) });
    }
  }
  return { accesses: [...accesses.values()], index, reduced, operands };
}

function mergeAtoms(graph: Graph, atoms: ReadonlySet<Value>, infos: ReadonlyMap<Value, AtomInfo>, target: Target): Group[] {
  const groups: Group[] = [];
  const home = new Map<Value, Group>();
  const needs = new Map<Group, Set<Group>>();
  const readers = new Map<Value, Set<Group>>();
  const outputs = new Set(graph.outputs);

  /** Whether a kernel for an atom and the members would be passed more buffers than it may. */
  const isCrowded = (atom: Value, group: Group): boolean => {
    if (!target.group) return false;
    const passed = [atom, ...group.members].flatMap((v) => [
      ...(outputs.has(v) ? [v] : []),
      ...(infos.get(v)?.accesses ?? []).map(({ value }) => value).filter(isLeaf),
    ]);
    return new Set(passed).size + 1 > target.group.buffers;
  };
  const reaches = (from: Group, to: Group, seen = new Set<Group>()): boolean => {
    if (from === to) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    for (const next of needs.get(from) ?? []) if (reaches(next, to, seen)) return true;
    return false;
  };
  const place = (atom: Value, info: AtomInfo, group: Group): void => {
    group.members.push(atom);
    home.set(atom, group);
    const set = needs.get(group) ?? new Set<Group>();
    needs.set(group, set);
    for (const value of info.after) {
      const from = home.get(value);
      if (from && from !== group) set.add(from);
    }
    for (const { value } of info.accesses) {
      const from = home.get(value);
      if (from && from !== group) set.add(from);
      readers.set(value, (readers.get(value) ?? new Set<Group>()).add(group));
    }
  };

  for (const atom of atoms) {
    if (home.has(atom)) continue;
    const info = infos.get(atom);
    if (!info) continue;
    const kind = atom.node.op.lower.kind;
    if (kind === "contraction" || kind === "loops" || kind === "scan") {
      const group: Group = { kind, space: atom.shape, members: [], rowAxes: new Map(), stored: [] };
      groups.push(group);
      for (const output of atom.node.outputs) place(output, info, group);
      continue;
    }
    const near = new Set<Group>();
    for (const { value } of info.accesses) {
      const from = home.get(value);
      if (from) near.add(from);
    }
    for (const { value } of info.accesses) for (const reader of readers.get(value) ?? []) near.add(reader);
    const upstream = new Set<Group>();
    for (const value of [...info.after, ...info.accesses.map((access) => access.value)]) {
      const from = home.get(value);
      if (from) upstream.add(from);
    }
    let placed = false;
    for (const group of [...near].reverse()) {
      if ([...upstream].some((other) => other !== group && reaches(other, group))) continue;
      const joined = joins(atom, info, group, home, target);
      if (!joined || isCrowded(atom, group)) continue;
      if (joined.rowAxes) group.rowAxes.set(atom, joined.rowAxes);
      if (joined.widen) {
        const wider = widen(group, atom.shape);
        groups[groups.indexOf(group)] = wider;
        for (const member of wider.members) home.set(member, wider);
        needs.set(wider, needs.get(group) ?? new Set());
        needs.delete(group);
        for (const set of needs.values()) if (set.delete(group)) set.add(wider);
        for (const set of readers.values()) if (set.delete(group)) set.add(wider);
        place(atom, info, wider);
      } else place(atom, info, group);
      placed = true;
      break;
    }
    if (placed) continue;
    const group: Group = { kind: kind === "reduce" ? "rows" : "map", space: atom.shape, members: [], rowAxes: new Map(), stored: [] };
    groups.push(group);
    place(atom, info, group);
  }

  for (const group of groups) {
    for (const member of group.members) {
      const outside = [...(readers.get(member) ?? [])].some((reader) => reader !== group);
      if (outside || outputs.has(member)) group.stored.push(member);
    }
  }
  return runOrder(groups, needs);
}

/** A map whose elements a reduction along its last axes reads becomes rows. */
function widen(group: Group, rows: Shape): Group {
  const axes = rows.map((_, axis) => axis);
  return { kind: "rows", space: rows, members: group.members, rowAxes: new Map(group.members.map((m) => [m, axes])), stored: group.stored };
}

function sameIndex(a: readonly Expr[], b: readonly Expr[]): boolean {
  return a.length === b.length && a.every((e, i) => e === b[i]);
}

/** Whether `atom` can be computed in the kernel of `group`, and with which axes as rows. */
function joins(
  atom: Value,
  info: AtomInfo,
  group: Group,
  home: ReadonlyMap<Value, Group>,
  target: Target,
): { rowAxes?: readonly number[]; widen?: boolean } | undefined {
  const inside = info.accesses.filter(({ value }) => home.get(value) === group);
  const isReduce = (v: Value): boolean => v.node.op.lower.kind === "reduce";
  if (!isReduce(atom) && (group.kind === "map" || group.kind === "contraction")) {
    if (!sameShape(atom.shape, group.space)) return undefined;
    if (group.kind === "contraction" && inside.length === 0) return undefined;
    return inside.every(({ index }) => sameIndex(index, info.index)) ? {} : undefined;
  }
  if (isReduce(atom) && group.kind === "map") {
    const whole = [...info.index, ...info.reduced];
    const rows = sizeOf(atom.shape);
    if (inside.length === 0 || (rows < fewRows(target) && sizeOf(group.space) > 16384)) return undefined;
    return inside.every(({ index }) => sameIndex(index, whole)) ? { widen: true } : undefined;
  }
  if (group.kind !== "rows") return undefined;
  if (isReduce(atom)) {
    if (!sameShape(atom.shape, group.space)) return undefined;
    const whole = [...info.index, ...info.reduced];
    const fits = inside.every(({ value, index }) => {
      if (isReduce(value)) return sameIndex(index, info.index);
      const axes = group.rowAxes.get(value);
      if (axes?.length === value.shape.length) return sameIndex(index, info.index);
      return sameIndex(index, whole) && axes?.every((axis, i) => axis === i);
    });
    if (!fits) return undefined;
    if (inside.length > 0) return {};
    const sibling = group.members.find(isReduce);
    return sibling && sameShape(extents(sibling), extents(atom)) ? {} : undefined;
  }
  if (inside.length === 0 || (sizeOf(group.space) < fewRows(target) && sizeOf(atom.shape) > 16384)) return undefined;
  // Rows that are much longer than what was reduced share nothing with it that is worth their order.
  const reduced = Math.max(...group.members.filter(isReduce).map((v) => sizeOf(extents(v))));
  if (sizeOf(atom.shape) > 16384 && sizeOf(atom.shape) > 4 * reduced * sizeOf(group.space)) return undefined;
  let rowAxes: readonly number[] | undefined;
  for (const { value, index } of inside) {
    const memberAxes = isReduce(value) ? value.shape.map((_, i) => i) : group.rowAxes.get(value);
    if (!memberAxes) return undefined;
    const rowIndex = memberAxes.map((axis) => index[axis]);
    if (memberAxes.length < value.shape.length && !sameIndex(index, info.index)) return undefined;
    const axes = rowIndex.map((e, i) => (e && group.space[i] !== 1 ? info.index.indexOf(e) : -1));
    if (target.group) fillSingleAxes(axes, group.space, atom.shape);
    if (axes.some((axis, i) => axis < 0 || atom.shape[axis] !== group.space[i]) || new Set(axes).size !== axes.length) return undefined;
    if (rowAxes && !rowAxes.every((a, i) => a === axes[i])) return undefined;
    rowAxes = axes;
  }
  return rowAxes ? { rowAxes } : undefined;
}

/** Rows that are too few to be worth large elementwise work in their order. */
function fewRows({ group }: Target): number {
  return group ? 64 : 8;
}

/** Finds axes of size 1 for those of the rows that have it: which of them does not matter. */
function fillSingleAxes(axes: number[], space: Shape, shape: Shape): void {
  axes.forEach((axis, i) => {
    if (axis < 0 && space[i] === 1) axes[i] = shape.findIndex((size, k) => size === 1 && !axes.includes(k));
  });
}

/** The loops of a reduction. */
function extents(v: Value): readonly number[] {
  const { op, inputs, attrs } = v.node;
  return op.lower.kind === "reduce" ? op.lower.extents(inputs, attrs) : [];
}

function runOrder(groups: readonly Group[], needs: ReadonlyMap<Group, ReadonlySet<Group>>): Group[] {
  const order: Group[] = [];
  const seen = new Set<Group>();
  const visit = (group: Group): void => {
    if (seen.has(group)) return;
    seen.add(group);
    for (const before of needs.get(group) ?? []) visit(before);
    order.push(group);
  };
  groups.forEach(visit);
  return order;
}
