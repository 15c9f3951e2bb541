import { byteSize, isFloat } from "../core/dtype.js";
import { sizeOf } from "../core/shape.js";
import { apply, input, type Differentiate, type Node, type Op, recordAgain, recording, type ScanLoop, topologicalOrder, type Value } from "../ir/graph.js";
import { add, addOp, divOp, mul, mulOp, negOp, subOp } from "./arithmetic.js";
import { broadcastOp, reduceAddOp, sum } from "./broadcast.js";
import { constant } from "./constant.js";
import { convert } from "./convert.js";
import { dot, dotOp, type DotAttrs } from "./dot.js";
import { at, range } from "./indexing.js";
import { reshape, reshapeOp, transposeOp } from "./movement.js";
import { repeated, shifted } from "./batching.js";
import { overSteps } from "./over-steps.js";
import { concat, concatOp, padOp, slice, sliceOp } from "./slicing.js";

type ScanNode = Node & { readonly attrs: ScanLoop };
/** A value outside the loop, known once the loops are recorded. */
type Late = () => Value;

/** What a value in the bodies depends on. */
const ofConstants = 1;
const ofSteps = 2;
const ofCotangents = 4;

/** Elementwise operators that cost more are not computed again in the backward loop: their results are kept. */
const recomputeCost = 20;

/** op(Σ a, Σ b) = Σ op(a, b). */
const linear = new Set<Op>([addOp, subOp, negOp, transposeOp, reshapeOp, broadcastOp, concatOp, padOp, sliceOp]);

/**
 * The gradient of a scan is a scan in the other direction over the gradient of its body. What that reads of the forward
 * computation is stacked by a second forward scan, which the compiler joins with the first. Gradients of constants are sums
 * over the steps: where a term is a product or a sum, the loop stacks its operands and one product or sum outside takes the
 * step axis in.
 */
export function scanVjp(node: ScanNode, cotangents: readonly (Value | undefined)[], differentiate: Differentiate): (Value | undefined)[] {
  return new ScanGradient(node, cotangents, differentiate).gradients();
}

class ScanGradient {
  readonly #node: ScanNode;
  readonly #cotangents: readonly (Value | undefined)[];
  /** The body's inputs, outputs and the gradients of its inputs, recorded anew. */
  readonly #leaves: readonly Value[];
  readonly #outputs: readonly Value[];
  readonly #gradients: ReadonlyMap<Value, Value>;
  /** Leaves for the cotangents of the body's outputs, by output. */
  readonly #incoming: readonly (Value | undefined)[];
  readonly #dependence = new Map<Value, number>();
  /** Values of the forward body that are stacked. */
  readonly #kept = new Set<Value>();
  /** Values of the backward body that are stacked. */
  readonly #stacked: Value[] = [];
  /** Values of the backward body that are summed in its carries. */
  readonly #summed: Value[] = [];
  /** Nodes that the backward loop computes in any case, once that is known. */
  #computed: ReadonlySet<Node> | undefined;
  #forward: readonly Value[] = [];
  #backward: readonly Value[] = [];

  constructor(node: ScanNode, cotangents: readonly (Value | undefined)[], differentiate: Differentiate) {
    this.#node = node;
    this.#cotangents = cotangents;
    const { body, consts, carries } = node.attrs;
    const isCarry = (k: number): boolean => k >= consts && k < consts + carries;
    const before = recording.gradients;
    recording.gradients = true;
    try {
      this.#leaves = body.inputs.map((type, k) => {
        const leaf = input(type);
        leaf.requiresGrad = isFloat(type.dtype) && (isCarry(k) || at(node.inputs, k).requiresGrad);
        return leaf;
      });
      this.#outputs = recordAgain(body.outputs, new Map(body.inputs.map((v, k) => [v, at(this.#leaves, k)])));
      this.#incoming = this.#outputs.map((v, k) => ((k < carries ? isFloat(v.dtype) : v.requiresGrad && cotangents[k]) ? input(v) : undefined));
      const leaves = this.#leaves.filter((v) => v.requiresGrad);
      const gradients = differentiate(this.#outputs.filter((_, k) => this.#incoming[k]), given(this.#incoming), leaves);
      this.#gradients = new Map(leaves.flatMap((v, k) => (gradients[k] ? [[v, gradients[k]] as const] : [])));
    } finally {
      recording.gradients = before;
    }
    this.#leaves.forEach((v, k) => this.#dependence.set(v, k < consts ? ofConstants : ofSteps));
    for (const v of given(this.#incoming)) this.#dependence.set(v, ofCotangents);
    for (const { inputs, outputs } of topologicalOrder([...this.#outputs, ...this.#gradients.values()])) {
      const all = inputs.reduce((bits, v) => bits | this.#dependsOn(v), 0);
      for (const v of outputs) if (!this.#dependence.has(v)) this.#dependence.set(v, all);
    }
  }

  gradients(): (Value | undefined)[] {
    const { consts, carries } = this.#node.attrs;
    const wanted = (k: number): Value | undefined => (at(this.#node.inputs, k).requiresGrad ? this.#gradients.get(at(this.#leaves, k)) : undefined);
    const late = (k: number, make: (v: Value) => Late): Late | undefined => {
      const value = wanted(k);
      return value && make(value);
    };
    const results = new Map<number, Late | undefined>();
    for (const k of range(consts)) results.set(k, late(k, (v) => this.#total(v)));
    this.#computed = this.#trace().nodes;
    for (let k = consts + carries; k < this.#leaves.length; k++) results.set(k, late(k, (v) => this.#stack(v)));
    this.#record();
    const backwardCarries = range(carries).filter((k) => this.#incoming[k]);
    return this.#node.inputs.map((v, k) => {
      if (k < consts || k >= consts + carries) return results.get(k)?.();
      const position = backwardCarries.indexOf(k - consts);
      return v.requiresGrad && position >= 0 ? this.#backward[position] : undefined;
    });
  }

  #dependsOn(v: Value): number {
    return this.#dependence.get(v) ?? 0;
  }

  #varies(v: Value): boolean {
    return (this.#dependsOn(v) & (ofSteps | ofCotangents)) !== 0;
  }

  /** A value that is the same in every step, outside the loop. */
  #outside(v: Value): Value {
    const [value] = recordAgain([v], new Map(range(this.#node.attrs.consts).map((k) => [at(this.#leaves, k), at(this.#node.inputs, k)])));
    return value ?? v;
  }

  /** Σ over the steps. */
  #total(v: Value): Late {
    const outside = this.#sum(v);
    if (outside) return outside;
    const isNarrow = v.dtype === "float16" || v.dtype === "bfloat16";
    const position = this.#summed.push(isNarrow ? convert(v, "float32") : v) - 1;
    const first = given(this.#incoming.slice(0, this.#node.attrs.carries)).length;
    return () => {
      const total = at(this.#backward, first + position);
      return isNarrow ? convert(total, v.dtype) : total;
    };
  }

  /** Σ over the steps, computed outside the loop; undefined where it takes an addition in each step. */
  #sum(v: Value): Late | undefined {
    if (!this.#varies(v)) return () => mul(this.#outside(v), constant(this.#node.attrs.length, v.dtype, v.shape));
    const { op, inputs, attrs } = v.node;
    const [a, b] = inputs;
    if (op === reduceAddOp && a) {
      const stack = this.#stack(a);
      return () => sum(stack(), [0, ...shifted((attrs as { axes: readonly number[] }).axes)]);
    }
    if ((op === dotOp || op === mulOp || op === divOp) && a && b && this.#varies(a) !== this.#varies(b)) {
      const varying = this.#varies(a) ? a : b;
      const inner = op === divOp && varying === b ? undefined : this.#sum(varying);
      return inner && (() => at(apply(op, [a, b].map((x) => (x === varying ? inner() : this.#outside(x))), attrs), 0));
    }
    if (op === dotOp && a && b) {
      const [stackA, stackB] = [this.#stack(a), this.#stack(b)];
      const { batchA, batchB, contractA, contractB, accumulate } = attrs as DotAttrs;
      const axes = { batchA: shifted(batchA), batchB: shifted(batchB), contractA: [0, ...shifted(contractA)], contractB: [0, ...shifted(contractB)] };
      return () => dot(stackA(), stackB(), { ...axes, accumulate });
    }
    if (!linear.has(op)) return undefined;
    const sums = inputs.map((x) => this.#sum(x));
    if (inputs.every((x, k) => !this.#varies(x) || !sums[k])) return undefined;
    const parts = inputs.map((x, k) => sums[k] ?? this.#total(x));
    return () => at(apply(op, parts.map((part) => part()), attrs), v.index);
  }

  /** The value in all steps, along a new first axis. */
  #stack(v: Value): Late {
    const { consts, carries, length } = this.#node.attrs;
    const leaf = this.#leaves.indexOf(v);
    if (leaf >= consts + carries) return () => at(this.#node.inputs, leaf);
    if (leaf >= consts) return this.#carryStack(leaf - consts);
    const cotangent = this.#cotangents[this.#incoming.indexOf(v, carries)];
    if (cotangent) return () => cotangent;
    if (!this.#varies(v)) return () => repeated(this.#outside(v), length);
    if (v.node.op === transposeOp || v.node.op === reshapeOp || this.#isFree(v)) {
      const { inputs } = v.node;
      const rule = overSteps(v.node, inputs.map((x) => this.#varies(x)), length);
      const operands = rule && inputs.map((x): Late => (this.#varies(x) ? this.#stack(x) : () => this.#outside(x)));
      if (rule && operands) return () => rule(operands.map((operand) => operand()));
    }
    if (this.#dependsOn(v) & ofCotangents) {
      if (!this.#stacked.includes(v)) this.#stacked.push(v);
      return () => at(this.#backward, this.#backwardCarries() + this.#stacked.indexOf(v));
    }
    this.#kept.add(v);
    return () => at(this.#forward, carries + this.#forwardStacks().indexOf(v));
  }

  /** Whether a product is for the stack only: then all of them are computed at once, outside the loop. */
  #isFree(v: Value): boolean {
    return v.node.op === dotOp && this.#computed !== undefined && !this.#computed.has(v.node) && (this.#dependsOn(v) & ofCotangents) !== 0;
  }

  /** What each step gets from the one before. */
  #carryStack(k: number): Late {
    const { consts, carries, length, reverse } = this.#node.attrs;
    const [leaf, next, first] = [at(this.#leaves, consts + k), at(this.#outputs, k), at(this.#node.inputs, consts + k)];
    if (next === leaf) return () => repeated(first, length);
    if (this.#leaves.indexOf(next, consts) >= 0 && this.#leaves.indexOf(next) < consts + carries) {
      this.#kept.add(leaf);
      return () => at(this.#forward, carries + this.#forwardStacks().indexOf(leaf));
    }
    const rest = this.#stack(next);
    return () => {
      const head = reshape(first, [1, ...first.shape]);
      if (length === 1) return head;
      const all = rest();
      const from = reverse ? 1 : 0;
      const ones = all.shape.map(() => 1);
      const begin = all.shape.map((_, axis) => (axis === 0 ? from : 0));
      const others = slice(all, begin, all.shape.map((size, axis) => (axis === 0 ? from + length - 1 : size)), ones);
      return concat(reverse ? [others, head] : [head, others], 0);
    };
  }

  /** Outputs of the forward body that are stacked: those that it has anyway, then those that the gradient reads. */
  #forwardStacks(): Value[] {
    const own = this.#outputs.slice(this.#node.attrs.carries);
    return [...own, ...[...this.#kept].filter((v) => !own.includes(v))];
  }

  #backwardCarries(): number {
    return given(this.#incoming.slice(0, this.#node.attrs.carries)).length + this.#summed.length;
  }

  /** What the backward body has to compute: gradients of the carries, terms of sums, and what is stacked. */
  #required(): Value[] {
    const { consts, carries } = this.#node.attrs;
    const next = range(carries).filter((k) => this.#incoming[k]).map((k) => {
      const leaf = at(this.#leaves, consts + k);
      return this.#gradients.get(leaf) ?? constant(0, leaf.dtype, leaf.shape);
    });
    return [...next, ...this.#summed, ...this.#stacked];
  }

  /** Walks the backward body: its nodes, and the values at which it begins with the nodes that read them. */
  #trace(): { nodes: Set<Node>; begin: Map<Value, Set<Node>> } {
    const nodes = new Set<Node>();
    const begin = new Map<Value, Set<Node>>();
    const incoming = new Set(this.#incoming);
    const visit = (v: Value, reader: Node | undefined): void => {
      if (incoming.has(v)) return;
      if (this.#leaves.includes(v) || this.#isKept(v)) {
        const readers = begin.get(v) ?? new Set();
        begin.set(v, reader ? readers.add(reader) : readers);
      } else if (!nodes.has(v.node)) {
        nodes.add(v.node);
        for (const operand of v.node.inputs) visit(operand, v.node);
      }
    };
    for (const v of this.#required()) visit(v, undefined);
    return { nodes, begin };
  }

  /** Whether the backward body reads a value rather than computing it. */
  #isKept(v: Value): boolean {
    const depends = this.#dependsOn(v);
    if (depends & ofCotangents || !(depends & ofSteps)) return false;
    return this.#kept.has(v) || !isCheap(v.node);
  }

  /** Records both loops. */
  #record(): void {
    const { attrs, inputs, outputs, op } = this.#node;
    const { consts, carries, length, reverse } = attrs;
    for (;;) {
      // A result that only one cheap operator reads is worth less than what that makes of it.
      const { begin } = this.#trace();
      let better: Value | undefined;
      for (const [v, [reader, another]] of begin) {
        if (this.#leaves.includes(v) || this.#kept.has(v) || !reader || another) continue;
        const [only] = reader.outputs;
        if (only && !(this.#dependsOn(only) & ofCotangents) && bytesOf(only) <= bytesOf(v)) better = only;
      }
      if (!better) break;
      this.#kept.add(better);
    }
    const { begin } = this.#trace();
    const constants = [...begin.keys()].filter((v) => this.#leaves.indexOf(v) >= 0 && this.#leaves.indexOf(v) < consts);
    const read = [...begin.keys()].filter((v) => !constants.includes(v));
    const stacks = read.map((v) => this.#stack(v));
    const slices = this.#incoming.flatMap((v, k) => (v && k >= carries ? [{ v, stack: at(this.#cotangents, k) }] : []));

    const own = this.#outputs.slice(carries);
    const kept = this.#forwardStacks();
    const body = { inputs: this.#leaves, outputs: [...this.#outputs.slice(0, carries), ...kept] };
    this.#forward = kept.length === own.length ? outputs : apply(op, inputs, { ...attrs, body });

    const required = this.#required();
    if (required.length === 0) return;
    const leafOf = new Map<Value, Value>();
    const fresh = (v: Value): Value => {
      const leaf = input(v);
      leafOf.set(v, leaf);
      return leaf;
    };
    const carried = range(carries).flatMap((k) => {
      const v = this.#incoming[k];
      return v ? [{ v, first: this.#cotangents[k] ?? constant(0, v.dtype, v.shape) }] : [];
    });
    const leaves = [...constants.map(fresh), ...carried.map(({ v }) => fresh(v))];
    const sums = this.#summed.map((v) => input(v));
    leaves.push(...sums, ...read.map(fresh), ...slices.map(({ v }) => fresh(v)));
    const results = recordAgain(required, leafOf).map((v, k) => {
      const total = sums[k - carried.length];
      return total ? add(total, v) : v;
    });
    const operands = [
      ...constants.map((v) => at(inputs, this.#leaves.indexOf(v))),
      ...carried.map(({ first }) => first),
      ...this.#summed.map((v) => constant(0, v.dtype, v.shape)),
      ...stacks.map((stack) => stack()),
      ...slices.flatMap(({ stack }) => stack ?? []),
    ];
    this.#backward = apply(op, operands, {
      body: { inputs: leaves, outputs: results },
      consts: constants.length,
      carries: carried.length + sums.length,
      length,
      reverse: !reverse,
    });
  }
}

function given(values: readonly (Value | undefined)[]): Value[] {
  return values.filter((v) => v !== undefined);
}

function bytesOf(v: Value): number {
  return sizeOf(v.shape) * byteSize(v.dtype);
}

function isCheap({ op }: Node): boolean {
  return op.lower.kind === "map" && (op.lower.cost ?? 1) <= recomputeCost;
}
