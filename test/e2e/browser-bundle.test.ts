import { build } from "esbuild";
import { expect, it } from "vitest";

it("bundles for a browser without a module of Node", async () => {
  const result = await build({ entryPoints: ["src/browser.ts"], bundle: true, minify: true, format: "esm", platform: "browser", write: false, metafile: true, logLevel: "silent" });
  expect(result.errors).toEqual([]);
  const inputs = Object.keys(result.metafile.inputs);
  expect(inputs.filter((path) => path.includes("node_modules") || path.includes("backends/native"))).toEqual([]);
  // The published networks have an entry of their own.
  expect(inputs).not.toContain("src/models/index.ts");
  expect(inputs).not.toContain("src/models/resnet.ts");
});
