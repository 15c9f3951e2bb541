import { mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runGradus } from "./run-gradus.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradus-recipe-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const quick = ["--limit", "640", "--epochs", "1", "--threads", "2"];

test("the file that gradus new recipe writes trains, and its run is complete and can be used elsewhere", async () => {
  const written = await runGradus(folder, ["new", "recipe", "mine.mjs"]);
  expect([written.code, written.out]).toEqual([0, "Wrote mine.mjs. Train it with:\n  npx gradus train ./mine.mjs\n"]);
  expect(await runGradus(folder, ["new", "recipe", "mine.mjs"])).toMatchObject({ code: 1, err: expect.stringContaining("is there already") as unknown });
  const trained = await runGradus(folder, ["train", "./mine.mjs", ...quick]);
  expect([trained.code, trained.err]).toEqual([0, expect.stringContaining("mine, 5,130 parameters, on digits")]);
  expect(trained.out).toContain("npx gradus train ./mine.mjs --data digits --epochs 2 ");
  const run = join("runs", "mine-digits-1");
  expect(trained.out).toContain(`npx gradus evaluate ${run} `);
  const files = ["evaluation.json", "events.out.tfevents.gradus", "metrics.jsonl", "misread.png", "model.json", "model.safetensors", "recipe.json", "recipe.mjs", "summary.txt"];
  expect((await readdir(join(folder, run))).sort()).toEqual(files);
  expect(await readFile(join(folder, run, "recipe.mjs"), "utf8")).toBe(await readFile(join(folder, "mine.mjs"), "utf8"));
  expect(await readFile(join(folder, run, "summary.txt"), "utf8")).toMatch(/conv1[^]*5,130/);
  expect(JSON.parse(await readFile(join(folder, run, "recipe.json"), "utf8"))).toMatchObject({
    recipe: "mine",
    recipeFile: "recipe.mjs",
    options: { seed: 0, lr: 0.01, optimizer: "adam" },
    preprocessing: { fit: "handwriting" },
    environment: { node: process.versions.node, cores: expect.any(Number) as unknown, started: expect.stringMatching(/^\d{4}-/) as unknown },
  });
  // The run holds its recipe: it works without the file, in another place.
  await rm(join(folder, "mine.mjs"));
  await rename(join(folder, run), join(folder, "elsewhere"));
  const evaluated = await runGradus(folder, ["evaluate", "elsewhere", "--json"]);
  expect([evaluated.code, evaluated.err]).toEqual([0, ""]);
  const last = (await readFile(join(folder, "elsewhere", "metrics.jsonl"), "utf8")).trim().split("\n").at(-1) ?? "";
  expect((JSON.parse(evaluated.out) as { loss: number }).loss).toBe((JSON.parse(last) as { test: { loss: number } }).test.loss);
});

test("a recipe may bring its own images, import other files, and be resumed", async () => {
  await writeFile(join(folder, "net.mjs"), 'import { nn } from "gradus";\nexport class Net extends nn.Module {\n  linear = new nn.Linear(16, 2);\n  forward(x) { return this.linear.forward(x.flatten(1)); }\n}\n');
  const lines = [
    'import { defineRecipe } from "gradus";',
    'import { Net } from "./net.mjs";',
    "const count = 200;",
    "const labels = Uint8Array.from({ length: count }, (_, i) => i % 2);",
    "const images = Uint8Array.from({ length: count * 16 }, (_, k) => 100 + 100 * (Math.floor(k / 16) % 2) + (k % 7));",
    "const set = { images, labels, count, height: 4, width: 4, classes: 2, classNames: ['dim', 'bright'] };",
    'export default defineRecipe({ name: "shades", model: () => new Net(), data: () => ({ train: set, test: set }), epochs: 20, optimizer: "sgd", lr: 0.5 });',
  ];
  await writeFile(join(folder, "shades.mjs"), lines.join("\n"));
  const trained = await runGradus(folder, ["train", "./shades.mjs", "--threads", "1", "--out", "run"]);
  expect([trained.code, trained.err]).toEqual([0, expect.stringContaining("shades, 34 parameters, on own")]);
  expect(trained.out).toContain("npx gradus train ./shades.mjs --epochs 40 ");
  const evaluated = await runGradus(folder, ["evaluate", "run"]);
  expect([evaluated.code, evaluated.err]).toEqual([0, ""]);
  expect(evaluated.out).toContain("bright     1.0000    1.0000    1.0000       100");
  expect(evaluated.out).toContain("Every image was read right.");

  // A run that was stopped goes on by the recipe's copy.
  const description = await readFile(join(folder, "run", "recipe.json"), "utf8");
  await writeFile(join(folder, "run", "recipe.json"), description.replace('"interrupted": false', '"interrupted": true'));
  const resumed = await runGradus(folder, ["train", "--resume", "run"]);
  expect([resumed.code, resumed.out]).toEqual([0, expect.stringContaining("Test accuracy 100.00 %")]);

  const again = await runGradus(folder, ["train", "./shades.mjs", "--out", "run"]);
  expect([again.code, again.err]).toEqual([2, expect.stringContaining("replace the run in it by --overwrite")]);
  const replaced = await runGradus(folder, ["train", "./shades.mjs", "--out", "run", "--overwrite", "--epochs", "2"]);
  expect([replaced.code, (JSON.parse(await readFile(join(folder, "run", "recipe.json"), "utf8")) as { options: unknown }).options]).toMatchObject([0, { epochs: 2 }]);
  expect((await readdir(folder)).sort()).toEqual(["net.mjs", "run", "shades.mjs"]);
  await writeFile(join(folder, "notes.txt"), "");
  expect(await runGradus(folder, ["train", "./shades.mjs", "--out", ".", "--overwrite"])).toMatchObject({ code: 2, err: expect.stringContaining("and no run") as unknown });
});

test("what is wrong with a recipe is said", async () => {
  const files: Record<string, [text: string, code: number, message: string]> = {
    "empty.mjs": ["export const a = 1;", 2, "the file exports a; expected: export const recipe = defineRecipe("],
    "broken.mjs": ["throw new Error('too bad');", 1, "too bad"],
    "rate.mjs": ['import { defineRecipe } from "gradus";\nexport const recipe = defineRecipe({ model: () => 1, lr: -1 });', 2, "lr is -1; expected a number above 0"],
  };
  for (const [file, [text, code, message]] of Object.entries(files)) {
    await writeFile(join(folder, file), text);
    expect(await runGradus(folder, ["train", file])).toMatchObject({ code, out: "", err: expect.stringContaining(message) as unknown });
  }
  expect(await runGradus(folder, ["train", "./none.ts"])).toMatchObject({ code: 2, err: expect.stringContaining("there is no such file") as unknown });
  await writeFile(join(folder, "typed.ts"), 'export const recipe: unknown = 1 as const;');
  const typed = await runGradus(folder, ["train", "typed.ts"]);
  const reads = "typescript" in process.features && Boolean(process.features.typescript);
  expect([typed.code, typed.err]).toEqual([2, expect.stringContaining(reads ? "the file exports recipe" : "does not read TypeScript")]);
});
