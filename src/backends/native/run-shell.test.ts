import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runShell } from "./run-shell.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gradus-test-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe("runShell", () => {
  it("waits for the end of a script, which has the environment as it is, and neither input nor output", () => {
    vi.stubEnv("GRADUS_TEST", "it's ü");
    const file = join(folder, "out");
    runShell(`echo lost; echo lost >&2; { sleep 0.05; cat; printf %s "$GRADUS_TEST" > '${file}'; } & wait; exit 3`);
    expect(readFileSync(file, "utf8")).toBe("it's ü");
  });

  it("leaves no child behind, and does not disturb those of Node", () => {
    for (let i = 0; i < 3; i++) runShell("kill -9 $$");
    expect(spawnSync("/bin/sh", ["-c", "exit 5"]).status).toBe(5);
    const file = join(folder, "children");
    runShell(`ps -o pid= --ppid ${process.pid} -o stat= | grep -c Z > '${file}'`);
    expect(readFileSync(file, "utf8").trim()).toBe("0");
  });
});
