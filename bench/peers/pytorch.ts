import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";

/** PyTorch of the system's Python, asked for one round at a time so that rounds alternate with ours. */
export class PyTorchPeer {
  readonly #process: ChildProcess;
  readonly #lines: Interface;
  #fail: (error: Error) => void = () => undefined;

  private constructor(child: ChildProcess, lines: Interface) {
    this.#process = child;
    this.#lines = lines;
    child.once("exit", () => this.#fail(new Error("the PyTorch process ended")));
  }

  /** Undefined where the system's Python has no torch. */
  static start(threads: number): PyTorchPeer | undefined {
    if (spawnSync("/usr/bin/python3", ["-c", "import torch"]).status !== 0) return undefined;
    const script = fileURLToPath(new URL("./pytorch.py", import.meta.url));
    const child = spawn("/usr/bin/python3", [script, String(threads)], { stdio: ["pipe", "pipe", "inherit"] });
    if (!child.stdout) return undefined;
    return new PyTorchPeer(child, createInterface({ input: child.stdout }));
  }

  /** Milliseconds of one run, averaged over a round; undefined for a case that it does not have. */
  async round(name: string): Promise<number | undefined> {
    const answer = new Promise<string>((resolve, reject) => {
      this.#lines.once("line", resolve);
      this.#fail = reject;
    });
    this.#process.stdin?.write(`${name}\n`);
    const { ms } = JSON.parse(await answer) as { ms: number | null };
    return ms ?? undefined;
  }

  stop(): void {
    this.#process.stdin?.end();
  }
}
