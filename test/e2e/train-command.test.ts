import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { decodeSafetensors } from "../../src/io/safetensors.js";

const bin = fileURLToPath(new URL("../../bin/gradus.js", import.meta.url));

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradus-train-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** Starts the built command in the test's folder, its output being pipes. */
function gradus(argv: string[], onError?: (child: ChildProcess, text: string) => void): Promise<Ended> {
  const child = spawn(process.execPath, [bin, ...argv], { cwd: folder });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => (out += String(chunk)));
  child.stderr.on("data", (chunk) => {
    err += String(chunk);
    onError?.(child, err);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, out, err }));
  });
}

async function readJson(...path: string[]): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(folder, ...path), "utf8")) as Record<string, unknown>;
}

test("trains, reports, and saves a run whose parts agree", async () => {
  const argv = ["train", "softmax-regression", "--limit", "1000", "--epochs", "4", "--seed", "3", "--threads", "2", "--json", "a.json"];
  const { code, out, err } = await gradus(argv);
  expect([code, err]).toEqual([0, expect.stringContaining("7,850 parameters")]);
  expect((out + err).includes("\x1b") || (out + err).includes("\r")).toBe(false);
  expect(err.match(/^epoch \d\/4 /gm)?.length).toBe(4);
  expect(out).toMatch(/Test accuracy \d\d\.\d\d %/);
  expect(out).toContain("actual    0");
  expect(out).toContain("Try next:\n  npx gradus train lenet");

  const result = await readJson("a.json");
  expect(Object.keys(result)).toEqual([
    "recipe", "data", "device", "threads", "seed", "epochs", "parameters", "seconds", "compileSeconds", "examplesPerSecond", "train", "test", "peakRssBytes",
  ]);
  expect(result).toMatchObject({ recipe: "softmax-regression", data: "digits", seed: 3, epochs: 4, parameters: 7850 });
  const number: unknown = expect.any(Number);
  expect(result).toMatchObject({ seconds: number, compileSeconds: number, train: { loss: number }, test: { loss: number, accuracy: number } });
  expect(Number(result["examplesPerSecond"]) * Number(result["seconds"])).toBeCloseTo(4000, 6);
  expect(Number(result["peakRssBytes"])).toBeGreaterThan(20e6);
  const { accuracy } = result["test"] as { accuracy: number };
  expect(accuracy).toBeGreaterThan(0.6);

  expect(out).toContain(join("runs", "softmax-regression-digits-1"));
  const run = join("runs", "softmax-regression-digits-1");
  expect((await readdir(join(folder, run))).sort()).toEqual(["evaluation.json", "events.out.tfevents.gradus", "metrics.jsonl", "misread.png", "model.json", "model.safetensors", "recipe.json", "summary.txt"]);
  expect(await readJson(run, "recipe.json")).toMatchObject({
    recipe: "softmax-regression",
    data: "digits",
    options: { epochs: 4, batchSize: 128, optimizer: "adam", lr: 0.001, schedule: "cosine", seed: 3, limit: 1000, device: result["device"] },
    preprocessing: { height: 28, width: 28, mean: number, std: number },
    trained: { steps: 32, examples: 4000, interrupted: false },
  });
  const { tensors } = decodeSafetensors(await readFile(join(folder, run, "model.safetensors")));
  expect([...tensors].map(([name, { shape }]) => [name, shape])).toEqual([
    ["linear.weight", [10, 784]],
    ["linear.bias", [10]],
  ]);
  const metrics = (await readFile(join(folder, run, "metrics.jsonl"), "utf8")).trimEnd().split("\n");
  const lines = metrics.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.map(({ step, epoch }) => [step, epoch])).toEqual([[8, 1], [16, 2], [24, 3], [32, 4], [32, 4]]);
  expect(lines.at(-1)?.["test"]).toEqual(result["test"]);
});

test("--validation holds examples out and measures by them after each epoch; --grad-norm is written with the metrics", async () => {
  const argv = ["train", "softmax-regression", "--limit", "1000", "--epochs", "2", "--validation", "0.25", "--grad-norm", "--out", "run"];
  const { code, err } = await gradus(argv);
  expect([code, err]).toEqual([0, expect.stringContaining("Held out for validation: 250 examples")]);
  expect(err.match(/^epoch \d\/2 .* validation \d\d\.\d\d %/gm)?.length).toBe(2);
  expect(await readJson("run", "recipe.json")).toMatchObject({ options: { validation: 0.25 }, trained: { steps: 12, examples: 1500 } });
  const lines = (await readFile(join(folder, "run", "metrics.jsonl"), "utf8")).trimEnd().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
  const number: unknown = expect.any(Number);
  const trained = { loss: number, accuracy: number, gradNorm: number, examplesPerSecond: number, memoryBytes: number };
  const validated = { validation: { loss: number, accuracy: number } };
  expect(lines).toMatchObject([{ step: 6, ...trained }, { step: 6, ...validated }, { step: 12, ...trained }, { step: 12, ...validated }, { test: { loss: number } }]);
  expect((await gradus(["train", "mlp", "--limit", "2", "--validation", "0.1"])).err).toContain("--validation 0.1: of 2 examples this holds out 0");
});

test("--profile shows where the time goes and saves a trace", async () => {
  const { code, err } = await gradus(["train", "mlp", "--limit", "640", "--epochs", "2", "--profile", "--out", "run"]);
  expect(code).toBe(0);
  expect(err).toMatch(/share %  total ms  launches [^]* dot/);
  expect(err).toContain(join("run", "trace.json"));
  expect((await readdir(join(folder, "run"))).sort()).toEqual(["evaluation.json", "events.out.tfevents.gradus", "metrics.jsonl", "misread.png", "model.json", "model.safetensors", "recipe.json", "summary.txt", "trace.json"]);
  const { traceEvents } = (await readJson("run", "trace.json")) as { traceEvents: { ph: string; name: string; ts: number; dur: number; args: object }[] };
  const steps = traceEvents.filter(({ ph, name }) => ph === "X" && name.startsWith("dot"));
  expect(steps.length).toBeGreaterThan(20);
  for (const { ts, dur, args } of steps) expect([ts >= 0, dur >= 0, "flops" in args, "bytes" in args]).toEqual([true, true, true, true]);
});

test("GRADUS_PROFILE measures any run", async () => {
  vi.stubEnv("GRADUS_PROFILE", "1");
  const { code, err } = await gradus(["train", "mlp", "--limit", "640", "--epochs", "2", "--device", "wasm"]);
  vi.unstubAllEnvs();
  expect([code, err]).toEqual([0, expect.stringMatching(/profile of wasm[^]*share %  total ms/)]);
});

test("the weights depend on the seed and not on the number of threads", async () => {
  const weights = async (...more: string[]): Promise<string> => {
    const out = `run-${more.join("-")}`;
    const { code } = await gradus(["train", "mlp", "--limit", "500", "--epochs", "1", "--out", out, ...more]);
    expect(code).toBe(0);
    return (await readFile(join(folder, out, "model.safetensors"))).toString("base64");
  };
  const one = await weights("--threads", "1");
  expect(await weights("--threads", "2")).toBe(one);
  expect(await weights("--seed", "1")).not.toBe(one);
});

test("Ctrl-C saves what was learned", async () => {
  let sent = false;
  const { code, out, err } = await gradus(["train", "mlp", "--limit", "640", "--epochs", "100000", "--out", "run"], (child, text) => {
    if (sent || !text.includes("epoch ")) return;
    sent = true;
    child.kill("SIGINT");
  });
  expect([code, err.includes("Stopping after this step")]).toEqual([130, true]);
  expect(out).toMatch(/Stopped after step \d+ .* saved in run\n/);
  const recipe = await readJson("run", "recipe.json");
  expect(recipe).toMatchObject({ trained: { interrupted: true } });
  const { steps } = recipe["trained"] as { steps: number };
  const metrics = (await readFile(join(folder, "run", "metrics.jsonl"), "utf8")).trimEnd().split("\n");
  expect(JSON.parse(metrics.at(-1) ?? "{}")).toMatchObject({ step: steps });
  expect(decodeSafetensors(await readFile(join(folder, "run", "model.safetensors"))).tensors.size).toBe(6);
  expect(await readdir(folder)).toEqual(["run"]);
});

test("Ctrl-C twice stops at once", async () => {
  let stage = 0;
  const { code, signal } = await gradus(["train", "mlp", "--limit", "640", "--epochs", "100000", "--out", "run"], (child, text) => {
    if (stage === 0 && text.includes("mlp, ")) {
      stage = 1;
      child.kill("SIGINT");
    } else if (stage === 1 && text.includes("Stopping")) {
      stage = 2;
      child.kill("SIGINT");
    }
  });
  // A run that ends before the second signal arrives has stopped as after the first.
  expect(signal === "SIGINT" || code === 130).toBe(true);
});
