import { type Graph, isLeaf, type Value } from "../ir/graph.js";
import type { Expr } from "../ir/loop.js";
import type { Stored } from "./draft.js";
import type { AtomInfo, Group } from "./partition.js";
import type { Target } from "./target.js";

/** Channels below this are too few to be what vectors run along. */
const fewestChannels = 16;

/**
 * The order of the axes of every value that is written to memory. An operator may prefer an order for its operands and its
 * result (a convolution: channels last, where vectors of them lie together); values that are computed from each other
 * element by element share one. What the caller or a loop sees is row-major.
 */
export function chooseLayouts(graph: Graph, groups: readonly Group[], infos: ReadonlyMap<Value, AtomInfo>, target: Target): Stored {
  const stored = new Set(groups.flatMap((group) => group.stored));
  const fixed = new Set<Value>(graph.outputs);
  const classes = new Map<Value, Value>();
  const find = (v: Value): Value => {
    let root = v;
    for (let up = classes.get(root); up && up !== root; up = classes.get(root)) root = up;
    return root;
  };
  const wishes = new Map<Value, { readonly order: readonly number[]; readonly weight: number }[]>();
  const wish = (v: Value, order: readonly number[], weight: number): void => {
    if (!isLeaf(v)) wishes.set(v, [...(wishes.get(v) ?? []), { order, weight }]);
  };
  for (const group of groups) {
    for (const member of group.members) {
      const info = infos.get(member);
      const { lower } = member.node.op;
      if (!info) continue;
      if (lower.kind === "scan") fixUpstream(member.node.inputs, fixed);
      if (lower.kind === "contraction") {
        // Whoever reads it in another shape counts on its elements being in order.
        for (const { index: own, accesses } of info.operands) {
          for (const { value, index } of accesses) if (index.length !== own.length) fixed.add(value);
        }
        // Invocations side by side take the place of vectors: neighbouring pixels are as good as neighbouring channels.
        const preferred = target.group ? undefined : lower.layout?.(member.node.inputs, member, member.node.attrs);
        const vector = preferred?.output.at(-1);
        if (!preferred || vector === undefined || (member.shape[vector] ?? 1) < fewestChannels) continue;
        const weight = member.shape.reduce((a, d) => a * d, 1);
        wish(member, preferred.output, weight * target.vectorBytes);
        preferred.inputs.forEach((order, k) => {
          if (!order) return;
          for (const { value, index } of info.operands[k]?.accesses ?? []) {
            const moved = throughMovement(order, info.operands[k]?.index ?? [], index);
            if (moved) wish(value, moved, weight);
          }
        });
      } else {
        for (const { value, index } of info.accesses) {
          if (isLeaf(value) || value.shape.length !== member.shape.length) continue;
          if (index.every((e, axis) => e === info.index[axis])) classes.set(find(value), find(member));
        }
      }
    }
  }
  const best = new Map<Value, { order: readonly number[]; weight: number }>();
  for (const [v, list] of wishes) {
    for (const { order, weight } of list) {
      const root = find(v);
      const have = best.get(root);
      if (!have || have.weight < weight) best.set(root, { order, weight });
    }
  }
  const orderOf = (v: Value): readonly number[] => {
    const rowMajor = v.shape.map((_, axis) => axis);
    if (fixed.has(v)) return rowMajor;
    const { order } = best.get(find(v)) ?? { order: rowMajor };
    return order.length === rowMajor.length ? order : rowMajor;
  };
  return new Map([...stored].map((v) => [v, orderOf(v)]));
}

/** Marks whatever these values are made of without arithmetic: a loop reads their memory as it lies. */
function fixUpstream(values: readonly Value[], fixed: Set<Value>): void {
  for (const v of values) {
    if (isLeaf(v) || fixed.has(v)) continue;
    fixed.add(v);
    if (v.node.op.lower.kind === "map") fixUpstream(v.node.inputs, fixed);
  }
}

/** An order of a value's axes as one of its operand's, where the value is the operand with axes exchanged. */
function throughMovement(order: readonly number[], own: readonly Expr[], index: readonly Expr[]): number[] | undefined {
  if (own.length !== index.length) return undefined;
  const to = own.map((e) => index.indexOf(e));
  // An axis of size 1 has no counter of its own: two such axes may stand for each other.
  if (new Set(to).size !== to.length || to.includes(-1)) return undefined;
  return order.map((axis) => to[axis] ?? 0);
}
