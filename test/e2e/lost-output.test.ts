import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const bin = fileURLToPath(new URL("../../bin/gradus.js", import.meta.url));

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gradus-output-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Runs a shell command in which `$GRADUS` stands for the built command. */
function shell(command: string): { status: number | null; text: string } {
  const script = command.replaceAll("$GRADUS", `'${process.execPath}' '${bin}'`);
  const { status, stdout, stderr } = spawnSync("/bin/sh", ["-c", script], { cwd: folder, encoding: "utf8" });
  return { status, text: stdout + stderr };
}

const train = "$GRADUS train mlp --limit 600 --device wasm --threads 1 --checkpoint-every 5 --out run";
const checkpoints = (): string[] => readdirSync(join(folder, "run", "checkpoints")).filter((name) => !name.endsWith(".tmp")).sort();

test("a run whose output nobody reads any more comes to its end", () => {
  const { status, text } = shell(`{ ${train} --epochs 2 2>&1; echo $? > code; } | head -1; grep -qx 0 code`);
  expect(status).toBe(0);
  expect(text.split("\n")).toHaveLength(2);
  expect(readdirSync(join(folder, "run")).sort()).toEqual(["checkpoints", "evaluation.json", "events.out.tfevents.gradus", "metrics.jsonl", "misread.png", "model.json", "model.safetensors", "recipe.json", "summary.txt"]);
});

test.runIf(process.platform === "linux")("a report that cannot be written is said and makes the command fail", () => {
  const { status, text } = shell(`${train} --epochs 1 > /dev/full`);
  expect(status).toBe(1);
  expect(text).toContain("what the command says cannot be written: ENOSPC");
});

test("a checkpoint that cannot be written leaves those before as they were", () => {
  expect(shell(`${train} --epochs 60 & until [ -e run/checkpoints/step-00000005.safetensors ]; do sleep 0.02; done; kill -9 $!; wait $!`).status).toBe(137);
  const before = checkpoints();
  // No file larger than 100 or 200 KiB: what a full disk is like.
  const { status, text } = shell("ulimit -f 200; $GRADUS train --resume run --checkpoint-every 5");
  expect(status).toBe(1);
  expect(text).toMatch(/gradus: cannot write run\/checkpoints\/step-\d+\.safetensors/);
  expect(text).toContain("npx gradus train --resume run");
  expect(text).not.toContain("please report");
  expect(checkpoints()).toEqual(before);
  expect(shell("$GRADUS train --resume run").text).toContain("Going on after step");
});
