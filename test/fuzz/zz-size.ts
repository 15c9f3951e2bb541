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
import { Numbers } from "../opinfo/sample.js";
const r = new Numbers(Number(process.argv[3] ?? 1));
const worst: [number, string, number][] = [];
const end = Date.now() + Number(process.argv[4] ?? 60000);
for (let i = 0; Date.now() < end; i++) {
  const steps = 2 + r.below(limit);
  const list = Array.from({ length: steps }, () => [r.below(1000), r.below(100), r.below(100), r.below(1000)] as const);
  const { feeds, outputs } = randomGraph(list, r.below(1000));
  if (outputs.length === 0) continue;
  (await import("node:fs")).writeFileSync("/tmp/last-graph.txt", printGraph({ inputs: [...feeds.keys()], outputs }));
  const t = Date.now();
  const p = compileGraph({ inputs: [...feeds.keys()], outputs }, wasmTarget);
  const ms = Date.now() - t; if (ms > 1000) console.log(ms, "ms"+String.fromCharCode(10) + printGraph({ inputs: [...feeds.keys()], outputs }));
  for (const k of p.kernels) worst.push([count(k.body), k.name + "\n" + printGraph({ inputs: [...feeds.keys()], outputs }), ms]);
  worst.sort((x, y) => y[0] - x[0]); worst.length = Math.min(worst.length, 3);
}
for (const w of worst) console.log(w[0], w[2] + "ms", w[1]);
