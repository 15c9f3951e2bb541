import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { workerSource } from "../../src/backends/wasm/worker-source.js";

test("the built library has the classes of the sources, by their names", async () => {
  const entry = new URL("../../dist/node.js", import.meta.url).href;
  const built = (await import(/* @vite-ignore */ entry)) as Record<string, object> & { nn: object; optim: object };
  const sources = await import("../../src/node.js");
  for (const part of [(m: typeof built | typeof sources) => m, (m: typeof built | typeof sources) => m.nn, (m: typeof built | typeof sources) => m.optim]) {
    expect(Object.keys(part(built)).sort()).toEqual(Object.keys(part(sources)).sort());
    for (const [name, value] of Object.entries(part(built))) {
      // Modules print the names of their classes.
      if (typeof value === "function" && /^[A-Z]/.test(name)) expect((value as { name: string }).name).toBe(name);
    }
  }
});

test("gradus/models is of one piece with the library", async () => {
  const entry = pathToFileURL(createRequire(import.meta.url).resolve("gradus/models")).href;
  const { ResNet } = (await import(/* @vite-ignore */ entry)) as typeof import("../../src/models/index.js");
  const { nn } = (await import(/* @vite-ignore */ new URL("../../dist/node.js", import.meta.url).href)) as typeof import("../../src/node.js");
  expect(new ResNet(18).fc).toBeInstanceOf(nn.Linear);
});

test("gradus/wasm-worker is the program of the workers", async () => {
  expect(await readFile(createRequire(import.meta.url).resolve("gradus/wasm-worker"), "utf8")).toBe(workerSource);
});
