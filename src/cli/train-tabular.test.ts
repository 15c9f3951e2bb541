import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parseCsv } from "../data/csv.js";
import { loadTabularRun } from "../node.js";
import { main } from "./main.js";
import { optionsOfRun } from "./resume.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradus-table-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Whether it rains depends on the wind, its strength, and nothing else; a number beside it grows with both. */
const header = "wind,strength,day,rain,water,said";
const lines = Array.from({ length: 240 }, (_, i) => {
  const wind = ["north", "west", "", "south"][(i * 7) % 4] ?? "";
  const strength = (i * 37) % 100;
  const rain = wind === "west" ? strength > 20 : strength > 80;
  return [wind, i % 9 === 0 ? "?" : strength, i + 1, rain ? "yes" : "no", wind === "west" ? 300 + strength : 100 + strength, rain ? 1 : 0].join(",");
});

async function run(argv: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const out = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const err = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const text = (spy: typeof out): string => spy.mock.calls.map(([chunk]) => String(chunk)).join("");
  const code = await main([...argv, "--device", "wasm", "--threads", "1"]);
  const ended = { code, out: text(out), err: text(err) };
  out.mockRestore();
  err.mockRestore();
  return ended;
}

test("a table becomes a trained network that a program loads with its preprocessing and classes", async () => {
  const csv = join(folder, "weather.csv");
  await writeFile(csv, [header, ...lines].join("\n"));
  const place = join(folder, "run");
  const { code, out, err } = await run(["train", "tabular", "--csv", csv, "--target", "rain", "--drop", "water", "--epochs", "40", "--out", place, "--json", join(folder, "a.json")]);
  expect([code, err]).toEqual([0, expect.stringContaining("on weather (rain from 2 columns, 192 training and 48 held-out rows)")]);
  expect(err).toContain("Left out: day (numbers the rows), said (repeats rain); --keep NAME uses one all the same");
  expect(out).toContain("Held-out accuracy");
  expect(out).toContain("actual   no yes   recall");
  expect(out).toContain(`npx gradus train tabular --csv ${csv} --target rain --drop water --seed 1`);
  expect((await readdir(place)).sort()).toEqual(["evaluation.json", "events.out.tfevents.gradus", "metrics.jsonl", "model.json", "model.safetensors", "recipe.json", "summary.txt"]);
  const { test: scores } = JSON.parse(await readFile(join(folder, "a.json"), "utf8")) as { test: { accuracy: number } };
  // Whoever always says "no" is right in 58 %.
  expect(scores.accuracy).toBeGreaterThan(0.85);

  const model = await loadTabularRun(place);
  const unseen = parseCsv("strength,wind\n60,west\n60,north\n95,south\n5,west\n?,east", { kinds: model.kinds });
  const prediction = await model.predict(unseen);
  if (prediction.task !== "classification") throw new Error("classification");
  expect(Array.from(prediction.predicted.subarray(0, 4), (place) => prediction.classes[place])).toEqual(["yes", "no", "yes", "no"]);

  const { recipe, data, table, epochs } = await optionsOfRun(place, undefined, {});
  expect([recipe.name, data.name, epochs, table?.target, table?.drop]).toEqual(["tabular", "weather", 40, "rain", ["water"]]);
  await expect(optionsOfRun(place, undefined, { target: "water" })).rejects.toThrow("--target water: the run in");
});

test("a column of numbers is regression, in its own unit; a file without names is given them", async () => {
  const csv = join(folder, "weather.data");
  await writeFile(csv, lines.join("\n"));
  const place = join(folder, "run");
  const argv = ["train", "regression", "--csv", csv, "--columns", header, "--target", "water", "--batch-size", "32", "--out", place];
  const { code, out } = await run(argv);
  expect(code).toBe(0);
  const [, rmse = "", r2 = ""] = /Held-out RMSE ([\d.]+) in the unit of water, R² ([\d.]+)/.exec(out) ?? [];
  expect(Number(rmse)).toBeLessThan(30);
  expect(Number(r2)).toBeGreaterThan(0.9);
  const prediction = await (await loadTabularRun(place)).predict(parseCsv("wind,strength,rain,said\nwest,50,yes,1\nnorth,50,no,0"));
  if (prediction.task !== "regression") throw new Error("regression");
  const [west = NaN, north = NaN] = prediction.values;
  expect(Math.abs(west - 350) + Math.abs(north - 150)).toBeLessThan(60);
});

test("what does not do is said in words", async () => {
  const csv = join(folder, "weather.csv");
  await writeFile(csv, [header, ...lines].join("\n"));
  const words = async (...argv: string[]): Promise<string> => (await run(["train", "tabular", "--csv", ...argv])).err;
  expect(await words(csv)).toContain("--target is missing: the column to predict; there are wind, strength");
  expect(await words(csv, "--target", "rian")).toContain('no column "rian"; there are wind, strength');
  expect(await words(csv, "--target", "rain", "--task", "regression")).toContain('the target "rain" holds categories such as "no"');
  expect(await words(join(folder, "none.csv"), "--target", "rain")).toContain("none.csv: cannot be read");
});
