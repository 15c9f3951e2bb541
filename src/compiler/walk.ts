import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr, Stmt, Variable } from "../ir/loop.js";

/** The expressions directly inside an expression. */
export function parts(e: Expr): readonly Expr[] {
  switch (e.kind) {
    case "const":
    case "var":
    case "int-arg":
      return [];
    case "load":
      return [e.index];
    case "op":
    case "pack":
      return e.args;
    case "cast":
    case "bitcast":
    case "splat":
    case "fold":
      return [e.arg];
    case "shuffle":
      return [e.a, e.b];
    case "ramp":
      return [e.base];
    case "guard":
      return [e.condition, e.value, e.other];
  }
}

/** The same expression over other parts. */
export function rebuild(b: ExprBuilder, e: Expr, to: (part: Expr) => Expr, storage: (buffer: number) => LoadType): Expr {
  switch (e.kind) {
    case "const":
    case "var":
    case "int-arg":
      return e;
    case "load":
      return b.load(e.buffer, storage(e.buffer), to(e.index), e.lanes);
    case "op":
      return b.op(e.op, ...e.args.map(to));
    case "pack":
      return b.pack(e.args.map(to));
    case "cast":
      return b.cast(to(e.arg), e.type);
    case "bitcast":
      return b.bitcast(to(e.arg), e.type);
    case "splat":
      return b.splat(to(e.arg), e.lanes);
    case "fold":
      return b.fold(e.op, to(e.arg));
    case "shuffle":
      return b.shuffle(to(e.a), to(e.b), e.pattern);
    case "ramp":
      return b.ramp(to(e.base), e.lanes);
    case "guard":
      return b.guard(to(e.condition), to(e.value), to(e.other));
  }
}

export type LoadType = Parameters<ExprBuilder["load"]>[1];

/** Every distinct expression under `roots`, parts before wholes. */
export function allExprs(roots: readonly Expr[]): Expr[] {
  const seen = new Set<number>();
  const order: Expr[] = [];
  const visit = (e: Expr): void => {
    if (seen.has(e.id)) return;
    seen.add(e.id);
    parts(e).forEach(visit);
    order.push(e);
  };
  roots.forEach(visit);
  return order;
}

/** Expressions that a statement holds itself, without those of its nested statements. */
export function ownExprs(s: Stmt): readonly Expr[] {
  switch (s.kind) {
    case "let":
    case "mutable":
    case "assign":
    case "accumulate":
      return [s.value];
    case "store":
      return [s.index, s.value];
    case "if":
      return [s.condition];
    case "for":
      return [s.begin, s.end];
    case "barrier":
    case "combine":
      return [];
  }
}

/** Statement lists nested in a statement. */
export function nested(s: Stmt): readonly (readonly Stmt[])[] {
  if (s.kind === "for") return [s.body];
  return s.kind === "if" ? [s.then, s.otherwise] : [];
}

/** Variables that an expression reads. */
export function variablesOf(e: Expr): Set<Variable> {
  const found = new Set<Variable>();
  for (const part of allExprs([e])) if (part.kind === "var") found.add(part.variable);
  return found;
}

/**
 * The statements with fresh variables, so that no variable is declared twice in a kernel. `names` says what stands for
 * variables from outside; expressions in `known` (by id) are replaced.
 */
export function copyStmts(
  b: ExprBuilder,
  stmts: readonly Stmt[],
  names: Map<Variable, Variable>,
  storage: (buffer: number) => LoadType,
  known = new Map<number, Expr>(),
): Stmt[] {
  const expr = (e: Expr): Expr => {
    const have = known.get(e.id);
    if (have) return have;
    const made = e.kind === "var" ? b.ref(names.get(e.variable) ?? e.variable) : rebuild(b, e, expr, storage);
    known.set(e.id, made);
    return made;
  };
  const fresh = (v: Variable): Variable => {
    const made = b.variable(v.name, v.type, v.lanes, v.min, v.max);
    names.set(v, made);
    return made;
  };
  const stmt = (s: Stmt): Stmt => {
    switch (s.kind) {
      case "let":
      case "mutable": {
        const value = expr(s.value);
        return { ...s, value, variable: fresh(s.variable) };
      }
      case "assign":
      case "accumulate":
        return { ...s, variable: names.get(s.variable) ?? s.variable, value: expr(s.value) };
      case "store":
        return { ...s, index: expr(s.index), value: expr(s.value) };
      case "if":
        return { ...s, condition: expr(s.condition), then: s.then.map(stmt), otherwise: s.otherwise.map(stmt) };
      case "for": {
        const [begin, end] = [expr(s.begin), expr(s.end)];
        return { ...s, begin, end, variable: fresh(s.variable), body: s.body.map(stmt) };
      }
      case "barrier":
        return s;
      case "combine":
        return { ...s, variable: names.get(s.variable) ?? s.variable };
    }
  };
  return stmts.map(stmt);
}
