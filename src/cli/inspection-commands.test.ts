import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { runMain } from "../../test/run-main.js";
import { runningHere } from "../train/running.js";
import { adviceOn, formatFindings, type Findings } from "./doctor-command.js";
import { formatRuns, type ListedRun } from "./runs-command.js";
import { painter } from "./terminal.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradus-inspection-"));
  vi.stubEnv("GRADUS_DATA", "");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const parse = (text: string): unknown => JSON.parse(text);

test("cache clear removes compiled kernels, data only if told, and never what is not ours", async () => {
  vi.stubEnv("GRADUS_CACHE", folder);
  const [kernel, program] = ["ab".repeat(32), "0f".repeat(20)];
  await mkdir(join(folder, "data", "mnist"), { recursive: true });
  await mkdir(join(folder, "data", "mine"), { recursive: true });
  for (const name of [`${kernel}.so`, program, `${program}.json`, `toolchain-${program}`, "letter.txt", "data/mnist/a.gz", "data/mine/b"]) {
    await writeFile(join(folder, name), "12345");
  }
  expect(parse((await runMain("cache", "--json")).out)).toEqual({ folder, kernels: { files: 4, bytes: 20 }, data: { files: 1, bytes: 5 } });
  expect(await runMain("cache", "clear")).toEqual({ code: 0, out: `Removed 20 B from ${folder}\n`, err: "" });
  expect((await readdir(folder)).sort()).toEqual(["data", "letter.txt"]);
  const cleared = await runMain("cache", "clear", "--data");
  expect(cleared.out).toBe(`Removed 5 B from ${folder}\n`);
  expect(await readdir(join(folder, "data"))).toEqual(["mine"]);
  expect((await runMain("cache")).out).toContain("compiled kernels        0 B in 0 files");
  expect(await runMain("cache", "claer")).toMatchObject({ code: 2, err: expect.stringContaining("did you mean clear?") as unknown });
  expect((await runMain("cache", "--data")).code).toBe(2);
});

test("datasets says what there is, where it comes from, its licence, and whether it is here", async () => {
  vi.stubEnv("GRADUS_CACHE", join(folder, "cache"));
  await mkdir(join(folder, "iris"));
  await writeFile(join(folder, "iris", "iris.data"), "");
  const { code, out } = await runMain("datasets", "--data-dir", folder);
  expect(code).toBe(0);
  for (const words of ["digits", "built in", `here: ${join(folder, "iris")}`, "cifar10", "not here; ", "licence: CC BY 4.0", "https://www.cs.toronto.edu/~kriz/cifar.html"]) {
    expect(out).toContain(words);
  }
  const json = parse((await runMain("datasets", "iris", "wine", "--data-dir", folder, "--json")).out);
  expect(json).toMatchObject([{ name: "iris", state: "here", bytes: 4551 }, { name: "wine", state: "not here", folder: null }]);
  expect(await runMain("datasets", "mnits")).toMatchObject({ code: 2, err: expect.stringContaining("did you mean mnist?") as unknown });
});

async function saveRun(name: string, interrupted: boolean, metrics: string, { checkpoint = false, running = {} } = {}): Promise<void> {
  await mkdir(join(folder, name, ...(checkpoint ? ["checkpoints"] : [])), { recursive: true });
  if (checkpoint) await writeFile(join(folder, name, "checkpoints", "step-5.ckpt"), "");
  const description = { recipe: "mlp", data: "digits", options: { epochs: 3 }, trained: { interrupted }, ...running };
  await writeFile(join(folder, name, "recipe.json"), JSON.stringify(description));
  await writeFile(join(folder, name, "metrics.jsonl"), metrics);
}

test("runs are listed with their results and whether they can be resumed", async () => {
  await saveRun("done", false, '{"step":1}\n{"step":2,"test":{"loss":0.1,"accuracy":0.975}}\n');
  await saveRun("houses", false, '{"test":{"loss":0.2,"rmse":51234.5}}\n');
  await saveRun("long", true, '{"step":1}\n', { checkpoint: true });
  await saveRun("now", true, '{"step":1}\n', { running: { running: runningHere() } });
  // Another machine says nothing about its processes; the run has just changed.
  await saveRun("elsewhere", true, '{"step":1}\n', { running: { running: { machine: "other", process: 1 } } });
  await saveRun("broken-off", true, "");
  await mkdir(join(folder, "other"));
  const { code, out, err } = await runMain("runs", folder, "--json");
  expect([code, err]).toEqual([0, ""]);
  const runs = parse(out) as ListedRun[];
  const states = Object.fromEntries(runs.map(({ folder: path, state, test: scores }) => [path.slice(folder.length + 1), [state, scores]]));
  expect(states).toEqual({
    done: ["complete", { loss: 0.1, accuracy: 0.975 }],
    houses: ["complete", { loss: 0.2, rmse: 51234.5 }],
    long: ["can be resumed", null],
    now: ["running", null],
    elsewhere: ["running", null],
    "broken-off": ["stopped", null],
  });
  const table = formatRuns(runs, folder, { write: () => true });
  expect(table).toMatch(/done +97\.50 % +mlp +digits +3 +\d{4}-\d\d-\d\d \d\d:\d\d +complete/);
  expect(table).toMatch(/houses +rmse 51,23[45]/);
  await writeFile(join(folder, "done", "recipe.json"), "{");
  expect((await runMain("runs", folder)).err).toContain("recipe.json is damaged");
});

test("runs fits into 60 columns and uses no colour where there is none", () => {
  const run: ListedRun = { folder: "runs/lenet-mnist-12", recipe: "softmax-regression", data: "fashion-mnist", epochs: 10, test: { accuracy: 0.9 }, date: "2026-01-02T03:04:05Z", state: "complete" };
  const table = formatRuns([run], "runs", { write: () => true, columns: 60, isTTY: false });
  expect(Math.max(...table.split("\n").map((line) => line.length))).toBeLessThanOrEqual(60);
  expect(table).toContain("90.00 %");
  expect(table.includes("\x1b")).toBe(false);
  expect(formatRuns([], "runs", { write: () => true })).toContain("There is no run in runs");
});

const machine: Findings = {
  gradus: "1.2.3",
  node: "20.1.0",
  platform: "linux-x64",
  processor: "Some CPU",
  cores: 8,
  usableCores: 4,
  load: 0.3,
  memoryBytes: 16e9,
  compiler: { compiler: "cc", version: "gcc 12.2.0", features: ["AVX2", "FMA"] },
  gpu: { adapter: "Some GPU", isSoftware: false, features: ["subgroups"], limits: { tensorBytes: 4e9, buffers: 10, sharedBytes: 32768, invocations: 1024 }, measuredTiles: 12 },
  backends: [
    { name: "native", works: true, threads: 4, gflops: 812.3, problem: null },
    { name: "wasm", works: false, threads: null, gflops: null, problem: "no memory\nat line 3" },
  ],
  cache: { folder: "/cache", kernels: { files: 3, bytes: 4e6 }, data: { files: 0, bytes: 0 } },
};

test("doctor says what it found and what would help", () => {
  expect(adviceOn(machine)).toEqual(["Only 4 of 8 cores may be used by this process."]);
  expect(adviceOn({ ...machine, cores: 4 })).toEqual([]);
  const poor = { ...machine, cores: 4, load: 9, compiler: null, backends: [], cache: { ...machine.cache, kernels: { files: 1, bytes: 3e9 } } };
  expect(adviceOn(poor).map((line) => line.split(" ").slice(0, 3).join(" "))).toEqual(["Install a C", "Node 20.1.0 lacks", "Other programs are", "The cache holds"]);
  const text = formatFindings(machine, painter(false));
  expect(text).toContain("Cores      4 of 8, load 0.3");
  expect(text).toContain("native     works     812 GFLOP/s, 4 threads");
  expect(text).toContain("wasm       fails  no memory\n");
  expect(text).toContain("GPU        Some GPU: tensors of 4.0 GB, 10 buffers, 32.8 kB shared by 1024 invocations, subgroups\n");
  expect(text).toContain("Tuning     12 of the GPU's tiles are measured;");
  const absent = { name: "webgpu", works: false, threads: null, gflops: null, problem: "no GPU here" };
  expect(formatFindings({ ...machine, gpu: null, backends: [absent] }, painter(false))).toMatch(/^ {2}webgpu +none +no GPU here$/m);
});

test("doctor tests every backend on this machine", async () => {
  const { code, out } = await runMain("doctor", "--json");
  const found = parse(out) as Findings;
  expect(found.backends.map(({ name }) => name)).toEqual(["native", "wasm", "webgpu", "reference"]);
  for (const { name, works, gflops, problem } of found.backends) {
    // Where there is no compiler or no GPU, native and webgpu are told not to work.
    const isThere = name === "native" ? found.compiler : name === "webgpu" ? found.gpu : true;
    if (isThere) expect([name, works, problem]).toEqual([name, true, null]);
    if (works) expect(gflops).toBeGreaterThan(0);
  }
  expect(code).toBe(0);
});
