import { byteSize, isFloat, type DType } from "../src/core/dtype.js";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "../src/core/half.js";
import { sizeOf, type Shape } from "../src/core/shape.js";
import { ExprBuilder } from "../src/ir/expr-builder.js";
import type { BlockProduct, Node, Scratch, TensorType } from "../src/ir/graph.js";
import type { ComputeType, Expr, FoldOp, Kernel, Stmt, Variable } from "../src/ir/loop.js";
import { provideAllParts } from "../src/compiler/all-parts.js";
import { foldIdentity } from "../src/ops/fold.js";
import { wrapNumber } from "../src/ops/index.js";
import { forEachIndex, numberAt } from "../src/backends/reference/numbers.js";
import { at, ravel } from "../src/ops/indexing.js";

provideAllParts();

/** A buffer as plain numbers that its dtype holds exactly. */
export interface Memory extends TensorType {
  readonly data: Float64Array;
}

/** The nearest number that the dtype holds; integers wrap. */
export function stored(value: number, dtype: DType): number {
  if (!isFloat(dtype)) return wrapNumber(value, dtype);
  if (dtype === "float16") return fromFloat16(toFloat16(value));
  if (dtype === "bfloat16") return fromBfloat16(toBfloat16(value));
  return byteSize(dtype) === 4 ? Math.fround(value) : value;
}

/** A statement at which the invocations of a group meet. */
export type Meeting = Extract<Stmt, { readonly kind: "barrier" | "combine" }>;

const word = new DataView(new ArrayBuffer(4));

/** Evaluates scalar loop IR as its documentation says, and throws where a program must not go. */
export class LoopInterpreter {
  readonly #memory: readonly Memory[];
  readonly #variables = new Map<Variable, number>();
  /** Values of the expressions of the statement that runs now; mutable state makes them stale after it. */
  #known = new Map<Expr, number>();

  constructor(memory: readonly Memory[]) {
    this.#memory = memory;
  }

  set(variable: Variable, value: number): void {
    this.#variables.set(variable, value);
    this.#known = new Map();
  }

  evaluate(e: Expr): number {
    const known = this.#known.get(e);
    if (known !== undefined) return known;
    const value = this.#compute(e);
    this.#known.set(e, value);
    return value;
  }

  /** Statements of an item that one invocation runs alone. */
  run(stmts: readonly Stmt[]): void {
    for (const meeting of this.invocation(stmts)) throw new TypeError(`${meeting.kind} without a group`);
  }

  /** Runs statements up to each place where the group meets, and gives that place. */
  *invocation(stmts: readonly Stmt[]): Generator<Meeting, void, void> {
    for (const stmt of stmts) yield* this.#execute(stmt);
  }

  /** What other invocations wrote, and the value that a combination gave. */
  resume(meeting: Meeting, value: number): void {
    this.#known = new Map();
    if (meeting.kind === "combine") this.set(meeting.variable, value);
  }

  *#execute(stmt: Stmt): Generator<Meeting, void, void> {
    switch (stmt.kind) {
      case "let":
      case "mutable":
        if (stmt.variable.type !== stmt.value.type) throw new TypeError(`${stmt.variable.name} is set to ${stmt.value.type}`);
        this.set(stmt.variable, this.evaluate(stmt.value));
        return;
      case "assign":
        if (!this.#variables.has(stmt.variable)) throw new TypeError(`${stmt.variable.name} is not declared`);
        this.set(stmt.variable, this.evaluate(stmt.value));
        return;
      case "accumulate":
        this.set(stmt.variable, fold(stmt.op, stmt.variable.type, this.variable(stmt.variable), this.evaluate(stmt.value)));
        return;
      case "barrier":
      case "combine":
        yield stmt;
        return;
      case "store": {
        const { data, dtype } = at(this.#memory, stmt.buffer);
        const index = this.#inside(this.evaluate(stmt.index), data);
        data[index] = stored(this.evaluate(stmt.value), dtype);
        this.#known = new Map();
        return;
      }
      case "if":
        yield* this.invocation(this.evaluate(stmt.condition) ? stmt.then : stmt.otherwise);
        return;
      case "for": {
        const [begin, end] = [this.evaluate(stmt.begin), this.evaluate(stmt.end)];
        for (let i = begin; i < end; i += stmt.step) {
          this.set(stmt.variable, i);
          yield* this.invocation(stmt.body);
        }
      }
    }
  }

  variable(variable: Variable): number {
    const value = this.#variables.get(variable);
    if (value === undefined) throw new TypeError(`${variable.name} has no value`);
    return value;
  }

  #inside(index: number, data: Float64Array): number {
    if (!Number.isInteger(index) || index < 0 || index >= data.length) throw new RangeError(`address ${index} of ${data.length}`);
    return index;
  }

  #compute(e: Expr): number {
    if (e.lanes !== 1) throw new TypeError("only scalars are interpreted");
    switch (e.kind) {
      case "const":
        return e.value;
      case "var":
        return this.variable(e.variable);
      case "load": {
        const { data } = at(this.#memory, e.buffer);
        return numberAt(data, this.#inside(this.evaluate(e.index), data));
      }
      case "guard":
        return this.evaluate(e.condition) ? this.evaluate(e.value) : this.evaluate(e.other);
      case "cast":
        return cast(this.evaluate(e.arg), e.arg.type, e.type);
      case "bitcast":
        return bitcast(this.evaluate(e.arg), e.arg.type, e.type);
      case "op": {
        const args = e.args.map((a) => this.evaluate(a));
        return operate(e, args);
      }
      default:
        throw new TypeError(`${e.kind} is no scalar expression of an operator`);
    }
  }
}

function operate(e: Expr & { readonly kind: "op" }, [x = 0, y = 0, z = 0]: readonly number[]): number {
  const type = at(e.args, e.args.length - 1).type;
  const float = type === "float32" || type === "float64";
  const integral = (value: number): number => {
    if (float) throw new TypeError(`${e.op} takes no ${type}`);
    return value;
  };
  switch (e.op) {
    case "neg":
      return round(-x, type);
    case "abs":
      if (!float) throw new TypeError("abs of an integer has no agreed overflow");
      return Math.abs(x);
    case "floor":
      return Math.floor(x);
    case "ceil":
      return Math.ceil(x);
    case "trunc":
      return Math.trunc(x);
    case "sqrt":
      return round(Math.sqrt(x), type);
    case "not":
      return type === "bool" ? 1 - x : integral(round(~x, type));
    case "add":
      return round(x + y, type);
    case "sub":
      return round(x - y, type);
    case "mul":
      return float || type === "index" ? round(x * y, type) : round(Math.imul(x, y), type);
    case "div":
    case "rem":
      if (float && e.op === "rem") throw new TypeError("rem takes no floats");
      if (float) return round(x / y, type);
      if (y === 0 || (type === "int32" && y === -1 && x === -(2 ** 31))) throw new RangeError(`${x} ${e.op} ${y} is not guarded`);
      return e.op === "div" ? Math.trunc(x / y) : x % y;
    case "min":
      return Math.min(x, y);
    case "max":
      return Math.max(x, y);
    case "and":
      return integral(round(x & y, type));
    case "or":
      return integral(round(x | y, type));
    case "xor":
      return integral(round(x ^ y, type));
    case "shl":
    case "shr":
      if (y < 0 || y > 31) throw new RangeError(`shift by ${y}`);
      return integral(e.op === "shl" ? round(x << y, type) : type === "uint32" ? x >>> y : x >> y);
    case "lt":
      return Number(x < y);
    case "le":
      return Number(x <= y);
    case "eq":
      return Number(x === y);
    case "ne":
      return Number(x !== y);
    case "select":
      return x ? y : z;
    case "fma":
      return round(x * y + z, type);
  }
}

function round(value: number, type: ComputeType): number {
  switch (type) {
    case "float32":
      return Math.fround(value);
    case "int32":
      return value | 0;
    case "uint32":
      return value >>> 0;
    default:
      return value;
  }
}

function cast(value: number, from: ComputeType, to: ComputeType): number {
  if (to === "bool") return Number(value !== 0);
  if (to === "float32" || to === "float64") return round(value, to);
  if (from !== "float32" && from !== "float64") return round(value, to);
  if (Number.isNaN(value)) return 0;
  const [low, high] = to === "uint32" ? [0, 2 ** 32 - 1] : [-(2 ** 31), 2 ** 31 - 1];
  return Math.max(low, Math.min(high, Math.trunc(value)));
}

function bitcast(value: number, from: ComputeType, to: ComputeType): number {
  if (from === "float32") word.setFloat32(0, value);
  else if (from === "int32") word.setInt32(0, value);
  else if (from === "uint32") word.setUint32(0, value);
  else throw new TypeError(`bitcast of ${from}`);
  if (to === "float32") return word.getFloat32(0);
  if (to === "int32") return word.getInt32(0);
  if (to === "uint32") return word.getUint32(0);
  throw new TypeError(`bitcast to ${to}`);
}

function fold(op: FoldOp, type: ComputeType, x: number, y: number): number {
  switch (op) {
    case "add":
      return round(x + y, type);
    case "mul":
      return type === "float32" || type === "float64" ? round(x * y, type) : round(Math.imul(x, y), type);
    case "min":
      return Math.min(x, y);
    case "max":
      return Math.max(x, y);
    case "and":
      return x & y;
    case "or":
      return x | y;
  }
}

/**
 * Runs a kernel over all of its items. `buffers` are those that a launch passes. Invocations of a group run one after the
 * other from one meeting to the next, in a new order each time, so that a missing barrier shows; combinations fold by halves.
 */
export function runKernel(kernel: Kernel, items: number, buffers: readonly Memory[]): void {
  const lanes = Array.from({ length: kernel.group?.size ?? 1 }, (_, lane) => lane);
  const own = ({ dtype, scratchSize }: Kernel["buffers"][number]): Memory => ({ shape: [scratchSize], dtype, data: new Float64Array(scratchSize).fill(NaN) });
  for (let item = 0; item < items; item++) {
    const shared = new Map(kernel.buffers.filter((b) => b.access === "shared").map((b) => [b, own(b)]));
    const machines = lanes.map((lane) => {
      let passed = 0;
      const machine = new LoopInterpreter(kernel.buffers.map((b) => (b.access === "scratch" ? own(b) : (shared.get(b) ?? at(buffers, passed++)))));
      machine.set(kernel.item, item);
      if (kernel.group) machine.set(kernel.group.lane, lane);
      return machine;
    });
    const invocations = machines.map((machine) => machine.invocation(kernel.body));
    for (let order = lanes; ; order = [...order.slice(1), ...order.slice(0, 1)].reverse()) {
      const reached = new Set(order.map((lane): Meeting | undefined => at(invocations, lane).next().value ?? undefined));
      if (reached.size !== 1) throw new TypeError("the invocations of a group meet in different places");
      const [meeting] = reached;
      if (!meeting) break;
      let values = meeting.kind === "combine" ? machines.map((machine) => machine.variable(meeting.variable)) : [0];
      while (meeting.kind === "combine" && values.length > 1) {
        const half = Math.ceil(values.length / 2);
        values = Array.from({ length: half }, (_, i) => (i + half < values.length ? fold(meeting.op, meeting.variable.type, at(values, i), at(values, i + half)) : at(values, i)));
      }
      for (const machine of machines) machine.resume(meeting, at(values, 0));
    }
  }
}

/** A product of matrices, element by element. */
function plainProduct(b: ExprBuilder, p: BlockProduct): Stmt {
  const loop = (variable: Variable, end: Expr, body: readonly Stmt[]): Stmt => ({ kind: "for", variable, begin: b.index(0), end, step: 1, body, vectorize: false });
  const [i, j, k] = [b.counter("i", p.rows.most), b.counter("j", p.columns.most), b.counter("k", p.steps.most)];
  const [row, column, step] = [b.ref(i), b.ref(j), b.ref(k)];
  const times = (e: Expr, n: number): Expr => b.mul(e, b.index(n));
  const sum = b.variable("sum", p.c.type);
  const place = b.add(times(row, p.rows.c), column);
  const product = b.mul(p.a.load(b.add(times(row, p.rows.a), times(step, p.steps.a))), p.b.load(b.add(times(step, p.steps.b), column)));
  return loop(i, p.rows.count, [
    loop(j, p.columns.count, [
      { kind: "mutable", variable: sum, value: p.adds ? p.c.load(place) : b.const(0, p.c.type) },
      loop(k, p.steps.count, [{ kind: "accumulate", variable: sum, op: "add", value: product }]),
      p.c.store(place, b.ref(sum)),
    ]),
  ]);
}

/** Runs the lowering of one node over the numbers of its inputs, element by element. */
export function runLowering(node: Node, inputs: readonly Float64Array[]): Float64Array[] {
  const b = new ExprBuilder();
  const results = node.outputs.map((v): Memory => ({ shape: v.shape, dtype: v.dtype, data: new Float64Array(sizeOf(v.shape)).fill(NaN) }));
  const memory = [...node.inputs.map((v, i): Memory => ({ shape: v.shape, dtype: v.dtype, data: at(inputs, i) })), ...results];
  const machine = new LoopInterpreter(memory);
  const slot = (output: number): number => node.inputs.length + output;
  const ctx = {
    attrs: node.attrs,
    inputs: node.inputs,
    outputs: node.outputs,
    operand: (i: number, index: readonly Expr[]): Expr => b.load(i, at(node.inputs, i).dtype, ravel(b, index, at(node.inputs, i).shape)),
    store: (output: number, index: readonly Expr[], value: Expr): Stmt => ({
      kind: "store",
      buffer: slot(output),
      index: ravel(b, index, at(results, output).shape),
      value,
    }),
    reload: (output: number, index: readonly Expr[]): Expr =>
      b.load(slot(output), at(results, output).dtype, ravel(b, index, at(results, output).shape)),
    scratch: (type: "float32" | "float64", size: number): Scratch => {
      const own = memory.push({ shape: [size], dtype: type, data: new Float64Array(size).fill(NaN) }) - 1;
      return { slot: own, type, load: (i) => b.load(own, type, i), store: (i, value) => ({ kind: "store", buffer: own, index: i, value }) };
    },
    tileColumns: () => 1,
    product: (p: BlockProduct): Stmt => plainProduct(b, p),
  };
  const counters = (sizes: Shape): Variable[] => sizes.map((size, i) => b.counter(`i${i}`, size));
  const refs = (variables: readonly Variable[]): Expr[] => variables.map((v) => b.ref(v));
  const overAll = (variables: readonly Variable[], sizes: Shape, visit: (position: number) => void): void =>
    forEachIndex(sizes, (index, position) => {
      variables.forEach((v, i) => machine.set(v, at(index, i)));
      visit(position);
    });
  const { lower } = node.op;
  const result = at(results, 0);
  switch (lower.kind) {
    case "leaf":
      throw new TypeError("a leaf has nothing to run");
    case "map": {
      const index = counters(result.shape);
      const element = lower.element(b, ctx, refs(index));
      overAll(index, result.shape, (position) => (result.data[position] = stored(machine.evaluate(element), result.dtype)));
      break;
    }
    case "reduce": {
      const extents = lower.extents(node.inputs, node.attrs);
      const [index, reduced] = [counters(result.shape), counters(extents)];
      const op = lower.fold(node.attrs);
      const element = lower.element(b, ctx, refs(index), refs(reduced));
      overAll(index, result.shape, (position) => {
        let total = foldIdentity(op, result.dtype);
        overAll(reduced, extents, () => (total = fold(op, element.type, total, machine.evaluate(element))));
        result.data[position] = stored(total, result.dtype);
      });
      break;
    }
    case "contraction": {
      const spec = lower.spec(b, ctx);
      const [batch, m, n, k] = [counters(spec.batch), counters(spec.m), counters(spec.n), counters(spec.k)];
      const product = b.mul(spec.lhs(refs(batch), refs(m), refs(k)), spec.rhs(refs(batch), refs(k), refs(n)));
      const place = ravel(b, spec.out(refs(batch), refs(m), refs(n)), result.shape);
      overAll([...batch, ...m, ...n], [...spec.batch, ...spec.m, ...spec.n], () => {
        let total = 0;
        overAll(k, spec.k, () => (total = fold("add", product.type, total, machine.evaluate(product))));
        // Sums of nothing leave the counters of k without a value; the place does not depend on them.
        result.data[machine.evaluate(place)] = stored(total, result.dtype);
      });
      break;
    }
    case "loops": {
      const { items, body } = lower.build(b, ctx);
      const item = b.counter("item", items);
      const stmts = body(b.ref(item));
      for (let i = 0; i < items; i++) {
        machine.set(item, i);
        machine.run(stmts);
      }
    }
  }
  return results.map((r) => r.data);
}
