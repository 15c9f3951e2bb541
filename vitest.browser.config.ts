import { defineConfig } from "vitest/config";
import { findChromium } from "./test/browser/chromium.js";

const found = findChromium();
if (found === undefined) console.warn("No Chromium was found (chromium, chromium-browser, google-chrome, GRADUS_CHROMIUM): the tests in a browser are skipped.");

export default defineConfig({
  test: {
    include: found === undefined ? [] : ["test/browser/**/*.test.ts"],
    passWithNoTests: found === undefined,
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
