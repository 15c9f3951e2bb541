import { dtypeInfo, type DType } from "../core/dtype.js";
import type { ComputeType, Expr, FoldOp, Variable } from "./loop.js";
import { isComparison, type ScalarOp } from "./scalar.js";

/**
 * Makes expressions of scalar operations. Equal expressions are one object with one id, constants are folded, and integer index arithmetic is
 * kept as sums of terms, so that `(i*28 + j) / 28` with 0 ≤ j < 28 is `i` without a separate simplifier.
 */
export class ScalarBuilder {
  /** Expressions made, by kind and what tells those of a kind apart: numbers where they are many, as text costs more. */
  readonly #interned = new Map<string, Map<number | string, Expr>>();
  /** Numbers for pairs of ids. */
  readonly #pairs = new Map<number, number>();
  readonly #linear = new Map<number, Linear>();
  #nextExpr = 0;
  #nextVariable = 0;

  /** The expression of `table` with the key, if it was made before. */
  #find(table: string, key: number | string): Expr | undefined {
    return this.#interned.get(table)?.get(key);
  }

  #keep<E extends Expr>(table: string, key: number | string, made: E): E {
    const known = this.#interned.get(table);
    if (known) known.set(key, made);
    else this.#interned.set(table, new Map([[key, made]]));
    return made;
  }

  #pair(a: number, b: number): number {
    const key = a * idLimit + b;
    let pair = this.#pairs.get(key);
    if (pair === undefined) this.#pairs.set(key, (pair = this.#pairs.size));
    return pair;
  }

  /** One number for the ids of the arguments of an operation that takes as many as these. */
  #argumentsKey(args: readonly Expr[]): number {
    let key = args[0]?.id ?? 0;
    for (let i = 1; i < args.length; i++) key = (i === 1 ? key : this.#pair(Math.floor(key / idLimit), key % idLimit)) * idLimit + (args[i]?.id ?? 0);
    return key;
  }

  variable(name: string, type: ComputeType, lanes = 1, min = -Infinity, max = Infinity): Variable {
    return { id: this.#nextVariable++, name, type, lanes, min, max };
  }

  /** A loop counter that runs over 0 … size−1. */
  counter(name: string, size: number): Variable {
    return this.variable(name, "index", 1, 0, Math.max(0, size - 1));
  }

  ref(variable: Variable): Expr {
    const { id: key, type, lanes, min, max } = variable;
    return this.#find("var", key) ?? this.#keep("var", key, { id: this.#nextExpr++, kind: "var", variable, type, lanes, min, max });
  }

  const(value: number, type: ComputeType): Expr {
    const wrapped = wrapConstant(value, type);
    const key = Object.is(wrapped, -0) ? "-0" : wrapped;
    return this.#find(type, key) ?? this.#keep(type, key, { id: this.#nextExpr++, kind: "const", value: wrapped, type, lanes: 1, min: wrapped, max: wrapped });
  }

  index(value: number): Expr {
    return this.const(value, "index");
  }

  intArg(slot: number, min = 0, max = Infinity): Expr {
    return this.#find("int-arg", slot) ?? this.#keep("int-arg", slot, { id: this.#nextExpr++, kind: "int-arg", slot, type: "index", lanes: 1, min, max });
  }

  load(buffer: number, dtype: DType, index: Expr, lanes = 1): Expr {
    const type = dtypeInfo[dtype].compute;
    const key = (index.id * bufferLimit + buffer) * laneLimit + lanes;
    return this.#find(loadTables[type], key) ?? this.#keep(loadTables[type], key, { id: this.#nextExpr++, kind: "load", buffer, index, type, lanes, min: -Infinity, max: Infinity });
  }

  guard(condition: Expr, value: Expr, other: Expr): Expr {
    if (condition.kind === "const") return condition.value ? value : other;
    if (value === other) return value;
    const { type, lanes } = value;
    const key = this.#argumentsKey([condition, value, other]);
    return this.#find("guard", key) ?? this.#keep("guard", key, { id: this.#nextExpr++, kind: "guard", condition, value, other, type, lanes, min: -Infinity, max: Infinity });
  }

  splat(arg: Expr, lanes: number): Expr {
    if (arg.lanes === lanes) return arg;
    const { type, min, max } = arg;
    const key = arg.id * laneLimit + lanes;
    return this.#find("splat", key) ?? this.#keep("splat", key, { id: this.#nextExpr++, kind: "splat", arg, type, lanes, min, max });
  }

  pack(args: readonly Expr[]): Expr {
    const first = args[0];
    if (!first) throw new RangeError("pack needs at least one lane");
    if (args.every((a) => a === first)) return this.splat(first, args.length);
    const key = args.map((a) => a.id).join();
    return this.#find("pack", key) ?? this.#keep("pack", key, { id: this.#nextExpr++, kind: "pack", args, type: first.type, lanes: args.length, min: -Infinity, max: Infinity });
  }

  shuffle(a: Expr, b: Expr, pattern: readonly number[]): Expr {
    const { length: lanes } = pattern;
    const key = `${a.id},${b.id}:${pattern.join()}`;
    return this.#find("shuffle", key) ?? this.#keep("shuffle", key, { id: this.#nextExpr++, kind: "shuffle", a, b, pattern, type: a.type, lanes, min: -Infinity, max: Infinity });
  }

  ramp(base: Expr, lanes: number): Expr {
    const key = base.id * laneLimit + lanes;
    return this.#find("ramp", key) ?? this.#keep("ramp", key, { id: this.#nextExpr++, kind: "ramp", base, type: base.type, lanes, min: -Infinity, max: Infinity });
  }

  fold(op: FoldOp, arg: Expr): Expr {
    if (arg.lanes === 1) return arg;
    const key = `${op}:${arg.id}`;
    return this.#find("fold", key) ?? this.#keep("fold", key, { id: this.#nextExpr++, kind: "fold", op, arg, type: arg.type, lanes: 1, min: -Infinity, max: Infinity });
  }

  cast(arg: Expr, type: ComputeType): Expr {
    if (arg.type === type) return arg;
    if (arg.kind === "const") return this.const(castConstant(arg.value, arg.type, type), type);
    if (arg.kind === "splat") return this.splat(this.cast(arg.arg, type), arg.lanes);
    const integral = type === "index" || type === "int32" || type === "uint32";
    const keeps = integral && (arg.type === "index" || arg.type === "int32") && arg.min >= (type === "uint32" ? 0 : -(2 ** 31)) && arg.max < 2 ** 31;
    const [min, max] = keeps ? [arg.min, arg.max] : type === "index" ? [-(2 ** 31), 2 ** 32 - 1] : [-Infinity, Infinity];
    const { lanes } = arg;
    return this.#find(castTables[type], arg.id) ?? this.#keep(castTables[type], arg.id, { id: this.#nextExpr++, kind: "cast", arg, type, lanes, min, max });
  }

  bitcast(arg: Expr, type: ComputeType): Expr {
    if (arg.type === type) return arg;
    if (arg.kind === "bitcast") return this.bitcast(arg.arg, type);
    const { lanes } = arg;
    return this.#find(bitcastTables[type], arg.id) ?? this.#keep(bitcastTables[type], arg.id, { id: this.#nextExpr++, kind: "bitcast", arg, type, lanes, min: -Infinity, max: Infinity });
  }

  op(op: ScalarOp, ...args: readonly Expr[]): Expr {
    let lanes = 1;
    let even = true;
    for (const arg of args) {
      even &&= arg.lanes === args[0]?.lanes;
      lanes = Math.max(lanes, arg.lanes);
    }
    const wide = even ? args : args.map((a) => this.splat(a, lanes));
    const simple = this.#simplify(op, wide);
    if (simple) return simple;
    const type = isComparison(op) ? "bool" : (op === "select" ? wide[1] : wide[0])?.type;
    if (!type) throw new RangeError(`${op} needs arguments`);
    if (type === "index" && lanes === 1 && (op === "add" || op === "sub" || op === "mul")) {
      const linear = this.#combine(op, wide);
      if (linear) return this.#fromLinear(linear);
    }
    return this.#raw(op, type, lanes, wide);
  }

  #raw(op: ScalarOp, type: ComputeType, lanes: number, args: readonly Expr[]): Expr {
    const key = this.#argumentsKey(args);
    const have = this.#find(op, key);
    if (have) return have;
    const [min, max] = type === "index" ? rangeOf(op, args) : [-Infinity, Infinity];
    return this.#keep(op, key, { id: this.#nextExpr++, kind: "op", op, args, type, lanes, min, max });
  }

  add(a: Expr, b: Expr): Expr {
    return this.op("add", a, b);
  }
  sub(a: Expr, b: Expr): Expr {
    return this.op("sub", a, b);
  }
  mul(a: Expr, b: Expr): Expr {
    return this.op("mul", a, b);
  }
  div(a: Expr, b: Expr): Expr {
    return this.op("div", a, b);
  }
  rem(a: Expr, b: Expr): Expr {
    return this.op("rem", a, b);
  }
  min(a: Expr, b: Expr): Expr {
    return this.op("min", a, b);
  }
  max(a: Expr, b: Expr): Expr {
    return this.op("max", a, b);
  }
  lt(a: Expr, b: Expr): Expr {
    return this.op("lt", a, b);
  }
  le(a: Expr, b: Expr): Expr {
    return this.op("le", a, b);
  }
  eq(a: Expr, b: Expr): Expr {
    return this.op("eq", a, b);
  }
  ne(a: Expr, b: Expr): Expr {
    return this.op("ne", a, b);
  }
  and(a: Expr, b: Expr): Expr {
    return this.op("and", a, b);
  }
  or(a: Expr, b: Expr): Expr {
    return this.op("or", a, b);
  }
  not(a: Expr): Expr {
    return this.op("not", a);
  }
  neg(a: Expr): Expr {
    return this.op("neg", a);
  }
  abs(a: Expr): Expr {
    return this.op("abs", a);
  }
  select(condition: Expr, a: Expr, b: Expr): Expr {
    return this.op("select", condition, a, b);
  }

  #simplify(op: ScalarOp, args: readonly Expr[]): Expr | undefined {
    const [a, b, c] = args;
    if (!a) return undefined;
    if (op === "select" && b && c) {
      if (b === c) return b;
      const condition = constantOf(a);
      if (condition !== undefined) return condition ? b : c;
      return undefined;
    }
    const av = constantOf(a);
    const bv = b && constantOf(b);
    const lanes = a.lanes;
    if (a.type === "bool" && b) {
      if (op === "and") {
        if (av !== undefined) return av ? b : a;
        if (bv !== undefined) return bv ? a : b;
        if (a === b) return a;
      }
      if (op === "or") {
        if (av !== undefined) return av ? a : b;
        if (bv !== undefined) return bv ? b : a;
        if (a === b) return a;
      }
      return undefined;
    }
    if (a.type === "bool" && op === "not" && av !== undefined) return this.splat(this.const(av ? 0 : 1, "bool"), lanes);
    if (a.type === "index" && b && lanes === 1) return this.#simplifyIndex(op, a, b, av, bv);
    if (a.type === "index" || a.type === "bool") return undefined;
    if (av !== undefined && (!b || bv !== undefined)) {
      const values = args.map(constantOf);
      const value = values.every((v) => v !== undefined) ? foldNumber(op, a.type, values) : undefined;
      if (value !== undefined) return this.splat(this.const(value, isComparison(op) ? "bool" : a.type), lanes);
    }
    // Only what holds for every number, NaN and signed zeros included.
    if (b && ((op === "mul" && bv === 1) || (op === "sub" && Object.is(bv, 0)) || (op === "add" && Object.is(bv, -0)))) return a;
    if (b && ((op === "mul" && av === 1) || (op === "add" && Object.is(av, -0)))) return b;
    if (op === "div" && bv === 1) return a;
    if (op === "neg" && a.kind === "op" && a.op === "neg") return a.args[0];
    return undefined;
  }

  #simplifyIndex(op: ScalarOp, a: Expr, b: Expr, av: number | undefined, bv: number | undefined): Expr | undefined {
    const yes = (value: boolean): Expr => this.const(value ? 1 : 0, "bool");
    if (av !== undefined && bv !== undefined) {
      const value = foldIndex(op, av, bv);
      return value === undefined ? undefined : isComparison(op) ? yes(value !== 0) : this.index(value);
    }
    switch (op) {
      case "lt":
        if (a.max < b.min) return yes(true);
        if (a.min >= b.max) return yes(false);
        return undefined;
      case "le":
        if (a.max <= b.min) return yes(true);
        if (a.min > b.max) return yes(false);
        return undefined;
      case "eq":
        if (a === b) return yes(true);
        if (a.max < b.min || a.min > b.max) return yes(false);
        return undefined;
      case "ne":
        if (a === b) return yes(false);
        if (a.max < b.min || a.min > b.max) return yes(true);
        return undefined;
      case "min":
        return a.max <= b.min ? a : b.max <= a.min ? b : undefined;
      case "max":
        return a.min >= b.max ? a : b.min >= a.max ? b : undefined;
      case "div":
        return bv === undefined ? undefined : this.#divide(a, bv).quotient;
      case "rem":
        return bv === undefined ? undefined : this.#divide(a, bv).remainder;
      default:
        return undefined;
    }
  }

  /** Division by a positive constant of something that is never negative, taken apart by terms. */
  #divide(a: Expr, divisor: number): { quotient: Expr | undefined; remainder: Expr | undefined } {
    if (divisor === 1) return { quotient: a, remainder: this.index(0) };
    if (divisor <= 0 || a.min < 0) return { quotient: undefined, remainder: undefined };
    if (a.max < divisor) return { quotient: this.index(0), remainder: a };
    const linear = this.#toLinear(a);
    const whole: Linear = { terms: new Map(), constant: Math.floor(linear.constant / divisor) };
    const rest: Linear = { terms: new Map(), constant: linear.constant - whole.constant * divisor };
    for (const [term, factor] of linear.terms) {
      if (factor % divisor === 0) whole.terms.set(term, factor / divisor);
      else rest.terms.set(term, factor);
    }
    const remaining = this.#fromLinear(rest);
    const none = { quotient: undefined, remainder: undefined };
    if (remaining.min < 0) return none;
    const [first, d] = [this.#fromLinear(whole), this.index(divisor)];
    if (remaining.max < divisor) return { quotient: first, remainder: remaining };
    const coarse = this.#divideCoarsely(rest, divisor);
    if (coarse) return { quotient: this.add(first, coarse.quotient), remainder: coarse.remainder };
    if (whole.terms.size === 0 && whole.constant === 0) return none;
    return { quotient: this.add(first, this.div(remaining, d)), remainder: this.rem(remaining, d) };
  }

  /** (g·x + y) / (g·d) is x / d where 0 ≤ y < g, and the remainder g·(x % d) + y. */
  #divideCoarsely(sum: Linear, divisor: number): { quotient: Expr; remainder: Expr } | undefined {
    for (const g of new Set([...sum.terms.values()].map((factor) => greatestDivisor(Math.abs(factor), divisor)))) {
      if (g === 1) continue;
      const constant = Math.floor(sum.constant / g);
      const multiples = [...sum.terms].filter(([, factor]) => factor % g === 0);
      const rest = [...sum.terms].filter(([, factor]) => factor % g !== 0);
      const x = this.#fromLinear({ terms: new Map(multiples.map(([term, factor]) => [term, factor / g])), constant });
      const y = this.#fromLinear({ terms: new Map(rest), constant: sum.constant - constant * g });
      if (x.min < 0 || y.min < 0 || y.max >= g) continue;
      const d = this.index(divisor / g);
      return { quotient: this.div(x, d), remainder: this.add(this.mul(this.rem(x, d), this.index(g)), y) };
    }
    return undefined;
  }

  /** The expression as a sum of factor·term + constant, where no term is itself a sum. */
  linearTerms(e: Expr): { readonly terms: ReadonlyMap<Expr, number>; readonly constant: number } {
    return this.#toLinear(e);
  }

  #toLinear(e: Expr): Linear {
    if (e.kind === "const") return { terms: new Map(), constant: e.value };
    return this.#linear.get(e.id) ?? { terms: new Map([[e, 1]]), constant: 0 };
  }

  #combine(op: "add" | "sub" | "mul", args: readonly Expr[]): Linear | undefined {
    const [a, b] = args.map((e) => this.#toLinear(e));
    if (!a || !b) return undefined;
    if (op === "mul") {
      if (b.terms.size === 0) return scaleLinear(a, b.constant);
      if (a.terms.size === 0) return scaleLinear(b, a.constant);
      return undefined;
    }
    return addLinear(a, op === "add" ? b : scaleLinear(b, -1));
  }

  /** (m / s)·s + (m % s) is m, and ((m / s) % t)·s + (m % s) is m % (s·t): what a reshape took apart comes together again. */
  #rejoin(linear: Linear): Linear {
    for (const [term, factor] of linear.terms) {
      if (term.kind !== "op" || term.op !== "rem") continue;
      const [m, s] = term.args;
      if (!m || s?.kind !== "const" || s.value <= 0 || m.min < 0) continue;
      for (const [other, otherFactor] of linear.terms) {
        if (otherFactor !== factor * s.value || other.kind !== "op") continue;
        const [part, of] = other.op === "rem" ? other.args : [other];
        if (!part || (of && of.kind !== "const") || !isQuotient(part, m, s.value)) continue;
        const whole = of ? this.rem(m, this.index(s.value * of.value)) : m;
        const rest = new Map(linear.terms);
        rest.delete(term);
        rest.delete(other);
        return this.#rejoin(addLinear({ terms: rest, constant: linear.constant }, scaleLinear(this.#toLinear(whole), factor)));
      }
    }
    return linear;
  }

  #fromLinear(given: Linear): Expr {
    const linear = this.#rejoin(given);
    let sum: Expr | undefined;
    const sorted = [...linear.terms].sort(([a], [b]) => a.id - b.id);
    const whole = sorted[0];
    if (sorted.length === 1 && linear.constant === 0 && whole?.[1] === 1) return whole[0];
    for (const [term, factor] of sorted) {
      const scaled = factor === 1 ? term : this.#raw("mul", "index", 1, [term, this.index(factor)]);
      sum = sum ? this.#raw("add", "index", 1, [sum, scaled]) : scaled;
    }
    if (!sum) return this.index(linear.constant);
    if (linear.constant !== 0) sum = this.#raw("add", "index", 1, [sum, this.index(linear.constant)]);
    this.#linear.set(sum.id, linear);
    return sum;
  }
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** Whether an expression is m / s, in one division or several. */
function isQuotient(e: Expr, m: Expr, s: number): boolean {
  const [quotient, whole] = [divided(e), divided(m)];
  return quotient.of === whole.of && quotient.by === whole.by * s;
}

/** What an expression divides by constants, and by how much in all. */
function divided(e: Expr): { readonly of: Expr; readonly by: number } {
  let [of, by] = [e, 1];
  while (of.kind === "op" && of.op === "div") {
    const [n, c] = of.args;
    if (!n || n.min < 0 || c?.kind !== "const" || c.value <= 0) break;
    [of, by] = [n, by * c.value];
  }
  return { of, by };
}

/** Ids stay below this, so that two make one whole number; as do buffers and lanes their own limits. */
const idLimit = 2 ** 26;
const bufferLimit = 2 ** 16;
const laneLimit = 2 ** 10;

const tablesOf = (kind: string): Readonly<Record<ComputeType, string>> => ({
  float32: `${kind} float32`,
  float64: `${kind} float64`,
  int32: `${kind} int32`,
  uint32: `${kind} uint32`,
  bool: `${kind} bool`,
  index: `${kind} index`,
});
const [loadTables, castTables, bitcastTables] = [tablesOf("load"), tablesOf("cast"), tablesOf("bitcast")];

interface Linear {
  readonly terms: Map<Expr, number>;
  readonly constant: number;
}

function addLinear(a: Linear, b: Linear): Linear {
  const terms = new Map(a.terms);
  for (const [term, factor] of b.terms) {
    const sum = (terms.get(term) ?? 0) + factor;
    if (sum === 0) terms.delete(term);
    else terms.set(term, sum);
  }
  return { terms, constant: a.constant + b.constant };
}

function scaleLinear(a: Linear, by: number): Linear {
  if (by === 0) return { terms: new Map(), constant: 0 };
  return { terms: new Map([...a.terms].map(([t, f]) => [t, f * by])), constant: a.constant * by };
}

/** The value of a constant or of a splatted one. */
export function constantOf(e: Expr): number | undefined {
  if (e.kind === "const") return e.value;
  return e.kind === "splat" ? constantOf(e.arg) : undefined;
}

function wrapConstant(value: number, type: ComputeType): number {
  switch (type) {
    case "float32":
      return Math.fround(value);
    case "int32":
      return value | 0;
    case "uint32":
      return value >>> 0;
    case "bool":
      return value ? 1 : 0;
    case "float64":
    case "index":
      return value;
  }
}

function castConstant(value: number, from: ComputeType, to: ComputeType): number {
  // Integers wrap, floats saturate.
  if (from !== "float32" && from !== "float64") return value;
  switch (to) {
    case "int32":
      return Number.isNaN(value) ? 0 : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(value)));
    case "uint32":
      return Number.isNaN(value) ? 0 : Math.max(0, Math.min(2 ** 32 - 1, Math.trunc(value)));
    case "index":
      return Math.trunc(value);
    default:
      return value;
  }
}

/** The result of an operation on constants, rounded or wrapped by the caller; undefined where it is left to run time. */
function foldNumber(op: ScalarOp, type: ComputeType, values: readonly number[]): number | undefined {
  const [a = 0, b = 0, c = 0] = values;
  const float = type === "float32" || type === "float64";
  switch (op) {
    case "neg":
      return -a;
    case "add":
      return a + b;
    case "sub":
      return a - b;
    case "mul":
      return float ? a * b : Math.imul(a, b);
    case "div":
      return float ? a / b : undefined;
    case "lt":
      return a < b ? 1 : 0;
    case "le":
      return a <= b ? 1 : 0;
    case "eq":
      return a === b ? 1 : 0;
    case "ne":
      return a !== b ? 1 : 0;
    case "and":
      return float ? undefined : a & b;
    case "or":
      return float ? undefined : a | b;
    case "xor":
      return float ? undefined : a ^ b;
    case "shl":
      return float ? undefined : a << b;
    case "shr":
      return type === "int32" ? a >> b : type === "uint32" ? a >>> b : undefined;
    case "floor":
      return Math.floor(a);
    case "ceil":
      return Math.ceil(a);
    case "trunc":
      return Math.trunc(a);
    case "sqrt":
      return Math.sqrt(a);
    case "abs":
      return Math.abs(a);
    case "min":
      return Math.min(a, b);
    case "max":
      return Math.max(a, b);
    case "fma":
      return float ? undefined : Math.imul(a, b) + c;
    default:
      return undefined;
  }
}

function foldIndex(op: ScalarOp, a: number, b: number): number | undefined {
  switch (op) {
    case "add":
      return a + b;
    case "sub":
      return a - b;
    case "mul":
      return a * b;
    case "div":
      return b === 0 ? undefined : Math.trunc(a / b);
    case "rem":
      return b === 0 ? undefined : a % b;
    case "min":
      return Math.min(a, b);
    case "max":
      return Math.max(a, b);
    case "lt":
      return a < b ? 1 : 0;
    case "le":
      return a <= b ? 1 : 0;
    case "eq":
      return a === b ? 1 : 0;
    case "ne":
      return a !== b ? 1 : 0;
    default:
      return undefined;
  }
}

function rangeOf(op: ScalarOp, args: readonly Expr[]): [number, number] {
  const [a, b, c] = args;
  if (!a || !b) return [-Infinity, Infinity];
  switch (op) {
    case "add":
      return [a.min + b.min, a.max + b.max];
    case "sub":
      return [a.min - b.max, a.max - b.min];
    case "mul": {
      const products = [a.min * b.min, a.min * b.max, a.max * b.min, a.max * b.max].map((p) => (Number.isNaN(p) ? 0 : p));
      return [Math.min(...products), Math.max(...products)];
    }
    case "div":
      return b.min > 0 && a.min >= 0 ? [Math.floor(a.min / b.max), Math.floor(a.max / b.min)] : [-Infinity, Infinity];
    case "rem":
      return b.min > 0 && a.min >= 0 ? [0, Math.min(a.max, b.max - 1)] : [-Infinity, Infinity];
    case "min":
      return [Math.min(a.min, b.min), Math.min(a.max, b.max)];
    case "max":
      return [Math.max(a.min, b.min), Math.max(a.max, b.max)];
    case "select":
      return c ? [Math.min(b.min, c.min), Math.max(b.max, c.max)] : [-Infinity, Infinity];
    default:
      return [-Infinity, Infinity];
  }
}
