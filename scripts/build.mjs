// Compiles src/ to dist/; arguments go to tsc. What runs in Node is then joined into a few files: reading two hundred
// modules takes longer than all else that an import does. There are no source maps: they would be half of the package, and what
// is built reads like its source. The browser's entry stays in modules for the user's bundler. The studio's pages come last.
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { build } from "esbuild";
import { build as buildPages } from "vite";

const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json", ...process.argv.slice(2)], { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);
rmSync("dist/chunks", { recursive: true, force: true });
const { outputFiles } = await build({
  entryPoints: { node: "src/node.ts", "cli/main": "src/cli/main.ts", "models/node": "src/models/index.ts", "data/node": "src/data.ts" },
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "es2022",
  packages: "external",
  outdir: "dist",
  chunkNames: "chunks/[name]-[hash]",
  logLevel: "warning",
  write: false,
});
for (const { path, text } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, path.endsWith(".js") ? withClassNames(text) : text);
}
const { workerSource } = await import("../dist/backends/wasm/worker-source.js");
writeFileSync("dist/wasm-worker.js", workerSource);
await buildPages({ configFile: "apps/studio/vite.config.ts" });

/** A class that mentions itself becomes `var X = class _X`, and would print as _X. */
function withClassNames(text) {
  const renamed = [...text.matchAll(/^var (\w+) = class _\1\b/gm)].map(([, name]) => name);
  return renamed.reduce((result, name) => result.replaceAll(new RegExp(`\\b_${name}\\b`, "g"), name), text);
}
