import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Contraction, Value } from "../ir/graph.js";
import type { Expr, Stmt } from "../ir/loop.js";
import { startOf, type Block, type Box } from "./box.js";
import { swapped } from "./contraction-spec.js";
import { Draft, type Stored } from "./draft.js";
import { memoryReader } from "./lower-map.js";
import type { Group } from "./partition.js";
import type { Reader, Source } from "./reader.js";
import { slidingWindow, type SlidingWindow, type Stretch } from "./sliding-window.js";

/** A contraction of float32 whose first operand is a sliding window, in a kernel that is being written. */
export interface SlidingContraction {
  readonly draft: Draft;
  readonly root: Value;
  readonly spec: Contraction;
  readonly sliding: SlidingWindow;
  /** Reads the group's values; those that follow from the contraction, once `sum.result` says what it is. */
  readonly reader: Reader;
  readonly sum: { result?: Expr };
  /** A value that is written, in the order of axes that was chosen for it. */
  readonly written: Value;
  /** The contraction in another kernel. */
  specOf(own: Draft, from: Reader): Contraction;
}

/** The group's contraction as one over a sliding window, or undefined where it is none. */
export function slidingContraction(group: Group, stored: Stored): SlidingContraction | undefined {
  const draft = new Draft(stored);
  const [root] = group.members;
  const lower = root?.node.op.lower;
  if (!root || lower?.kind !== "contraction" || root.dtype !== "float32") return undefined;
  const sum: { result?: Expr } = {};
  const local: Source = () => {
    if (!sum.result) throw new TypeError("the sum is read before it is computed");
    return sum.result;
  };
  const reader = memoryReader(draft, group, stored, (v) => (v === root ? local : undefined));
  // A convolution's images are its second operand.
  const specOf = (own: Draft, from: Reader): Contraction => swapped(lower.spec(own.b, from.context(root)));
  const spec = specOf(draft, reader);
  const sliding = spec.n.length === 1 ? slidingWindow(draft, spec) : undefined;
  return sliding && { draft, root, spec, sliding, reader, sum, written: group.stored[0] ?? root, specOf };
}

/** What a block covers of each of three axes. */
export function stretchesOf(b: ExprBuilder, box: Box, block: Block): readonly [Stretch, Stretch, Stretch] {
  const start = startOf(b, box, block);
  const stretch = (axis: number): Stretch => {
    const begin = start[axis] ?? b.index(0);
    if (axis < box.axis) return { begin, count: b.index(1), most: 1 };
    if (axis === box.axis) return { begin, count: block.length, most: box.chunk };
    const size = box.sizes[axis] ?? 1;
    return { begin, count: b.index(size), most: size };
  };
  return [stretch(0), stretch(1), stretch(2)];
}

/** Fills scratch memory with zeros. */
export function zeroed(b: ExprBuilder, buffer: number, size: number): Stmt {
  const z = b.counter("z", size);
  const store: Stmt = { kind: "store", buffer, index: b.ref(z), value: b.const(0, "float32") };
  return { kind: "for", variable: z, begin: b.index(0), end: b.index(size), step: 1, body: [store], vectorize: true };
}

export function roundUp(x: number, to: number): number {
  return Math.ceil(x / to) * to;
}
