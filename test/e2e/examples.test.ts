import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = fileURLToPath(new URL("../../examples/", import.meta.url));

/** What each example says at its end. */
const expected: Readonly<Record<string, RegExp>> = {
  "digits.ts": /epoch 8: loss 0\.0\d+\n9[789]\.\d\d % of the test images are read correctly\n$/,
  "gradients.ts": /g = 24\.7041\ndg\/da = 138\.8338\ndg\/db = 645\.5773\nx³ at 2: slope 12 curvature 12\n$/,
};

test.each(readdirSync(folder).filter((name) => name.endsWith(".ts")))("%s runs as it stands", (name) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", folder + name], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(expected[name] ?? /^$/);
});
