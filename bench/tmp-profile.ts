import { steps } from "./cases/steps.js";
import { setDefaultDevice, device } from "../src/node.js";
import { NativeBackend } from "../src/backends/native/native-backend.js";
import { compileGraph } from "../src/compiler/compile-graph.js";
import { nativeTarget } from "../src/backends/native/native-target.js";
import { sizeOf } from "../src/core/shape.js"; import { byteSize } from "../src/core/dtype.js";
const name = process.argv[2] ?? "lenet";
setDefaultDevice("native");
const graphs: any[] = [];
const load = NativeBackend.prototype.load;
NativeBackend.prototype.load = function (g: any) { graphs.push(g); return load.call(this, g); };
const c = steps.find((s) => s.name.startsWith(name))!;
const run = c.prepare("native"); await run(); await run();
let best = 1e9; for (let r = 0; r < 10; r++) { const t = performance.now(); for (let i = 0; i < 20; i++) await run(); best = Math.min(best, (performance.now() - t) / 20); }
console.log("step", best.toFixed(3), "ms");
const graph = graphs.sort((a, b) => b.outputs.length + b.inputs.length - a.outputs.length - a.inputs.length)[0];
let big: any; for (const g of graphs) { const p = compileGraph(g, nativeTarget()); if (!big || p.flops > big.p.flops) big = { g, p }; }
const dev = device("native") as any;
const { p } = big;
const bytes = (v: any) => Math.max(64, sizeOf(v.shape) * byteSize(v.dtype));
const ins = p.inputs.map((v: any) => dev.upload(new Uint8Array(bytes(v)))), outs = p.outputs.map((v: any) => dev.allocate(bytes(v)));
let total = 0; const rows: any[] = [];
for (const s of p.steps) { const reps = 20; const q = { ...p, steps: Array.from({ length: reps }, () => s) }; const ex = dev.loadProgram(big.g, q); let m = 1e9; for (let r = 0; r < 8; r++) { const t = performance.now(); dev.submit(ex, ins, outs); await dev.idle(); m = Math.min(m, (performance.now() - t) / reps); } total += m; const k = s.kind === "launch" ? p.kernels[s.kernel] : undefined; rows.push([m * 1e3, k?.name ?? s.kind, s.items, k?.flops ?? 0]); }
rows.sort((a, b) => b[0] - a[0]);
for (const [us, n, items, fl] of rows.slice(0, 24)) console.log(us.toFixed(1).padStart(9), "us", n.padEnd(30), String(items).padStart(6), "items", (fl / us / 1e3).toFixed(1), "GF/s");
console.log("sum", (total).toFixed(3));
await dev.close();
