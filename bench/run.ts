import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { Command, Option } from "commander";
import { device, setDefaultDevice } from "../src/node.js";
import type { BenchCase } from "./case.js";
import { kernels } from "./cases/kernels.js";
import { steps } from "./cases/steps.js";
import { measurePeaks } from "./peak.js";
import { PyTorchPeer } from "./peers/pytorch.js";

const rounds = 5;
const roundMilliseconds = 500;

interface Row {
  readonly suite: string;
  readonly case: string;
  readonly device: string;
  readonly threads: number;
  readonly oursMs: number;
  readonly peer: string | null;
  readonly peerMs: number | null;
  /** The peer's time over ours. */
  readonly ratio: number | null;
  readonly gflops: number | null;
  readonly gbs: number | null;
  readonly peakShare: number | null;
  /** (slowest − fastest) / median of our rounds. */
  readonly spread: number;
}

const options = new Command("bench")
  .addOption(new Option("--suite <name>", "which cases").choices(["all", "kernels", "steps"]).default("all"))
  .addOption(new Option("--device <name>", "what runs ours").choices(["native", "wasm"]).default("native"))
  .addOption(new Option("--peers <names>", "who is measured beside, by commas").default("pytorch"))
  .addOption(new Option("--case <pattern>", "only cases whose name holds this").default(""))
  .addOption(new Option("--json <file>", "where the result is written as JSON"))
  .parse()
  .opts<{ suite: string; device: string; peers: string; case: string; json?: string }>();

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** Milliseconds of one run, averaged over a round. */
async function round(run: () => Promise<void>): Promise<number> {
  const start = performance.now();
  let count = 0;
  while (count < 3 || performance.now() - start < roundMilliseconds) {
    await run();
    count++;
  }
  return (performance.now() - start) / count;
}

setDefaultDevice(options.device);
const { threads } = device(options.device);
const load = loadavg()[0] ?? 0;
if (load > 0.5) console.warn(`The machine is busy (load ${load.toFixed(1)}): times will be too long and uneven.`);
const peaks = measurePeaks(threads);
console.log(`${cpus()[0]?.model ?? "unknown CPU"}, ${threads} threads: ${peaks.float32Gflops.toFixed(0)} GFLOP/s float32, copy ${peaks.copyGBs.toFixed(1)} GB/s`);
const peer = options.peers.split(",").includes("pytorch") ? PyTorchPeer.start(threads) : undefined;
if (!peer && options.peers.includes("pytorch")) console.log("pytorch: not found; install Debian's python3-torch and libopenblas0-pthread");

async function measure(c: BenchCase): Promise<Row> {
  const run = c.prepare(options.device);
  for (let i = 0; i < 3; i++) await run();
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let r = 0; r < rounds; r++) {
    ours.push(await round(run));
    const ms = await peer?.round(c.name);
    if (ms !== undefined) theirs.push(ms);
  }
  const oursMs = median(ours);
  const peerMs = theirs.length > 0 ? median(theirs) : null;
  const gflops = c.flops === undefined ? null : c.flops / oursMs / 1e6;
  const gbs = c.bytes === undefined ? null : c.bytes / oursMs / 1e6;
  const peakShare = gflops !== null ? gflops / peaks.float32Gflops : gbs !== null ? gbs / peaks.copyGBs : null;
  const spread = (Math.max(...ours) - Math.min(...ours)) / oursMs;
  const name = peer && peerMs !== null ? "pytorch" : null;
  return { suite: c.suite, case: c.name, device: options.device, threads, oursMs, peer: name, peerMs, ratio: peerMs && peerMs / oursMs, gflops, gbs, peakShare, spread };
}

const rows: Row[] = [];
const selected = [...kernels, ...steps].filter((c) => (options.suite === "all" || c.suite === options.suite) && c.name.includes(options.case));
for (const c of selected) {
  const row = await measure(c);
  rows.push(row);
  const share = row.peakShare === null ? "" : `, ${(row.gflops ?? row.gbs ?? 0).toFixed(0)} ${row.gflops ? "GFLOP/s" : "GB/s"} = ${(100 * row.peakShare).toFixed(0)} % of peak`;
  const beside = row.peerMs === null ? "" : `, ${row.peer ?? ""} ${row.peerMs.toFixed(3)} ms, ratio ${(row.ratio ?? 0).toFixed(2)}`;
  console.log(`${row.case.padEnd(16)} ${row.oursMs.toFixed(3)} ms (± ${(50 * row.spread).toFixed(0)} %)${share}${beside}`);
}
if (options.json) {
  const machine = { cpu: cpus()[0]?.model ?? "", cores: cpus().length, node: process.version, load };
  writeFileSync(options.json, `${JSON.stringify({ machine, peaks, rows }, null, 2)}\n`);
}
peer?.stop();
await device(options.device).close();
