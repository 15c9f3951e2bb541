import fc from "fast-check";
import { compileGraph } from "../../src/compiler/compile-graph.js";
import { wasmTarget } from "../../src/backends/wasm/wasm-backend.js";
import { ownExprs, nested, allExprs } from "../../src/compiler/walk.js";
import type { Stmt } from "../../src/ir/loop.js";
import { printGraph } from "../../src/ir/print.js";
import { choices, randomGraph } from "./random-graph.js";
function count(stmts: readonly Stmt[]): number {
  let n = 0;
  for (const s of stmts) { n += allExprs(ownExprs(s)).length; for (const l of nested(s)) n += count(l); }
  return n;
}
const limit = Number(process.argv[2] ?? 20000);
try {
fc.assert(fc.property(choices, fc.nat(1000), (list, seed) => {
  const { feeds, outputs } = randomGraph(list, seed);
  if (outputs.length === 0) return;
  const t = Date.now();
  const p = compileGraph({ inputs: [...feeds.keys()], outputs }, wasmTarget);
  for (const k of p.kernels) { const c = count(k.body); if (c > limit) throw new Error(`${k.name}: ${c} exprs, ${Date.now() - t} ms\n` + printGraph({ inputs: [...feeds.keys()], outputs })); }
}), { numRuns: 3000, seed: 5 });
} catch (e) { console.log(String((e as Error).message).slice(0, 200)); console.log(String((e as any).cause?.message).slice(0, 3000)); }
