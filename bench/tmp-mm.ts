import { compile, device, matmul, randn, setDefaultDevice } from "../src/node.js";
for (const threads of [1, 2]) {
  const d = device("native", { threads }); setDefaultDevice(d as any);
  const a = randn([1024, 1024]), b = randn([1024, 1024]); const f = compile((x: any, y: any) => matmul(x, y));
  for (let r = 0; r < 5; r++) { const t = performance.now(); const cpu = process.cpuUsage(); for (let i = 0; i < 20; i++) { const c = f(a, b); await d.idle(); c.dispose(); } const u = process.cpuUsage(cpu); const ms = (performance.now() - t) / 20; console.log(threads, ms.toFixed(2), (2.147 / ms * 1e3).toFixed(0), "cpu", ((u.user + u.system) / 20e3).toFixed(1)); }
}
process.exit(0);
