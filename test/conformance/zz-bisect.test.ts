import { test } from "vitest";
import { windowInfos } from "../opinfo/windows.js";
import { compiledDevices } from "./devices.js";
import { plainProblem } from "./problems.js";
import { runGraph } from "./run-graph.js";
test("b", async () => {
  for (const info of windowInfos.slice(0, 1)) for (const s of info.samples) {
    const p = plainProblem({ ...info, samples: [s] });
    try { await runGraph(compiledDevices()[1]!, p.probes.map((x) => x.value), p.feeds); } catch (e) { console.log(s.name, String(e).slice(0, 100)); }
  }
});
