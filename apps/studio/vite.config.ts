import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const source = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./",
  // The pages use the library as their users do.
  resolve: {
    alias: [
      { find: /^gradus$/, replacement: source("browser.ts") },
      { find: /^gradus\/data$/, replacement: source("data.ts") },
      { find: /^gradus\/models$/, replacement: source("models/index.ts") },
    ],
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  // Summaries and errors name classes.
  worker: { format: "es", rolldownOptions: { output: { keepNames: true } } },
  build: {
    outDir: fileURLToPath(new URL("../../dist/studio/pages/", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    // Every file has an address of its own: the pages' content security policy has no place for data in addresses.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  logLevel: "warn",
});
