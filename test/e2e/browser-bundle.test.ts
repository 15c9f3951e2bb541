import { build } from "esbuild";
import { expect, it } from "vitest";

it("bundles for a browser without a module of Node", async () => {
  const result = await build({ entryPoints: ["src/browser.ts"], bundle: true, minify: true, format: "esm", platform: "browser", write: false, metafile: true, logLevel: "silent" });
  expect(result.errors).toEqual([]);
  const inputs = Object.keys(result.metafile.inputs);
  expect(inputs.filter((path) => path.includes("node_modules") || path.includes("backends/native"))).toEqual([]);
  // Networks have an entry of their own.
  expect(inputs.filter((path) => path.startsWith("src/models/"))).toEqual([]);
});
