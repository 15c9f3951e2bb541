import { createHash, randomUUID } from "node:crypto";
import { readdirSync, readlinkSync, rmSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

/** What another machine's process left is taken for abandoned when nothing was written to it for a day. */
const abandonedMs = 24 * 60 * 60 * 1000;
const pattern = /\.?([0-9a-f]{8})\.(\d+)\.[0-9a-f]{8}\.tmp$/;

/**
 * A new name for a file or folder that takes its final name once it is whole: `.MACHINE.PROCESS.RANDOM.tmp`, so that others
 * see whether its owner lives.
 */
export function temporaryName(): string {
  return `.${machine()}.${process.pid}.${randomUUID().slice(0, 8)}.tmp`;
}

/** Removes from a folder what processes that were killed left there under a name of `temporaryName`. Never throws. */
export function removeAbandoned(folder: string): void {
  try {
    for (const name of readdirSync(folder)) {
      const [, host = "", pid = ""] = pattern.exec(name) ?? [];
      if (pid === "") continue;
      const path = join(folder, name);
      const status = statSync(path, { throwIfNoEntry: false });
      if (status && isAbandoned(host, Number(pid), status.mtimeMs)) rmSync(path, { recursive: true, force: true });
    }
  } catch {
    // It stays until somebody can remove it.
  }
}

/** Whether the process that wrote something, last at `changedMs`, is gone. One of this process is not. */
export function isAbandoned(host: string, pid: number, changedMs: number): boolean {
  if (host !== machine()) return Date.now() - changedMs > abandonedMs;
  return !isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

let known: string | undefined;

/** Where process numbers mean the same: the machine, or the container, which counts its own. */
export function machine(): string {
  known ??= createHash("sha256").update(`${hostname()} ${processNamespace()}`).digest("hex").slice(0, 8);
  return known;
}

function processNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}
