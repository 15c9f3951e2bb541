import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = fileURLToPath(new URL("../../examples/", import.meta.url));

/** Arguments of examples that take minutes without. */
const shortened: Readonly<Record<string, readonly string[]>> = { "adding-problem.ts": ["300", "10"] };

/** What each example says at its end. */
const expected: Readonly<Record<string, RegExp>> = {
  "adding-problem.ts": /^RNN: .*\nLSTM: mean squared error 0\.0[0-4].*\nGRU: mean squared error 0\.0[0-4].*\n$/,
  "digits.ts": /epoch 8: loss 0\.0\d+\n9[789]\.\d\d % of the test images are read correctly\n$/,
  // Each of He's variance ratios is 1 ± 0.1; those of N(0, 0.01) shrink by ½·256·0.01² = 0.0128 a layer (He et al. 2015).
  "initialization.ts": /\n1 +1\.000 +1\.0e\+0\n((5|10|20) +(0\.9|1\.0)\d\d .*\n){3}30 +(0\.9|1\.0)\d\d +\d\.\de-5[56]\n$/,
  "gradients.ts": /g = 24\.7041\ndg\/da = 138\.8338\ndg\/db = 645\.5773\nx³ at 2: slope 12 curvature 12\n$/,
};

test.each(readdirSync(folder).filter((name) => name.endsWith(".ts")))("%s runs as it stands", (name) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", folder + name, ...(shortened[name] ?? [])], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(expected[name] ?? /^$/);
});
