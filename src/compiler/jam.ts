import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Stmt, Variable } from "../ir/loop.js";
import type { For } from "./transpose-tiles.js";
import { allExprs, copyStmts, type LoadType, nested, ownExprs } from "./walk.js";

/** Iterations that share a pass: additions take about four cycles, and memory likes neighbours. */
const mostTogether = 4;

/** Longer bodies have work enough for one iteration, and copies of them only make the kernel larger. */
const longestBody = 120;

/**
 * A loop of independent iterations that fold in loops of their own, several iterations at a time (unroll and jam): the inner
 * loops are shared, so that what they read of one pass lies together, and the folds do not wait for each other. What is left
 * over follows as it was. Undefined where there is nothing to fold or too few iterations. `registers` is how many vectors the
 * processor holds.
 */
export function jam(b: ExprBuilder, loop: For, registers: number, storage: (buffer: number) => LoadType): readonly Stmt[] | undefined {
  const folds = new Set(loop.body.flatMap((s) => (s.kind === "for" ? folded(s.body) : []))).size;
  if (folds === 0 || sizeOf(loop.body) > longestBody) return undefined;
  const together = Math.min(mostTogether, 2 ** Math.floor(Math.log2(registers / 2 / folds)));
  const step = loop.step * together;
  const count = b.sub(loop.end, loop.begin);
  if (together < 2 || count.max < step) return undefined;
  const end = b.add(loop.begin, b.mul(b.div(count, b.index(step)), b.index(step)));
  const copies = Array.from({ length: together - 1 }, (_, k) => {
    const moved = b.add(b.ref(loop.variable), b.index((k + 1) * loop.step));
    return copyStmts(b, loop.body, new Map(), storage, new Map([[b.ref(loop.variable).id, moved]]));
  });
  const main: For = { ...loop, end, step, body: merged(b, [loop.body, ...copies], storage) };
  if (end === loop.end || (count.kind === "const" && count.value % step === 0)) return [main];
  const variable = b.variable(loop.variable.name, "index", 1, loop.variable.min, loop.variable.max);
  return [main, { ...loop, variable, begin: end, body: copyStmts(b, loop.body, new Map([[loop.variable, variable]]), storage) }];
}

/** Copies of the same statements side by side, loops with the same bounds as one. */
function merged(b: ExprBuilder, copies: readonly (readonly Stmt[])[], storage: (buffer: number) => LoadType): Stmt[] {
  return (copies[0] ?? []).flatMap((first, i): readonly Stmt[] => {
    const all = copies.flatMap((copy) => copy[i] ?? []);
    const loops = all.filter((s) => s.kind === "for");
    if (first.kind !== "for" || loops.some(({ begin, end }) => begin.id !== first.begin.id || end.id !== first.end.id)) return all;
    const bodies = loops.map((loop) => (loop === first ? loop.body : copyStmts(b, loop.body, new Map(), storage, new Map([[b.ref(loop.variable).id, b.ref(first.variable)]]))));
    return [{ ...first, body: merged(b, bodies, storage) }];
  });
}

/** Variables that the innermost loops fold into. */
function folded(stmts: readonly Stmt[]): Variable[] {
  const inside = stmts.flatMap((s) => (s.kind === "for" ? folded(s.body) : []));
  return inside.length > 0 ? inside : stmts.flatMap((s) => (s.kind === "accumulate" ? [s.variable] : []));
}

function sizeOf(stmts: readonly Stmt[]): number {
  return stmts.reduce((sum, s) => sum + allExprs(ownExprs(s)).length + nested(s).reduce((inside, list) => inside + sizeOf(list), 0), 0);
}
