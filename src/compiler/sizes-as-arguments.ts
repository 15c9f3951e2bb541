import { isComparison } from "../ir/scalar.js";
import type { Expr, Kernel, Stmt, Variable } from "../ir/loop.js";
import type { Program, Step } from "./program.js";
import { allExprs, nested, ownExprs } from "./walk.js";

type For = Extract<Stmt, { kind: "for" }>;

/** A kernel that takes its sizes as arguments, and what they are. */
interface SizedKernel {
  readonly kernel: Kernel;
  readonly ints: readonly number[];
}

/**
 * Passes the sizes that finished kernels hold as launch arguments, so that kernels which differ in nothing else are one for a
 * slow compiler. Each place gets an argument of its own, in the order of the text: whether two sizes happen to be equal must
 * not show.
 *
 * What the C compiler makes something of stays as it is: offsets from one address to the next, divisors in innermost loops,
 * short loops, which it unrolls, and how long a block or its whole vectors can be.
 */
export function sizesAsArguments(program: Program): Program {
  const items = new Map<number, number>();
  const note = (step: Step): void => {
    if (step.kind === "launch") items.set(step.kernel, step.items);
    else if (step.kind === "loop") step.body.forEach(note);
  };
  program.steps.forEach(note);
  const sized = program.kernels.map((kernel, k) => kernelOfSizes(kernel, items.get(k) ?? 1));
  return { ...program, kernels: sized.map(({ kernel }) => kernel), steps: withArguments(program.steps, sized.map(({ ints }) => ints)) };
}

/** The steps with more arguments for the launches of each kernel, after those that they have. */
export function withArguments(steps: readonly Step[], more: readonly (readonly number[])[]): Step[] {
  return steps.map((step): Step => {
    if (step.kind === "loop") return { ...step, body: withArguments(step.body, more) };
    return step.kind === "launch" ? { ...step, ints: [...step.ints, ...(more[step.kernel] ?? [])] } : step;
  });
}

function kernelOfSizes(kernel: Kernel, items: number): SizedKernel {
  const sizes = new Sizes(kernel, items);
  const body = sizes.stmts(kernel.body, "once");
  return { kernel: { ...kernel, body, intCount: kernel.intCount + sizes.ints.length }, ints: sizes.ints };
}

/** Whether statements run once for each item, in a loop around others, or in an innermost loop. */
type Position = "once" | "outer" | "inner";

/** Which constants of an expression become arguments: factors; divisors as well; summands too. */
type Which = "factors" | "divisors" | "all";

/** Loops of at most so many iterations, and statements in all of them, are straight code once the C compiler has unrolled them. */
const unrolledIterations = 16;
const unrolledStmts = 200;

/** What is below this is divided by an argument about as fast as by a constant (see `renderKernel`). */
const mostDividend = 2 ** 32;

class Sizes {
  readonly ints: number[] = [];
  readonly #first: number;
  readonly #oneItem: boolean;
  /** Named quotients, with what they were divided by. */
  readonly #quotients = new Map<Variable, number>();
  /** Those that are multiplied by it again: a length becomes one of whole vectors, and the C compiler knows how long it can be. */
  readonly #rounded = new Set<Variable>();
  #nextId = -1;

  constructor(kernel: Kernel, items: number) {
    this.#first = kernel.intCount;
    this.#oneItem = items === 1;
    this.#findRounded(kernel.body);
  }

  #findRounded(list: readonly Stmt[]): void {
    for (const s of list) {
      for (const e of allExprs(ownExprs(s))) {
        const [x, by] = e.kind === "op" && e.op === "mul" ? e.args : [];
        if (x?.kind === "var" && by?.kind === "const" && this.#quotients.get(x.variable) === by.value) this.#rounded.add(x.variable);
      }
      if (s.kind === "let" && s.value.kind === "op" && s.value.op === "div") {
        const [, by] = s.value.args;
        if (by?.kind === "const") this.#quotients.set(s.variable, by.value);
      }
      nested(s).forEach((inner) => this.#findRounded(inner));
    }
  }

  /** Whether this is a quotient times what it was divided by. */
  #rounds(e: Extract<Expr, { kind: "op" }>): boolean {
    const [x, by] = e.args;
    return e.op === "mul" && x?.kind === "var" && by?.kind === "const" && this.#rounded.has(x.variable) && this.#quotients.get(x.variable) === by.value;
  }

  stmts(list: readonly Stmt[], at: Position): readonly Stmt[] {
    return list.map((s) => this.#stmt(s, at));
  }

  #stmt(s: Stmt, at: Position): Stmt {
    const which = at === "once" ? "all" : at === "outer" ? "divisors" : "factors";
    switch (s.kind) {
      case "let":
        if (this.#rounded.has(s.variable)) return s;
        return { ...s, value: this.#expr(s.value, which) };
      case "mutable":
      case "assign":
      case "accumulate":
        return { ...s, value: this.#expr(s.value, which) };
      case "store":
        return { ...s, index: this.#expr(s.index, inAddress(which)), value: this.#expr(s.value, which) };
      case "if":
        return { ...s, condition: this.#expr(s.condition, which), then: this.stmts(s.then, at), otherwise: this.stmts(s.otherwise, at) };
      case "for":
        return this.#loop(s, at);
      case "barrier":
      case "combine":
        return s;
    }
  }

  #loop(s: For, at: Position): Stmt {
    // A loop that runs once in a whole launch need not be fast.
    if (unrolledLength(s) <= unrolledStmts && !(this.#oneItem && at === "once")) return s;
    const innermost = !s.body.some(holdsLoop);
    const [begin, end] = [this.#bound(s.begin), this.#bound(s.end)];
    return { ...s, begin, end, body: this.stmts(s.body, innermost ? "inner" : "outer") };
  }

  #bound(e: Expr): Expr {
    return e.kind === "const" && e.value !== 0 ? this.#argument(e) : this.#expr(e, "all");
  }

  #expr(e: Expr, which: Which): Expr {
    switch (e.kind) {
      case "const":
      case "var":
      case "int-arg":
        return e;
      case "load":
        return this.#remade({ ...e, index: this.#expr(e.index, inAddress(which)) });
      case "op":
        return this.#rounds(e) ? e : this.#remade({ ...e, args: this.#operands(e, which) });
      case "pack":
        // Lanes repeat each other.
        return which === "factors" ? e : this.#remade({ ...e, args: e.args.map((arg) => this.#expr(arg, which)) });
      case "cast":
      case "bitcast":
      case "splat":
      case "fold":
        return this.#remade({ ...e, arg: this.#expr(e.arg, which) });
      case "shuffle":
        return this.#remade({ ...e, a: this.#expr(e.a, which), b: this.#expr(e.b, which) });
      case "ramp":
        return this.#remade({ ...e, base: this.#expr(e.base, which) });
      case "guard":
        return this.#remade({ ...e, condition: this.#expr(e.condition, which), value: this.#expr(e.value, which), other: this.#expr(e.other, which) });
    }
  }

  #operands(e: Extract<Expr, { kind: "op" }>, which: Which): readonly Expr[] {
    const [first] = e.args;
    const divides = e.op === "div" || e.op === "rem";
    const limits = e.op === "min" || e.op === "max" || isComparison(e.op);
    // What is added to a limit is no offset.
    const inside = limits && which === "divisors" ? "all" : which;
    return e.args.map((arg, k) => {
      if (arg.kind !== "const" || arg.type !== "index") return this.#expr(arg, inside);
      // The most that a block may hold goes with its tiles.
      if (arg.value === 0 || e.op === "min" || e.op === "max") return arg;
      if (divides) return which !== "factors" && k === 1 && arg.value > 1 && first && first.min >= 0 && first.max < mostDividend ? this.#argument(arg, 2) : arg;
      return e.op === "mul" || inside === "all" ? this.#argument(arg) : arg;
    });
  }

  #argument(e: Extract<Expr, { kind: "const" }>, min = -Infinity): Expr {
    const slot = this.#first + this.ints.push(e.value) - 1;
    const { type, lanes } = e;
    return this.#remade({ kind: "int-arg", id: 0, slot, type, lanes, min, max: Infinity });
  }

  /** The same expression with other parts, and an id of its own. */
  #remade<E extends Expr>(e: E): E {
    return { ...e, id: this.#nextId-- };
  }
}

/** Offsets from one address to the next belong to the instructions. */
function inAddress(which: Which): Which {
  return which === "all" ? "divisors" : which;
}

/** Statements of a loop that is unrolled with all those inside, or Infinity if it is not. */
function unrolledLength(loop: For): number {
  const iterations = iterationsOf(loop);
  if (iterations > unrolledIterations) return Infinity;
  return iterations * loop.body.reduce((sum, s) => sum + 1 + (s.kind === "for" ? unrolledLength(s) : nested(s).reduce((inner, l) => inner + countStmts(l), 0)), 0);
}

function iterationsOf({ begin, end, step }: For): number {
  if (begin.kind === "const" && end.kind === "const") return Math.ceil((end.value - begin.value) / step);
  if (end.kind !== "op" || end.op !== "add" || end.args[0]?.id !== begin.id) return Infinity;
  const [, length] = end.args;
  return length?.kind === "const" ? Math.ceil(length.value / step) : Infinity;
}

function holdsLoop(s: Stmt): boolean {
  return s.kind === "for" || nested(s).some((list) => list.some(holdsLoop));
}

function countStmts(list: readonly Stmt[]): number {
  return list.reduce((sum, s) => sum + 1 + nested(s).reduce((inner, l) => inner + countStmts(l), 0), 0);
}
