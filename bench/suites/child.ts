import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("./tasks.ts", import.meta.url));

/** A compile cache of its own, empty at first, and a count of the C compiler's calls. */
export class Cache {
  readonly #folder = mkdtempSync(join(tmpdir(), "gradus-bench-"));
  readonly #calls = join(this.#folder, "calls");
  readonly #compiler = join(this.#folder, "cc");

  constructor() {
    writeFileSync(this.#compiler, `#!/bin/sh\necho >> '${this.#calls}'\nexec ${process.env.CC ?? "cc"} "$@"\n`);
    chmodSync(this.#compiler, 0o700);
  }

  /** Runs a task in a fresh process with this cache and gives what it prints. Throws where it fails. */
  run(task: string, options: object): Readonly<Record<string, number>> {
    const env = { ...process.env, GRADUS_CACHE: join(this.#folder, "cache"), CC: this.#compiler, BENCH_COMPILER_CALLS: this.#calls };
    const { status, stdout, stderr } = spawnSync(process.execPath, [...process.execArgv, script, task, JSON.stringify(options)], { env, encoding: "utf8" });
    if (status !== 0) throw new Error(`the task ${task} ended with ${status}: ${/^.*Error.*$/m.exec(stderr)?.[0] ?? stderr.slice(-200)}`);
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}") as Record<string, number>;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** In a task: how often the C compiler was called so far. */
export function compilerCalls(): number {
  const file = process.env.BENCH_COMPILER_CALLS;
  return file && existsSync(file) ? readFileSync(file, "utf8").length : 0;
}
