import { sizeOf } from "../core/shape.js";
import type { Expr, Stmt } from "../ir/loop.js";
import { at, range } from "../ops/indexing.js";
import { blockProducts, memoryAt } from "./block-products.js";
import { Draft, type KernelCall, type Stored } from "./draft.js";
import { decodeItem, type Lanes, loopNest } from "./loops.js";
import type { Machine } from "./machine.js";
import type { Group } from "./partition.js";
import { Reader, type Source } from "./reader.js";
import type { Target } from "./target.js";
import { type Attrs, type GroupOffer, isLeaf, type LoopsContext, type Value } from "../ir/graph.js";

/** Elements of the innermost loop that one item covers at most. */
const blockSize = 4096;

/** What a group's expressions take from memory: leaves, and what other kernels stored. */
export function memoryReader(draft: Draft, group: Group, stored: Stored, local?: (v: Value) => Source | undefined): Reader {
  return new Reader(draft.b, (value) => {
    const own = local?.(value);
    if (own) return own;
    if (isLeaf(value) || (stored.has(value) && !group.members.includes(value))) return draft.memory(value);
    return undefined;
  });
}

export function groupName(group: Group): string {
  const names = group.members.map((m) => m.node.op.name);
  return (names.length > 4 ? [...names.slice(0, 3), `${names.length - 3}-more`] : names).join("-");
}

/** Computes elements of several values, then stores them: no store comes before a read, since an output may lie in an input's memory. */
export function computeThenStore(draft: Draft, values: readonly Value[], indexOf: (v: Value) => readonly Expr[], reader: Reader): Stmt[] {
  const results = values.map((v) => {
    const value = reader.read(v, indexOf(v));
    return { v, value, variable: draft.b.variable("x", value.type) };
  });
  return [
    ...results.map(({ variable, value }): Stmt => ({ kind: "let", variable, value })),
    ...results.map(({ v, variable }) => draft.store(v, indexOf(v), draft.b.ref(variable))),
  ];
}

/** Values that a map takes from somewhere else than memory. */
export interface Given {
  source(v: Value): Source | undefined;
  /** What comes before an element is computed. */
  before?(index: readonly Expr[]): readonly Stmt[];
}

/** Elementwise work: every element of the stored members, one shape, each computed from memory (or as `local` says). */
export function lowerMap(
  group: Group,
  stored: Stored,
  target: Target,
  local?: (draft: Draft) => Given,
): KernelCall {
  const draft = new Draft(stored);
  const { b } = draft;
  const given = local?.(draft);
  const reader = memoryReader(draft, group, stored, given?.source);
  // The loops follow the memory that is written.
  const [first] = group.stored;
  const order = first ? draft.orderOf(first) : [];
  const logical = (index: readonly Expr[]): Expr[] => group.space.map((_, axis) => index[order.indexOf(axis)] ?? b.index(0));
  const nest = loopNest(b, "i", order.map((axis) => group.space[axis] ?? 1), (index) => [
    ...group.stored.map((v) => reader.read(v, logical(index))),
    ...group.stored.map((v) => draft.address(v, logical(index))),
  ]);
  const element = logical(nest.index);
  const stores = [...(given?.before?.(element) ?? []), ...computeThenStore(draft, group.stored, () => element, reader)];
  const last = nest.sizes.length - 1;
  const inner = nest.variables[last];
  if (!inner) {
    const item = b.counter("item", 1);
    return draft.call(groupName(group), item, stores, 1);
  }
  if (target.group) {
    // Neighbouring invocations write neighbouring elements.
    const item = b.counter("item", sizeOf(nest.sizes));
    return draft.call(groupName(group), item, [...decodeItem(b, b.ref(item), nest.sizes, nest.variables), ...stores], sizeOf(nest.sizes));
  }
  const size = nest.sizes[last] ?? 1;
  const outerSizes = nest.sizes.slice(0, last);
  const blocks = size > 2 * blockSize ? Math.ceil(size / blockSize) : 1;
  const items = sizeOf(outerSizes) * blocks;
  const item = b.counter("item", items);
  const block = b.rem(b.ref(item), b.index(blocks));
  const begin = blocks === 1 ? b.index(0) : b.mul(block, b.index(blockSize));
  const length = b.min(b.index(blocks === 1 ? size : blockSize), b.sub(b.index(size), begin));
  const end = b.add(begin, length);
  const body: Stmt[] = [
    ...decodeItem(b, b.div(b.ref(item), b.index(blocks)), outerSizes, nest.variables.slice(0, last)),
    { kind: "for", variable: inner, begin, end, step: 1, body: stores, vectorize: true },
  ];
  return draft.call(groupName(group), item, body, items);
}

/** An operator that brings its own loops: one kernel, or as many as the loops for groups say. */
export function lowerLoops(group: Group, stored: Stored, target: Target, machine: Machine): KernelCall[] {
  const [first] = group.members;
  if (!first || first.node.op.lower.kind !== "loops") throw new TypeError("a group of loops has one operator with loops");
  const { node } = first;
  const { build } = first.node.op.lower;
  const ofGroups = target.group && machine.loops.find(({ op }) => op === node.op.name);
  const kernels = (target.group && ofGroups?.kernels?.(node, target.group)) ?? 1;
  return range(kernels).map((kernel) => {
    const draft = new Draft(stored);
    const { b } = draft;
    const output = (k: number): Value => at(node.outputs, k);
    let lanes: Lanes | undefined;
    const offer: GroupOffer | undefined = target.group && {
      ...target.group,
      lanes: (size) => {
        lanes = { size, lane: b.counter("lane", size) };
        return b.ref(lanes.lane);
      },
      shared: (type, size) => memoryAt(draft, draft.shared(type, size), type),
    };
    const ctx: LoopsContext<Attrs> = {
      ...memoryReader(draft, group, stored).context(first),
      store: (k, index, value) => draft.store(output(k), index, value),
      reload: (k, index) => draft.load(draft.slot(output(k), "readwrite"), draft.address(output(k), index)),
      ...blockProducts(draft, target),
    };
    const { items, body } = (offer && ofGroups?.build(b, ctx, offer, kernel)) ?? build(b, ctx);
    const item = b.counter("item", items);
    return draft.call(node.op.name, item, body(b.ref(item)), items, lanes);
  });
}
