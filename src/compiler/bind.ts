import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr, Kernel, Stmt, Variable } from "../ir/loop.js";
import { nested, ownExprs, parts, rebuild } from "./walk.js";

/** A statement list of a kernel, as a place where expressions can be bound. */
interface Block {
  readonly depth: number;
  readonly parent: Block | undefined;
  /** Whether entering the block depends on a condition: loads may not be moved out of it. */
  readonly conditional: boolean;
}

/**
 * Gives names to what is computed more than once or does not change in a loop, in the outermost block where everything
 * it depends on is known. Afterwards every expression is evaluated as written: backends need no analysis of their own.
 */
export function bindExpressions(b: ExprBuilder, kernel: Kernel): Kernel {
  const writable = new Set(kernel.buffers.flatMap((buffer, k) => (buffer.access === "read" ? [] : [k])));
  const mutable = new Set<Variable>();
  const findMutable = (stmts: readonly Stmt[]): void => {
    for (const s of stmts) {
      if (s.kind === "mutable") mutable.add(s.variable);
      nested(s).forEach(findMutable);
    }
  };
  findMutable(kernel.body);
  return { ...kernel, body: new Binder(b, kernel, writable, mutable).run() };
}

class Binder {
  readonly #b: ExprBuilder;
  readonly #kernel: Kernel;
  readonly #writable: ReadonlySet<number>;
  readonly #mutable: ReadonlySet<Variable>;
  /** Where variables are declared. */
  readonly #declared = new Map<Variable, Block>();
  readonly #blocks = new Map<readonly Stmt[], Block>();
  /** How often an expression is used, and in how deep a block. */
  readonly #uses = new Map<number, { count: number; deepest: number }>();
  /** Where expressions can be named, for each block that is entered on a condition: loads stay inside. */
  readonly #homes = new Map<Block | undefined, Map<number, Block | undefined>>();
  readonly #guarded = new Map<number, boolean>();
  readonly #loads = new Map<number, boolean>();
  readonly #bound = new Map<number, Variable>();
  /** What the block being emitted has named: the names end with it. */
  #scope: number[] = [];

  constructor(b: ExprBuilder, kernel: Kernel, writable: ReadonlySet<number>, mutable: ReadonlySet<Variable>) {
    this.#b = b;
    this.#kernel = kernel;
    this.#writable = writable;
    this.#mutable = mutable;
  }

  run(): Stmt[] {
    const root: Block = { depth: 0, parent: undefined, conditional: false };
    this.#declared.set(this.#kernel.item, root);
    this.#scan(this.#kernel.body, root);
    return this.#emit(this.#kernel.body);
  }

  #scan(stmts: readonly Stmt[], block: Block): void {
    this.#blocks.set(stmts, block);
    for (const s of stmts) {
      for (const e of ownExprs(s)) this.#count(e, block, false);
      if (s.kind === "let" || s.kind === "mutable") this.#declared.set(s.variable, block);
      for (const list of nested(s)) {
        const inner: Block = { depth: block.depth + 1, parent: block, conditional: s.kind === "if" };
        if (s.kind === "for") this.#declared.set(s.variable, inner);
        this.#scan(list, inner);
      }
    }
  }

  /** Counts one use; parts are counted once for each distinct whole that uses them. */
  #count(e: Expr, block: Block, guarded: boolean): void {
    const wasGuarded = this.#guarded.get(e.id) === true;
    if (!guarded) this.#guarded.set(e.id, false);
    else if (!this.#guarded.has(e.id)) this.#guarded.set(e.id, true);
    const uses = this.#uses.get(e.id);
    if (uses) {
      uses.count++;
      uses.deepest = Math.max(uses.deepest, block.depth);
      // The parts of a shared expression are evaluated once, unless another use lies behind no guard.
      if (guarded || !wasGuarded) return;
    } else this.#uses.set(e.id, { count: 1, deepest: block.depth });
    if (e.kind === "guard") {
      this.#count(e.condition, block, guarded);
      this.#count(e.value, block, true);
      this.#count(e.other, block, true);
    } else for (const part of parts(e)) this.#count(part, block, guarded);
  }

  /** The block in which an expression can be named; undefined where it must stay in place. */
  #home(e: Expr, from: Block): Block | undefined {
    const floor = conditionalFloor(from);
    const known = this.#homes.get(floor) ?? new Map<number, Block | undefined>();
    this.#homes.set(floor, known);
    return this.#homeAbove(e, rootOf(from), floor, known);
  }

  #homeAbove(e: Expr, root: Block, floor: Block | undefined, known: Map<number, Block | undefined>): Block | undefined {
    if (known.has(e.id)) return known.get(e.id);
    let home: Block | undefined = root;
    if (e.kind === "var") home = this.#mutable.has(e.variable) ? undefined : (this.#declared.get(e.variable) ?? home);
    else if (e.kind === "load") home = this.#writable.has(e.buffer) ? undefined : (floor ?? home);
    for (const part of parts(e)) {
      const inner = this.#homeAbove(part, root, floor, known);
      if (!inner || !home) home = undefined;
      else if (inner.depth > home.depth) home = inner;
    }
    known.set(e.id, home);
    return home;
  }

  #emit(stmts: readonly Stmt[]): Stmt[] {
    const block = this.#blocks.get(stmts);
    if (!block) return [];
    const out: Stmt[] = [];
    const outer = this.#scope;
    this.#scope = [];
    for (const s of stmts) {
      this.#bindFor(s, block, out, block);
      const inner = nested(s);
      if (s.kind === "for") out.push({ ...s, begin: this.#use(s.begin), end: this.#use(s.end), body: this.#emit(s.body) });
      else if (s.kind === "if") {
        out.push({ ...s, condition: this.#use(s.condition), then: this.#emit(inner[0] ?? []), otherwise: this.#emit(inner[1] ?? []) });
      } else if (s.kind === "store") out.push({ ...s, index: this.#use(s.index), value: this.#use(s.value) });
      else if (s.kind === "barrier" || s.kind === "combine") out.push(s);
      else out.push({ ...s, value: this.#use(s.value) });
    }
    for (const id of this.#scope) this.#bound.delete(id);
    this.#scope = outer;
    return out;
  }

  /** Names, before statement `s`, everything in it that belongs to `home`. */
  #bindFor(s: Stmt, home: Block, out: Stmt[], at: Block): void {
    const seen = new Set<number>();
    const visit = (stmt: Stmt, block: Block): void => {
      for (const e of ownExprs(stmt)) this.#bindExpr(e, home, out, block, seen);
      for (const list of nested(stmt)) {
        const inner = this.#blocks.get(list);
        if (inner) for (const next of list) visit(next, inner);
      }
    };
    visit(s, at);
  }

  #bindExpr(e: Expr, home: Block, out: Stmt[], at: Block, seen: Set<number>): void {
    if (this.#bound.has(e.id) || isTrivial(e) || seen.has(e.id)) return;
    seen.add(e.id);
    if (e.kind === "splat" && isTrivial(e.arg)) return;
    const own = this.#home(e, at);
    const uses = this.#uses.get(e.id);
    if (own === home && uses && (uses.count > 1 || uses.deepest > home.depth) && !this.#staysGuarded(e)) {
      for (const part of parts(e)) this.#bindExpr(part, home, out, at, seen);
      const variable = this.#b.variable("t", e.type, e.lanes, e.min, e.max);
      out.push({ kind: "let", variable, value: this.#use(e) });
      this.#bound.set(e.id, variable);
      this.#scope.push(e.id);
      return;
    }
    for (const part of parts(e)) this.#bindExpr(part, home, out, at, seen);
  }

  /** Loads that only a guard protects must stay behind it. */
  #staysGuarded(e: Expr): boolean {
    if (this.#guarded.get(e.id) !== true) return false;
    return this.#holdsLoad(e);
  }

  #holdsLoad(e: Expr): boolean {
    const known = this.#loads.get(e.id);
    if (known !== undefined) return known;
    const holds = e.kind === "load" || parts(e).some((part) => this.#holdsLoad(part));
    this.#loads.set(e.id, holds);
    return holds;
  }

  #use(e: Expr): Expr {
    const bound = this.#bound.get(e.id);
    if (bound) return this.#b.ref(bound);
    if (isTrivial(e)) return e;
    return rebuild(this.#b, e, (part) => this.#use(part), (k) => this.#kernel.buffers[k]?.dtype ?? "float32");
  }
}

function isTrivial(e: Expr): boolean {
  return e.kind === "const" || e.kind === "var" || e.kind === "int-arg";
}

function rootOf(block: Block): Block {
  let at = block;
  while (at.parent) at = at.parent;
  return at;
}

/** The innermost block around that is entered on a condition. */
function conditionalFloor(block: Block): Block | undefined {
  let at: Block | undefined = block;
  while (at && !at.conditional) at = at.parent;
  return at;
}
