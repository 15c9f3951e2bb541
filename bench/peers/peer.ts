import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { createInterface } from "node:readline";

/** What a peer answers when it is asked to make a case ready. */
export type Readiness = "ready" | "unsupported";

/** Another framework in a process of its own. It is asked for one round at a time, so that its rounds alternate with ours. */
export class Peer {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor(name: string, command: string, args: readonly string[], options: SpawnOptions = {}) {
    this.name = name;
    this.#process = spawn(command, args, { ...options, stdio: ["pipe", "pipe", "inherit"] });
    // One that cannot start or has ended is noticed by the end of its answers.
    this.#process.on("error", () => undefined);
    this.#process.stdin?.on("error", () => undefined);
    const { stdout } = this.#process;
    if (!stdout) throw new Error(`${name} has no output to listen to`);
    this.#answers = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  async #ask(question: object): Promise<Readonly<Record<string, unknown>>> {
    this.#process.stdin?.write(`${JSON.stringify(question)}\n`);
    const answer = await this.#answers.next();
    if (answer.done) throw new Error(`${this.name} ended`);
    const fields = JSON.parse(answer.value) as Record<string, unknown>;
    if (typeof fields.error === "string") throw new Error(fields.error);
    return fields;
  }

  /** Gives a case's work and the file of its inputs; the peer does it once and writes its results to another file. */
  async prepare(work: object, inputFile: string, resultFile: string): Promise<Readiness> {
    const answer = await this.#ask({ prepare: work, inputFile, resultFile });
    return answer.unsupported ? "unsupported" : "ready";
  }

  /** Milliseconds of one run of the case that was made ready last, averaged over a round. */
  async round(seconds: number): Promise<number> {
    return Number((await this.#ask({ round: seconds })).ms);
  }

  stop(): void {
    this.#process.stdin?.end();
  }
}
