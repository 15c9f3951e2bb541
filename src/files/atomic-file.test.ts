import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DataError } from "../core/errors.js";
import { writeFileAtomic } from "./atomic-file.js";

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradus-atomic-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test("writes bytes and text, replaces what was there, leaves nothing beside", async () => {
  const path = join(folder, "a.txt");
  await writeFileAtomic(path, "first, and longer");
  await writeFileAtomic(path, "zweite ü");
  expect(await readFile(path, "utf8")).toBe("zweite ü");
  await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
  expect(Array.from(await readFile(path))).toEqual([1, 2, 3]);
  expect(await readdir(folder)).toEqual(["a.txt"]);
});

test("a reader sees one writer's whole content at any moment", async () => {
  const path = join(folder, "shared");
  const contents = ["a", "b", "c"].map((letter) => letter.repeat(200_000));
  await writeFileAtomic(path, contents[0] ?? "");
  let writing = true;
  const writers = Promise.all(contents.map((text) => writeFileAtomic(path, text))).finally(() => (writing = false));
  while (writing) expect(contents).toContain(await readFile(path, "utf8"));
  await writers;
  expect(await readdir(folder)).toEqual(["shared"]);
});

test("what cannot be written is a DataError that leaves the folder as it was", async () => {
  await mkdir(join(folder, "taken"));
  await writeFile(join(folder, "file"), "");
  for (const path of ["taken", "missing/a", "file/a"]) {
    await expect(writeFileAtomic(join(folder, path), "x")).rejects.toThrow(DataError);
    await expect(writeFileAtomic(join(folder, path), "x")).rejects.toThrow(join(folder, path));
  }
  expect((await readdir(folder)).sort()).toEqual(["file", "taken"]);
});
