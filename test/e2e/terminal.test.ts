import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const bin = fileURLToPath(new URL("../../bin/gradus.js", import.meta.url));
const hasTmux = spawnSync("tmux", ["-V"]).status === 0;
if (!hasTmux) console.warn("tmux is not installed: what gradus shows in a terminal is not tested");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gradus-terminal-"));
});
afterEach(() => {
  spawnSync("tmux", ["-S", join(folder, "socket"), "kill-server"]);
  rmSync(folder, { recursive: true });
});

function tmux(...argv: string[]): string {
  return execFileSync("tmux", ["-S", join(folder, "socket"), "-f", "/dev/null", ...argv], { encoding: "utf8", stdio: "pipe" });
}

/** Starts `gradus` in a terminal of 60 columns; then its exit code is written. `$GRADUS` stands for the command in `line`. */
function open(line: string): void {
  const gradus = `${process.execPath} ${bin}`;
  const ready = "until [ -e output ]; do sleep 0.02; done";
  // The shell must outlive Ctrl-C.
  const script = `trap : INT; unset CI NO_COLOR; ${ready}; ${line.replaceAll("$GRADUS", gradus)}; echo "exit code $?"; exec sleep 1000`;
  tmux("new-session", "-d", "-x", "60", "-y", "50", "-c", folder, "bash", "-c", script);
  tmux("pipe-pane", `cat > ${join(folder, "output")}`);
}

/** What the terminal shows, as soon as the pattern is in it. */
async function screen(pattern: RegExp, ...options: string[]): Promise<string> {
  for (let tries = 0; tries < 1200; tries++) {
    const text = tmux("capture-pane", "-p", ...options);
    if (pattern.test(text)) return text.trimEnd();
    await sleep(25);
  }
  throw new Error(`${String(pattern)} does not appear in:\n${tmux("capture-pane", "-p")}`);
}

/** The screen with the lines joined that the terminal wrapped. */
async function unwrapped(pattern: RegExp): Promise<string> {
  return (await screen(pattern, "-J")).replace(/ +$/gm, "");
}

const bar = /[█▏▎▍▌▋▊▉░]/;
const colour = "\x1b[1m";
const short = "train softmax-regression --limit 1000 --epochs 2 --device wasm --threads 1 --out run";
const long = "train mlp --limit 1000 --epochs 100000 --device wasm --threads 1 --out run";

describe.skipIf(!hasTmux)("in a terminal", { timeout: 120_000 }, () => {
  test("a bar while it trains; Ctrl-C ends the step, saves and says how to go on; no line is wrapped at 60 columns", async () => {
    open(`$GRADUS ${long}`);
    const training = await screen(/epoch +[2-9]\d*\/100000 .* left/);
    expect(training.split("\n").at(-1)).toMatch(/^(█|.)?[░▏▎▍▌▋▊▉]* ?epoch .* loss \d\.\d+ .* left$/);
    tmux("send-keys", "C-c");
    const ended = await screen(/exit code/);
    expect(ended).toContain("Stopping after this step; Ctrl-C once more stops at once.");
    expect(ended).toMatch(/Stopped after step \d+/);
    expect(ended).toContain("Go on with: npx gradus train --resume run\nexit code 130");
    expect(await unwrapped(/exit code/)).toBe(ended);
    expect(readdirSync(join(folder, "run")).sort()).toEqual(["checkpoints", "events.out.tfevents.gradus", "metrics.jsonl", "model.json", "model.safetensors", "recipe.json", "summary.txt"]);
  });

  test("Ctrl-C twice ends it at once", async () => {
    // One step of these takes seconds.
    open(`$GRADUS train lenet --batch-size 10000 --epochs 100 --device wasm --threads 1 --out run`);
    await screen(/Compiling …|epoch/);
    tmux("send-keys", "C-c");
    await screen(/Ctrl-C once more/);
    tmux("send-keys", "C-c");
    const ended = await screen(/exit code/);
    expect(ended).toContain("exit code 130");
    expect(ended).not.toContain("Stopped");
    expect(existsSync(join(folder, "run"))).toBe(false);
  });

  test("colours, and no line too long", async () => {
    open(`$GRADUS ${short}`);
    const ended = await screen(/exit code 0/);
    expect(await unwrapped(/./)).toBe(ended);
    expect(await screen(/./, "-e")).toContain(colour);
    expect(readFileSync(join(folder, "output"), "utf8")).toMatch(bar);
  });

  test.each([
    ["NO_COLOR=1", true],
    ["CI=true", false],
  ])("%s: no colour, a bar: %o", async (variable, hasBar) => {
    open(`${variable} $GRADUS ${short}`);
    const ended = await screen(/exit code 0/, "-e");
    expect(ended).toContain("Test accuracy");
    expect(ended).not.toContain("\x1b[");
    const output = readFileSync(join(folder, "output"), "utf8");
    expect([bar.test(output), output.includes("\x1b[2K")]).toEqual([hasBar, hasBar]);
  });
});

test("no bar and no colour in a pipe", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...short.split(" ")], { cwd: folder, encoding: "utf8" });
  expect(status).toBe(0);
  expect(stdout + stderr).not.toMatch(bar);
  expect(stdout + stderr).not.toMatch(/[\r\x1b]/);
  expect(stdout).toContain("Test accuracy");
});
