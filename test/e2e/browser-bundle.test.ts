import { build } from "esbuild";
import { expect, it } from "vitest";

it("bundles for a browser without a module of Node", async () => {
  const result = await build({ entryPoints: ["src/browser.ts"], bundle: true, minify: true, format: "esm", platform: "browser", write: false, metafile: true, logLevel: "silent" });
  expect(result.errors).toEqual([]);
  const { inputs: modules } = result.metafile;
  const inputs = Object.keys(modules);
  expect(inputs.filter((path) => path.includes("backends/native"))).toEqual([]);
  // What pages load at once needs no package, so that it runs from a file server without a bundler.
  const loaded = new Set(["src/browser.ts"]);
  for (const path of loaded) for (const { path: to, kind } of modules[path]?.imports ?? []) if (kind === "import-statement") loaded.add(to);
  expect([...loaded].filter((path) => path.includes("node_modules"))).toEqual([]);
  expect(loaded.size).toBeGreaterThan(100);
  // The published networks have an entry of their own.
  expect(inputs).not.toContain("src/models/index.ts");
  expect(inputs).not.toContain("src/models/resnet.ts");
});
