// Kills training runs at random moments, goes on with them, and compares what they end with, byte for byte, with a run that was
// never stopped: node scripts/kill-and-resume.mjs [--kills 20] [--epochs 12] [--devices native,wasm]. Needs the built
// command (npm run build).
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "20" },
    epochs: { type: "string", default: "12" },
    devices: { type: "string", default: "native,wasm" },
  },
});
const kills = Number(values.kills);
const bin = fileURLToPath(new URL("../bin/gradus.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "gradus-kill-"));

/** Starts `gradus`; `ended` gives the exit code (null for a killed process) and what it wrote. */
function start(...argv) {
  const child = spawn(process.execPath, [bin, ...argv], { cwd: folder });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += String(chunk)));
  const ended = new Promise((resolve) => child.on("close", (code) => resolve({ code, text })));
  return { child, ended };
}

const trainOptions = (device) => `train mlp --limit 2000 --epochs ${values.epochs} --checkpoint-every 10 --device ${device}`.split(" ");

async function finish(...argv) {
  const { code, text } = await start(...argv).ended;
  if (code !== 0) throw new Error(`gradus ${argv.join(" ")} ended with ${code}:\n${text}`);
  return text;
}

/** Settles when the run's folder is there. */
async function untilFolder(run) {
  while (!existsSync(join(folder, run))) await sleep(1);
}

/** Kills a process at a random moment after the run's folder is there; false where it ended before. */
async function killAtRandom({ child, ended }, run, milliseconds) {
  await Promise.race([untilFolder(run), ended]);
  await Promise.race([sleep(Math.random() * milliseconds), ended]);
  child.kill("SIGKILL");
  return (await ended).code === null;
}

/** The weights, and the metrics without the time that they took. */
function resultOf(run) {
  const lines = readFileSync(join(folder, run, "metrics.jsonl"), "utf8").trimEnd().split("\n");
  const metrics = lines.map((line) => ({ ...JSON.parse(line), seconds: 0, examplesPerSecond: 0, time: 0, memoryBytes: 0 }));
  return { weights: readFileSync(join(folder, run, "model.safetensors")), metrics: JSON.stringify(metrics) };
}

async function compareRuns(device) {
  const whole = `${device}-whole`;
  const wholeRun = start(...trainOptions(device), "--out", whole);
  await untilFolder(whole);
  const began = performance.now();
  await wholeRun.ended;
  let milliseconds = performance.now() - began;
  const expected = resultOf(whole);
  let equal = 0;
  for (let i = 1; i <= kills; i++) {
    const run = `${device}-${i}`;
    if (!(await killAtRandom(start(...trainOptions(device), "--out", run), run, milliseconds))) {
      // The first run was slower: it compiled.
      milliseconds *= 0.8;
      rmSync(join(folder, run), { recursive: true });
      i--;
      continue;
    }
    // Every other run is killed a second time.
    if (i % 2 === 0) await killAtRandom(start("train", "--resume", run), run, milliseconds);
    const text = await finish("train", "--resume", run);
    const found = resultOf(run);
    const same = found.weights.equals(expected.weights) && found.metrics === expected.metrics;
    if (same) equal++;
    const where = /^(Going on after step \d+|There is no checkpoint yet.*|The run in .* came to its end)/m.exec(text)?.[1];
    console.log(`${device} ${i}: ${same ? "equal" : "DIFFERENT"} (${where})`);
  }
  console.log(`${device}: ${equal} of ${kills} bitwise equal`);
  return equal === kills;
}

let allEqual = true;
try {
  for (const device of values.devices.split(",")) allEqual = (await compareRuns(device)) && allEqual;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = allEqual ? 0 : 1;
