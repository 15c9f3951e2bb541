import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { device, setDefaultDevice } from "../src/node.js";
import { measureBrowser } from "./browser/measure.js";
import { busyShare } from "./busy.js";
import { kernels } from "./cases/kernels.js";
import { steps } from "./cases/steps.js";
import { measureCase } from "./measure.js";
import { isSelected, readOptions } from "./options.js";
import { measurePeaks } from "./peak.js";
import { startPeers } from "./peers/start.js";
import { formatRow, type Row } from "./row.js";
import { measureCompile } from "./suites/compile.js";
import { measureSize } from "./suites/size.js";

const options = readOptions();
const warn = (text: string): void => console.warn(`warning: ${text}`);

async function warnIfBusy(when: string): Promise<number> {
  const busy = await busyShare(500);
  if (busy > 0.05) warn(`others keep ${(100 * busy).toFixed(0)} % of the machine busy ${when}: times are too long and uneven`);
  return busy;
}

const before = await warnIfBusy("before the run");
setDefaultDevice(options.device);
const { threads } = device(options.device);
const peaks = await measurePeaks(threads);
console.log(
  `${cpus()[0]?.model ?? "unknown CPU"}, ${threads} threads: ${peaks.float32Gflops.toFixed(0)} GFLOP/s float32, ` +
    `${peaks.wasmGflops.toFixed(0)} in WASM, copy ${peaks.copyGBs.toFixed(1)} GB/s`,
);

const rows: Row[] = [];
const add = (row: Row): void => {
  rows.push(row);
  console.log(formatRow(row));
};

const cases = [...kernels, ...steps].filter((c) => (options.suite === "all" || c.suite === options.suite) && isSelected(c.name, options));
if (cases.length > 0) {
  const { peers, missing } = startPeers(options, threads, warn);
  missing.forEach(add);
  for (const c of cases) (await measureCase(c, peers, peaks, threads, options)).forEach(add);
  for (const peer of peers) peer.stop();
}
if (["all", "compile"].includes(options.suite)) measureCompile(options, threads, add);
if (["all", "size"].includes(options.suite)) await measureSize(options, add);
if (options.suite === "browser") await measureBrowser(options, add);

const busy = Math.max(before, await warnIfBusy("after the run"));
if (options.json) {
  const machine = { cpu: cpus()[0]?.model ?? "", cores: cpus().length, node: process.version, date: new Date().toISOString().slice(0, 10), busy };
  writeFileSync(options.json, `${JSON.stringify({ machine, peaks, rows }, null, 2)}\n`);
}
await device(options.device).close();
