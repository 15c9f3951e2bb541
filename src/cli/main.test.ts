import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { runMain as run } from "../../test/run-main.js";

afterEach(() => {
  vi.unstubAllEnvs();
});

test("help and version", async () => {
  const help = await run("--help");
  expect(help.code).toBe(0);
  expect(help.out).toContain("gradus train mlp");
  expect(help.out).toContain("Exit codes: 0 done, 1 failed, 2 the command line was not understood, 130 stopped by Ctrl-C.");
  const train = await run("train", "--help");
  expect(train.code).toBe(0);
  for (const word of ["softmax-regression", "--batch-size", "--data-dir", "Examples:"]) expect(train.out).toContain(word);
});

test.each(["train", "predict", "evaluate", "datasets", "runs", "doctor", "cache"])("gradus %s has help with examples, and a version", async (command) => {
  const help = await run(command, "--help");
  expect([help.code, help.err]).toEqual([0, ""]);
  expect(help.out).toMatch(new RegExp(`Examples:\n  .*gradus ${command}`));
  const version = await run(command, "--version");
  expect([version.code, /^\d+\.\d+\.\d+\n$/.test(version.out)]).toEqual([0, true]);
  expect((await run("--version")).out).toBe(version.out);
});

test.each<[string[], string]>([
  [[], "Usage: gradus"],
  [["trian"], "gradus: unknown command 'trian'\n(Did you mean train?)"],
  [["train"], "gradus: missing required argument 'recipe'"],
  [["train", "mlp", "lenet"], "gradus: too many arguments"],
  [["train", "mlp", "--epoch", "3"], "gradus: unknown option '--epoch'\n(Did you mean --epochs?)"],
  [["train", "mlp", "--epochs"], "gradus: option '--epochs <n>' argument missing"],
  [["train", "mlp", "--epochs", "few"], "gradus: --epochs few: expected a whole number from 1"],
  [["train", "lennet"], "gradus: recipe lennet: expected mlp, softmax-regression, lenet, tabular, regression; did you mean lenet?"],
])("%o is not understood", async (argv, message) => {
  const { code, out, err } = await run(...argv);
  expect([code, out]).toEqual([2, ""]);
  expect(err).toContain(message);
});

test("what is in the way of saving is said before the work", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gradus-main-"));
  try {
    await writeFile(join(folder, "notes.txt"), "");
    const taken = await run("train", "mlp", "--out", folder);
    expect([taken.code, taken.err.includes("is not empty (it holds notes.txt)")]).toEqual([2, true]);
    const nowhere = await run("train", "mlp", "--out", join(folder, "run"), "--json", join(folder, "no", "a.json"));
    expect([nowhere.code, nowhere.err.includes("expected the name of a file in a folder that exists")]).toEqual([2, true]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("missing data fails with where to put it", async () => {
  vi.stubEnv("GRADUS_DATA", "");
  vi.stubEnv("GRADUS_OFFLINE", "1");
  vi.stubEnv("GRADUS_CACHE", join(tmpdir(), "gradus-nothing-here"));
  const { code, err } = await run("train", "mlp", "--data", "mnist", "--device", "reference");
  expect(code).toBe(1);
  expect(err).toContain("train-images-idx3-ubyte");
  expect(err).toContain("--data-dir");
});
