import { isFloat, type DType } from "../core/dtype.js";
import { DeviceError } from "../core/errors.js";
import type { LatePart } from "../core/late-part.js";
import type { Shape } from "../core/shape.js";
import type { ExprBuilder } from "./expr-builder.js";
import type { Expr, FoldOp, Stmt } from "./loop.js";

/** What is known of a tensor without computing it. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Attributes of a node: plain data, so that a graph can be printed, compared and written to a file. */
export type AttrValue = number | string | boolean | null | readonly AttrValue[] | { readonly [key: string]: AttrValue } | Graph;
export type Attrs = { readonly [key: string]: AttrValue };

/** Where values live; the runtime's devices are the only implementation. */
export interface DeviceTag {
  readonly name: string;
}

/** Memory that holds an evaluated value, row-major. Only the device that made it looks inside. */
export interface Storage {
  readonly device: DeviceTag;
  readonly bytes: number;
}

/** One result of a node: an immutable tensor, computed or not. */
export class Value implements TensorType {
  readonly node: Node;
  readonly index: number;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Undefined while nothing ties the value to a device (constants, iota). */
  readonly device: DeviceTag | undefined;
  /** Whether a gradient may be asked of this value. */
  requiresGrad = false;
  /** The memory that holds it, once evaluated. */
  storage: Storage | undefined = undefined;
  /** How many tensors and states may use that memory: one of them alone may give it back. */
  holders = 0;

  constructor(node: Node, index: number, type: TensorType, device: DeviceTag | undefined) {
    this.node = node;
    this.index = index;
    this.shape = type.shape;
    this.dtype = type.dtype;
    this.device = device;
  }
}

let nextNodeId = 0;

/** One application of an operator. Ids grow with creation, so inputs have smaller ids than their users. */
export class Node {
  readonly id: number;
  readonly op: Op;
  readonly attrs: Attrs;
  readonly outputs: readonly Value[];
  /** Emptied once the outputs are evaluated and no gradient needs the history. */
  inputs: readonly Value[];
  /** Whether a backward pass has used the node up: its inputs go as soon as its outputs are evaluated. */
  released = false;

  constructor(op: Op, inputs: readonly Value[], attrs: Attrs, types: readonly TensorType[], device: DeviceTag | undefined) {
    this.id = nextNodeId++;
    this.op = op;
    this.inputs = inputs;
    this.attrs = attrs;
    this.outputs = types.map((type, index) => new Value(this, index, type, device));
  }
}

/** A closed computation: `outputs` depend on `inputs` and constants only. Inputs are outputs of `input` nodes. */
export interface Graph {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** For each output, the input that the caller would like overwritten by it, or -1. */
  readonly donate?: readonly number[];
}

/** Whether new nodes are recorded for differentiation; `noGrad` switches it off. */
export const recording = { gradients: true };

/** Records `op(inputs)`, inferring its results. Throws what `op.infer` throws, and DeviceError when devices are mixed. */
export function apply<A extends Attrs>(op: Op<A>, inputs: readonly Value[], attrs: A): readonly Value[] {
  const types = op.infer(inputs, attrs);
  let device: DeviceTag | undefined;
  for (const input of inputs) {
    if (input.device === undefined || input.device === device) continue;
    if (device !== undefined) {
      throw new DeviceError(`[${op.name}] tensors are on ${device.name} and ${input.device.name}: move one with .to("${device.name}")`);
    }
    device = input.device;
  }
  const { outputs } = new Node(op, inputs, attrs, types, device);
  if (recording.gradients && op.vjp && inputs.some((input) => input.requiresGrad)) {
    for (const output of outputs) output.requiresGrad = isFloat(output.dtype);
  }
  return outputs;
}

/** `apply` for the operators with one result. */
export function applyOne<A extends Attrs>(op: Op<A>, inputs: readonly Value[], attrs: A): Value {
  const [value] = apply(op, inputs, attrs);
  if (!value) throw new TypeError(`[${op.name}] has no result`);
  return value;
}

/** The operator of leaves: graph inputs and evaluated tensors. */
export const inputOp: Op = {
  name: "input",
  infer: () => [],
  lower: { kind: "leaf" },
};

/** A new leaf. */
export function input(type: TensorType, device?: DeviceTag): Value {
  const [value] = new Node(inputOp, [], {}, [type], device).outputs;
  if (!value) throw new TypeError("a leaf has one output");
  return value;
}

export function isLeaf(value: Value): boolean {
  return value.node.op === inputOp;
}

/** Nodes that `outputs` need, every node after its inputs; `stop` cuts the walk at values that are known already. */
export function topologicalOrder(outputs: readonly Value[], stop: (value: Value) => boolean = () => false): Node[] {
  const order: Node[] = [];
  const state = new Map<Node, boolean>();
  const stack: Node[] = [];
  for (const output of outputs) if (!stop(output)) stack.push(output.node);
  while (stack.length > 0) {
    const node = stack[stack.length - 1];
    if (!node) break;
    const seen = state.get(node);
    if (seen === undefined) {
      state.set(node, false);
      for (const value of node.inputs) if (!stop(value) && !state.has(value.node)) stack.push(value.node);
    } else {
      stack.pop();
      if (!seen) {
        state.set(node, true);
        order.push(node);
      }
    }
  }
  return order;
}

/** The nodes that make `outputs` recorded anew over other values: `known` maps the old ones, its leaves among them. */
export function recordAgain(outputs: readonly Value[], known: Map<Value, Value>): Value[] {
  const now = (v: Value): Value => known.get(v) ?? v;
  for (const node of topologicalOrder(outputs, (v) => known.has(v) || isLeaf(v))) {
    const made = apply(node.op, node.inputs.map(now), node.attrs);
    node.outputs.forEach((v, k) => {
      const copy = made[k];
      if (copy && !known.has(v)) known.set(v, copy);
    });
  }
  return outputs.map(now);
}

/** Runs `fn`, which records what `node` records anew, without gradients if the node was recorded so. */
export function recordedLike<R>({ op, inputs, outputs }: Node, fn: () => R): R {
  const before = recording.gradients;
  if (op.vjp && inputs.some((v) => v.requiresGrad) && !outputs.some((v) => v.requiresGrad)) recording.gradients = false;
  try {
    return fn();
  } finally {
    recording.gradients = before;
  }
}

/** Gradients of `outputs` with respect to `wrt` as graph operations, undefined where there is no dependence. */
export type Differentiate = (outputs: readonly Value[], cotangents: readonly Value[], wrt: readonly Value[]) => (Value | undefined)[];

/** A loop whose body is a graph. Its inputs and outputs are lists of `consts`, `carries` and stacked slices, in this order. */
export type ScanLoop = {
  /** From constants, carries and slices of one step to the next carries and slices of stacked results. */
  readonly body: Graph;
  readonly consts: number;
  readonly carries: number;
  /** Steps; at least 1. */
  readonly length: number;
  /** Whether the steps run from the last slice to the first. */
  readonly reverse: boolean;
};

/** The operands of a node for many examples at once. */
export interface Examples<A extends Attrs = Attrs> {
  readonly attrs: A;
  /** How many examples there are. */
  readonly size: number;
  /** Operands that differ among the examples have them along a new first axis, the others are as the node has them. */
  readonly inputs: readonly Value[];
  readonly isBatched: readonly boolean[];
  /** Operand k with the examples along a first axis in any case. */
  all(k: number): Value;
}

/**
 * Everything that is known of a primitive operator, in one record. Autodiff and compiler read it; nothing branches on
 * its name.
 */
export interface Op<A extends Attrs = Attrs> {
  readonly name: string;
  /** The only shape and dtype rule. Throws ShapeError, DTypeError or IndexError with the op's name in brackets. */
  infer(inputs: readonly TensorType[], attrs: A): readonly TensorType[];
  /**
   * Cotangents of the inputs from those of the outputs (undefined is zero), as graph operations, so that they can be
   * differentiated again. Absent where the derivative is zero or does not exist (comparisons, integers). `differentiate`
   * is for operators whose attributes hold graphs.
   */
  vjp?(
    node: Node & { readonly attrs: A },
    cotangents: readonly (Value | undefined)[],
    differentiate: Differentiate,
  ): readonly (Value | undefined)[];
  /**
   * The results for all examples, which lie along a new first axis, as graph operations; at least one operand is batched.
   * Absent for operators without operands.
   */
  batch?(examples: Examples<A>): readonly Value[];
  readonly lower: Lowering<A>;
  /** How many products are added up; absent where there are none, or in graphs among the attributes only. */
  multiplyAdds?(inputs: readonly TensorType[], attrs: A, outputs: readonly TensorType[]): number;
}

/** Reads an element of an input at the given index (one expression for each axis, type index). May be any fused computation. */
export type Operand = (input: number, index: readonly Expr[]) => Expr;

/** How an operator becomes loops. A pass decides what is fused with what; the operator says only what one element is. */
export type Lowering<A extends Attrs> =
  | { readonly kind: "leaf" }
  /** One output element from input elements: elementwise operations and every kind of data movement. Fuses freely. */
  | {
      readonly kind: "map";
      /** The element of the single output at `index`, in the compute type of its dtype. */
      element(b: ExprBuilder, ctx: LowerContext<A>, index: readonly Expr[]): Expr;
      /** True where the output's memory is the input's memory, read in the same order (reshape). */
      readonly view?: boolean;
      /** Rough cost of one element beyond reading the operands; above 8 the fuser does not compute it twice. */
      readonly cost?: number;
      /** What `element` needs, where pages without the operator do not load it. */
      readonly part?: LatePart;
      /** Whether the element is computed after the operands that it does not read: it is in no kernel before them. */
      readonly after?: boolean;
    }
  /** One output element folded over a box of reduced indexes. */
  | {
      readonly kind: "reduce";
      fold(attrs: A): FoldOp;
      /** Sizes of the reduced loops. */
      extents(inputs: readonly TensorType[], attrs: A): readonly number[];
      element(b: ExprBuilder, ctx: LowerContext<A>, index: readonly Expr[], reduced: readonly Expr[]): Expr;
    }
  /** A sum of products that the tiled contraction kernel computes. */
  | {
      readonly kind: "contraction";
      spec(b: ExprBuilder, ctx: LowerContext<A>): Contraction;
      /** The orders of axes in memory, outermost first, in which it runs best. */
      layout?(inputs: readonly TensorType[], output: TensorType, attrs: A): AxisOrders | undefined;
      /** Whether the compiler may have quicker ways than a blocked product: filters of 3×3, and channels that do not fill vectors of four. */
      hasWays?(inputs: readonly TensorType[], output: TensorType, attrs: A): boolean;
    }
  /** A graph that takes the node's place. */
  | { readonly kind: "call"; body(attrs: A): Graph }
  /** A graph run once for each step. */
  | { readonly kind: "scan"; loop(attrs: A): ScanLoop }
  /** Loops of the operator's own (sort, scatter, cumulative): `items` independent bodies. Inputs may still be fused into reads. */
  | {
      readonly kind: "loops";
      /** What `build` is written in, where pages without the operator do not load it. */
      readonly part?: LatePart;
      build(b: ExprBuilder, ctx: LoopsContext<A>): Loops;
    };

/** Bodies that do not depend on each other. */
export interface Loops {
  readonly items: number;
  body(item: Expr): readonly Stmt[];
}

/** An order of axes for each operand that has a preference, and for the result. */
export interface AxisOrders {
  readonly inputs: readonly (readonly number[] | undefined)[];
  readonly output: readonly number[];
}

export interface LowerContext<A extends Attrs> {
  readonly attrs: A;
  readonly inputs: readonly TensorType[];
  readonly outputs: readonly TensorType[];
  readonly operand: Operand;
}

export interface LoopsContext<A extends Attrs> extends LowerContext<A> {
  /** Writes an element of an output. */
  store(output: number, index: readonly Expr[], value: Expr): Stmt;
  /** Reads back what this item, or a kernel before, stored. Bind it with a `let` statement: it must not move. */
  reload(output: number, index: readonly Expr[]): Expr;
  /** Memory of the running thread, for `size` numbers of a type; rubbish at first. */
  scratch(type: "float32" | "float64", size: number): Scratch;
  /** Columns of the register tiles in which `product` works: matrices must have room for whole tiles, of at most 16 rows. */
  tileColumns(type: "float32" | "float64", rows: number, columns: number): number;
  /** Statements for c = a · b, or c += a · b, of matrices in scratch memory. */
  product(p: BlockProduct): Stmt;
}

/** How a group of invocations runs an item of an operator's own loops together. Pages without a GPU do not load it. */
export interface GroupLoops<A extends Attrs = Attrs> {
  /** The operator's name: a page may have these loops without the operator. */
  readonly op: string;
  /** How many kernels do it, one after another; one if absent. */
  kernels?(node: Pick<LowerContext<A>, "attrs" | "inputs">, limits: Pick<GroupOffer, "invocations" | "sharedBytes">): number;
  /** Undefined where one invocation is to run each item of the operator's own loops. `kernel` counts those of `kernels`. */
  build(b: ExprBuilder, ctx: LoopsContext<A>, offer: GroupOffer, kernel: number): Loops | undefined;
}

/** What a loop of an operator's own needs to be run by a group of invocations. */
export interface GroupOffer {
  /** The most invocations of a group, and the memory that they may share. */
  readonly invocations: number;
  readonly sharedBytes: number;
  /** Lets a group of `size` invocations run each item from now on, and tells the number of this one. Asked once. */
  lanes(size: number): Expr;
  /** Memory of the group, for `size` numbers of a type; rubbish at first. */
  shared<T extends SharedType>(type: T, size: number): Scratch<T>;
}

/** Types of numbers that a group may share. */
export type SharedType = "float32" | "float64" | "int32" | "uint32";

/** Numbers in the memory of a running thread or group. */
export interface Scratch<T extends SharedType = "float32" | "float64"> {
  readonly slot: number;
  readonly type: T;
  /** Bind it with a `let` statement: it must not move. */
  load(index: Expr): Expr;
  store(index: Expr, value: Expr): Stmt;
}

/** A product of matrices. Neighbouring columns of `b` and `c` lie next to each other; the other strides are given. */
export interface BlockProduct {
  readonly a: Scratch;
  readonly b: Scratch;
  readonly c: Scratch;
  readonly rows: { readonly count: Expr; readonly most: number; readonly a: number; readonly c: number };
  readonly columns: { readonly count: Expr; readonly most: number };
  readonly steps: { readonly count: Expr; readonly most: number; readonly a: number; readonly b: number };
  /** Whether the product is added to `c`. */
  readonly adds: boolean;
}

/**
 * out(batch, m, n) = Σ_k lhs(batch, m, k) · rhs(batch, k, n), every group of axes being a list of extents. Operands are
 * given as an element expression, so transposition, padding, dilation and fused producers happen while packing.
 */
export interface Contraction {
  readonly batch: readonly number[];
  readonly m: readonly number[];
  readonly n: readonly number[];
  readonly k: readonly number[];
  lhs(batch: readonly Expr[], m: readonly Expr[], k: readonly Expr[]): Expr;
  rhs(batch: readonly Expr[], k: readonly Expr[], n: readonly Expr[]): Expr;
  /** The index of the output element. */
  out(batch: readonly Expr[], m: readonly Expr[], n: readonly Expr[]): readonly Expr[];
}
