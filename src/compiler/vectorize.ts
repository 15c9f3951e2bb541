import type { DType } from "../core/dtype.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr, FoldOp, Kernel, KernelBuffer, Stmt, Variable } from "../ir/loop.js";
import { identityOf } from "./draft.js";
import { jam } from "./jam.js";
import { factorOf } from "./loops.js";
import type { Target } from "./target.js";
import { splitAtGuards } from "./split-guards.js";
import { crossing, type For, transposeTiles } from "./transpose-tiles.js";
import { allExprs, copyStmts, nested, ownExprs, parts, rebuild, variablesOf } from "./walk.js";

/** Thrown where a loop cannot be run several iterations at a time; the loop then stays as it is. */
class NotVectorizable extends Error {}

/**
 * Runs the loops marked `vectorize` as many iterations at a time as fit a vector register, with a scalar loop for the
 * rest. Consecutive loads become vector loads, others are gathered; folds keep one partial result a lane.
 */
export function vectorize(b: ExprBuilder, kernel: Kernel, target: Target): Kernel {
  const storage = (buffer: number): DType => kernel.buffers[buffer]?.dtype ?? "float32";
  const split = rewrite(kernel.body, (loop) => splitAtGuards(b, loop, storage));
  const lanesOf = (loop: For): number => Math.floor(target.vectorBytes / widestElement(loop.body));
  const tiled = rewriteOuter(split, (loop) => squareTiles(b, kernel, loop, lanesOf(loop)));
  return { ...kernel, body: rewrite(tiled, (loop) => vectorLoops(b, kernel, loop, lanesOf(loop), target)) };
}

/** A pair of loops of which one read runs along the outer one, in squares that are transposed. */
function squareTiles(b: ExprBuilder, kernel: Kernel, outer: For, lanes: number): readonly Stmt[] | undefined {
  const pair = crossing(b, outer);
  if (!pair) return undefined;
  const { inner } = pair;
  const shortest = Math.min(b.sub(outer.end, outer.begin).max, b.sub(inner.end, inner.begin).max);
  let width = lanes;
  while (width > shortest) width /= 2;
  if (width < fewestLanes) return undefined;
  const storage = (buffer: number): DType => kernel.buffers[buffer]?.dtype ?? "float32";
  try {
    return transposeTiles(b, outer, pair, width, storage, (loop, body, vectors) => new LoopVectorizer(b, kernel.buffers, { ...loop, body }, width, vectors).body());
  } catch (error) {
    if (error instanceof NotVectorizable) return undefined;
    throw error;
  }
}

/** Loops around vector loops, replaced where `pair` gives something. */
function rewriteOuter(stmts: readonly Stmt[], pair: (outer: For) => readonly Stmt[] | undefined): Stmt[] {
  return stmts.flatMap((s): readonly Stmt[] => {
    if (s.kind === "for" && !s.vectorize) return pair(s) ?? [{ ...s, body: rewriteOuter(s.body, pair) }];
    if (s.kind === "if") return [{ ...s, then: rewriteOuter(s.then, pair), otherwise: rewriteOuter(s.otherwise, pair) }];
    return [s];
  });
}

/**
 * A loop as vectors of at most `lanes`, or so many of them at a time; what is left over of a known length goes on with half of a
 * vector, what is left of several with one.
 */
function vectorLoops(b: ExprBuilder, kernel: Kernel, loop: For, lanes: number, target: Target, atATime = isChain(loop) ? (target.interleaved ?? 1) : 1): readonly Stmt[] {
  const count = b.sub(loop.end, loop.begin);
  if (lanes < 2) return [loop];
  if (count.max < lanes) return lanes > fewestLanes ? vectorLoops(b, kernel, loop, lanes / 2, target, 1) : [loop];
  const wide = count.max < lanes * atATime ? lanes : lanes * atATime;
  try {
    const stmts = new LoopVectorizer(b, kernel.buffers, loop, wide).run(target.vectorRegisters);
    const last = stmts[stmts.length - 1];
    const next = wide > lanes ? lanes : count.kind === "const" && lanes > fewestLanes ? lanes / 2 : 0;
    if (next === 0 || last?.kind !== "for" || last.step !== 1) return stmts;
    return [...stmts.slice(0, -1), ...vectorLoops(b, kernel, last, next, target, 1)];
  } catch (error) {
    if (error instanceof NotVectorizable) return [loop];
    throw error;
  }
}

/** Operations for an element from which on they keep it waiting, and to which several elements' code stays short. */
const chain = { least: 24, most: 100 } as const;

/** Whether a loop's elements take many operations and add nothing up: sums have their own way (`foldsAtATime`). */
function isChain({ body }: For): boolean {
  if (body.some((s) => s.kind !== "let" && s.kind !== "store")) return false;
  const operations = allExprs(body.flatMap((s) => ownExprs(s))).filter((e) => e.kind === "op" && e.type !== "index").length;
  return operations >= chain.least && operations <= chain.most;
}

/** Vectors that a fold takes at a time: additions take about four cycles, and two can begin in each. */
const foldsAtATime = 4;

/** Vectors shorter than this gain little over scalars. */
const fewestLanes = 4;

function rewrite(stmts: readonly Stmt[], vector: (loop: For) => readonly Stmt[]): Stmt[] {
  return stmts.flatMap((s): readonly Stmt[] => {
    if (s.kind === "for") return s.vectorize ? vector(s) : [{ ...s, body: rewrite(s.body, vector) }];
    if (s.kind === "if") return [{ ...s, then: rewrite(s.then, vector), otherwise: rewrite(s.otherwise, vector) }];
    return [s];
  });
}

function widestElement(body: readonly Stmt[]): number {
  let widest = 4;
  for (const s of body) {
    if (allExprs(ownExprs(s)).some((e) => e.type === "float64")) widest = 8;
    for (const list of nested(s)) widest = Math.max(widest, widestElement(list));
  }
  return widest;
}

class LoopVectorizer {
  readonly #b: ExprBuilder;
  readonly #buffers: readonly KernelBuffer[];
  readonly #loop: For;
  readonly #lanes: number;
  /** Scalar variables of the body and what stands for them in the vector loop. */
  readonly #vectors = new Map<Variable, Variable>();
  readonly #known = new Map<number, Expr>();
  readonly #varying = new Map<number, boolean>();
  readonly #partials = new Map<Variable, { readonly variable: Variable; readonly op: FoldOp }>();

  /** `given` are vectors that are at hand, by the expression they stand for. */
  constructor(b: ExprBuilder, buffers: readonly KernelBuffer[], loop: For, lanes: number, given: ReadonlyMap<number, Expr> = new Map()) {
    this.#b = b;
    this.#buffers = buffers;
    this.#loop = loop;
    this.#lanes = lanes;
    for (const [id, vector] of given) this.#known.set(id, vector);
  }

  /** The body for one vector of iterations, without the loop. */
  body(): Stmt[] {
    return this.#stmts(this.#loop.body);
  }

  /** The vector loop and the loop for the rest, for a processor with so many vector registers. */
  run(registers: number): Stmt[] {
    const b = this.#b;
    const loop = this.#loop;
    if (loop.step !== 1) throw new NotVectorizable();
    const count = b.sub(loop.end, loop.begin);
    const whole = b.add(loop.begin, b.mul(b.div(count, b.index(this.#lanes)), b.index(this.#lanes)));
    // Where lanes cannot run over the end, divisions of their indexes are known to.
    const variable = b.variable(loop.variable.name, "index", 1, loop.variable.min, Math.max(loop.variable.min, Math.min(loop.variable.max, whole.max - this.#lanes)));
    this.#vectors.set(loop.variable, variable);
    const body = this.#stmts(loop.body);
    const before: Stmt[] = [];
    const after: Stmt[] = [];
    for (const [total, partial] of this.#partials) {
      const value = b.splat(identityOf(b, partial.op, total.type === "index" ? "int32" : total.type), this.#lanes);
      before.push({ kind: "mutable", variable: partial.variable, value });
      after.push({ kind: "accumulate", variable: total, op: partial.op, value: b.fold(partial.op, b.ref(partial.variable)) });
    }
    const vectorLoop: For = { ...loop, variable, end: whole, step: this.#lanes, body, vectorize: false };
    const restVariable = b.variable(loop.variable.name, "index", 1, loop.variable.min, loop.variable.max);
    const rest: Stmt = {
      ...loop,
      variable: restVariable,
      begin: whole,
      body: copyStmts(b, loop.body, new Map([[loop.variable, restVariable]]), (k) => this.#storage(k)),
      vectorize: false,
    };
    const noRest = whole === loop.end || (count.kind === "const" && count.value % this.#lanes === 0);
    const several = this.#unrolled(vectorLoop) ?? jam(b, vectorLoop, registers, (k) => this.#storage(k));
    return [...before, ...(several ?? [vectorLoop]), ...after, ...(noRest ? [] : [rest])];
  }

  /**
   * A loop that folds, several vectors at a time into partial results of their own, which do not wait for each other; what
   * is left over goes on with the first. Undefined where the loop does not fold, or is short.
   */
  #unrolled(loop: For): Stmt[] | undefined {
    const b = this.#b;
    const step = loop.step * foldsAtATime;
    const count = b.sub(loop.end, loop.begin);
    if (this.#partials.size === 0 || count.max < step || loop.body.some((s) => nested(s).length > 0)) return undefined;
    const end = b.add(loop.begin, b.mul(b.div(count, b.index(step)), b.index(step)));
    const before: Stmt[] = [];
    const after: Stmt[] = [];
    const body: Stmt[] = [...loop.body];
    for (let k = 1; k < foldsAtATime; k++) {
      const names = new Map<Variable, Variable>();
      for (const [total, { variable, op }] of this.#partials) {
        const own = this.#wide(total);
        names.set(variable, own);
        const value = b.splat(identityOf(b, op, total.type === "index" ? "int32" : total.type), this.#lanes);
        before.push({ kind: "mutable", variable: own, value });
        after.push({ kind: "accumulate", variable, op, value: b.ref(own) });
      }
      const moved = b.add(b.ref(loop.variable), b.index(k * loop.step));
      body.push(...copyStmts(b, loop.body, names, (slot) => this.#storage(slot), new Map([[b.ref(loop.variable).id, moved]])));
    }
    const variable = b.variable(loop.variable.name, "index", 1, loop.variable.min, loop.variable.max);
    const names = new Map([[loop.variable, variable]]);
    const left: Stmt = { ...loop, variable, begin: end, body: copyStmts(b, loop.body, names, (slot) => this.#storage(slot)) };
    const isWhole = end === loop.end || (count.kind === "const" && count.value % step === 0);
    return [...before, { ...loop, end, step, body }, ...(isWhole ? [] : [left]), ...after];
  }

  #storage(buffer: number): DType {
    const found = this.#buffers[buffer];
    if (!found) throw new RangeError(`kernel has no buffer ${buffer}`);
    return found.dtype;
  }

  #stmts(stmts: readonly Stmt[]): Stmt[] {
    return stmts.map((s) => this.#stmt(s));
  }

  #stmt(s: Stmt): Stmt {
    const b = this.#b;
    switch (s.kind) {
      case "let": {
        // A let that is the same for all lanes must stay a scalar: it may be an address.
        const varies = this.#varies(s.value);
        const variable = varies ? this.#wide(s.variable) : b.variable(s.variable.name, s.variable.type, 1, s.variable.min, s.variable.max);
        const value = varies ? this.#vector(s.value) : this.#uniform(s.value);
        this.#vectors.set(s.variable, variable);
        return { ...s, value, variable };
      }
      case "mutable": {
        const value = this.#vector(s.value);
        const variable = this.#wide(s.variable);
        this.#vectors.set(s.variable, variable);
        return { ...s, value, variable };
      }
      case "assign": {
        const variable = this.#vectors.get(s.variable);
        if (!variable || variable.lanes === 1) throw new NotVectorizable();
        return { ...s, variable, value: this.#vector(s.value) };
      }
      case "accumulate": {
        const variable = this.#vectors.get(s.variable);
        if (variable) return { ...s, variable, value: this.#vector(s.value) };
        const have = this.#partials.get(s.variable);
        if (have && have.op !== s.op) throw new NotVectorizable();
        const partial = have ?? { variable: this.#wide(s.variable), op: s.op };
        this.#partials.set(s.variable, partial);
        return { ...s, variable: partial.variable, value: this.#vector(s.value) };
      }
      case "store": {
        if (this.#factor(s.index) !== 1) throw new NotVectorizable();
        return { ...s, index: this.#uniform(s.index), value: this.#vector(s.value) };
      }
      case "if": {
        if (this.#varies(s.condition)) throw new NotVectorizable();
        return { ...s, condition: this.#uniform(s.condition), then: this.#stmts(s.then), otherwise: this.#stmts(s.otherwise) };
      }
      case "for": {
        if (this.#varies(s.begin) || this.#varies(s.end)) throw new NotVectorizable();
        const [begin, end] = [this.#uniform(s.begin), this.#uniform(s.end)];
        const variable = b.variable(s.variable.name, "index", 1, s.variable.min, s.variable.max);
        this.#vectors.set(s.variable, variable);
        return { ...s, begin, end, variable, body: this.#stmts(s.body), vectorize: false };
      }
      case "barrier":
      case "combine":
        throw new NotVectorizable();
    }
  }

  #wide(variable: Variable): Variable {
    if (variable.type === "index") throw new NotVectorizable();
    return this.#b.variable(variable.name, variable.type, this.#lanes);
  }

  #varies(e: Expr): boolean {
    const known = this.#varying.get(e.id);
    if (known !== undefined) return known;
    const varies =
      e.kind === "var" ? e.variable === this.#loop.variable || (this.#vectors.get(e.variable)?.lanes ?? 1) > 1 : parts(e).some((part) => this.#varies(part));
    this.#varying.set(e.id, varies);
    return varies;
  }

  /** How far an index moves from one lane to the next; undefined where it is no fixed step. */
  #factor(index: Expr): number | undefined {
    for (const variable of variablesOf(index)) if ((this.#vectors.get(variable)?.lanes ?? 1) > 1) return undefined;
    return factorOf(this.#b, index, this.#loop.variable);
  }

  /** The expression at lane 0, as a scalar, over the variables of the vector loop. */
  #uniform(e: Expr): Expr {
    return this.#lane(e, 0);
  }

  /** The expression as one lane sees it: the loop variable moved on by `lane`. */
  #lane(e: Expr, lane: number, known = new Map<number, Expr>()): Expr {
    const b = this.#b;
    const have = known.get(e.id);
    if (have) return have;
    let made: Expr;
    if (e.kind === "var") {
      const vector = this.#vectors.get(e.variable);
      if (vector && vector.lanes > 1) throw new NotVectorizable();
      const ref = b.ref(vector ?? e.variable);
      made = e.variable === this.#loop.variable ? b.add(ref, b.index(lane)) : ref;
    } else made = rebuild(b, e, (part) => this.#lane(part, lane, known), (k) => this.#storage(k));
    known.set(e.id, made);
    return made;
  }

  #perLane(e: Expr): Expr {
    return this.#b.pack(Array.from({ length: this.#lanes }, (_, lane) => this.#lane(e, lane)));
  }

  #vector(e: Expr): Expr {
    const known = this.#known.get(e.id);
    if (known) return known;
    const made = this.#varies(e) ? this.#spread(e) : this.#b.splat(this.#uniform(e), this.#lanes);
    this.#known.set(e.id, made);
    return made;
  }

  #spread(e: Expr): Expr {
    const b = this.#b;
    if (e.type === "index") return this.#positions(e, "int32");
    switch (e.kind) {
      case "var":
        return b.ref(this.#vectors.get(e.variable) ?? e.variable);
      case "load": {
        const factor = this.#factor(e.index);
        if (factor === 1) return b.load(e.buffer, this.#storage(e.buffer), this.#uniform(e.index), this.#lanes);
        return this.#perLane(e);
      }
      case "guard":
        if (this.#varies(e.condition)) return this.#perLane(e);
        return b.guard(this.#uniform(e.condition), this.#vector(e.value), this.#vector(e.other));
      case "cast":
        if (e.arg.type === "index") {
          return e.type === "int32" || e.type === "uint32" ? this.#positions(e.arg, e.type) : b.cast(this.#positions(e.arg, "int32"), e.type);
        }
        return b.cast(this.#vector(e.arg), e.type);
      case "bitcast":
        return b.bitcast(this.#vector(e.arg), e.type);
      case "op":
        return b.op(e.op, ...e.args.map((a) => this.#vector(a)));
      default:
        throw new NotVectorizable();
    }
  }

  /** Positions of all lanes as 32-bit numbers. */
  #positions(e: Expr, type: "int32" | "uint32"): Expr {
    const b = this.#b;
    const factor = this.#factor(e);
    if (factor === undefined) return b.pack(Array.from({ length: this.#lanes }, (_, lane) => b.cast(this.#lane(e, lane), type)));
    const base = b.cast(this.#uniform(e), type);
    if (factor === 1) return b.ramp(base, this.#lanes);
    const steps = b.mul(b.ramp(b.const(0, type), this.#lanes), b.splat(b.const(factor, type), this.#lanes));
    return b.add(b.splat(base, this.#lanes), steps);
  }
}
