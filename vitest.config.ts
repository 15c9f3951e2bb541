import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(`src/${path}`, import.meta.url));

export default defineConfig({
  // What the studio's pages import, as Node has it.
  resolve: {
    alias: [
      { find: /^gradus$/, replacement: source("node.ts") },
      { find: /^gradus\/data$/, replacement: source("data.ts") },
      { find: /^gradus\/models$/, replacement: source("models/index.ts") },
    ],
  },
  test: {
    include: ["src/**/*.test.ts", "apps/studio/src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: [...configDefaults.exclude, "test/browser/**"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Every compiler pass is checked in tests.
    env: { GRADUS_VERIFY: "1" },
    setupFiles: ["src/debug.ts", "test/disk.ts"],
  },
});
