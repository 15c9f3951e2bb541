import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ArgumentError, DataError } from "../core/errors.js";
import { nextRunFolder, requireFreeFolder, saveRunFolder } from "./run-folder.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradus-run-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const files = new Map<string, Uint8Array | string>([
  ["recipe.json", "{}"],
  ["model.safetensors", Uint8Array.of(1, 2, 3)],
]);

test("a run appears whole, in folders that are made for it, and leaves nothing beside it", async () => {
  const path = join(folder, "a", "b", "run");
  expect(await saveRunFolder(path, files)).toBe(path);
  expect((await readdir(path)).sort()).toEqual(["model.safetensors", "recipe.json"]);
  expect(Array.from(await readFile(join(path, "model.safetensors")))).toEqual([1, 2, 3]);
  expect(await readdir(join(folder, "a", "b"))).toEqual(["run"]);
});

test("an empty folder is taken, a full one is left as it is", async () => {
  const path = join(folder, "run");
  await mkdir(path);
  await requireFreeFolder(path);
  expect(await saveRunFolder(path, files)).toBe(path);
  await expect(requireFreeFolder(path)).rejects.toThrow(ArgumentError);
  await expect(requireFreeFolder(path)).rejects.toThrow("run is not empty (it holds model.safetensors)");
  expect(await saveRunFolder(path, new Map([["other", "x"]]))).toBe(`${path}-2`);
  expect(await saveRunFolder(path, new Map([["other", "y"]]))).toBe(`${path}-3`);
  expect((await readdir(path)).sort()).toEqual(["model.safetensors", "recipe.json"]);
  expect((await readdir(folder)).sort()).toEqual(["run", "run-2", "run-3"]);
});

test("a file in the way is refused beforehand", async () => {
  const path = join(folder, "file");
  await writeFile(path, "");
  await expect(requireFreeFolder(path)).rejects.toThrow(ArgumentError);
  await expect(requireFreeFolder(join(path, "run"))).rejects.toThrow(ArgumentError);
  await expect(saveRunFolder(join(path, "run"), files)).rejects.toThrow(DataError);
  expect(await saveRunFolder(path, files)).toBe(`${path}-2`);
});

test("runs are numbered after the highest one", async () => {
  const base = join(folder, "runs", "mlp-digits");
  expect(await nextRunFolder(base)).toBe(`${base}-1`);
  for (const name of ["mlp-digits-1", "mlp-digits-12", "mlp-digits-x", "mlp-digits", "mlp-mnist-40"]) {
    await mkdir(join(folder, "runs", name), { recursive: true });
  }
  expect(await nextRunFolder(base)).toBe(`${base}-13`);
});
