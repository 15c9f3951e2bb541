import { exitCodes } from "./exit-codes.js";

let watched = false;
let failed = false;

/**
 * Lets a command go on to its end where nobody reads its output any more (`gradus train | head -1`): what it would say is
 * dropped, what it makes is saved. Output that cannot be written for another reason, as on a full disk, makes it fail in the end.
 */
export function outliveOutput(): void {
  if (watched) return;
  watched = true;
  for (const stream of [process.stdout, process.stderr]) stream.on("error", (error) => note(error));
}

/** The exit code of a command whose own one is `code`. */
export function exitCodeAfterOutput(code: number): number {
  return failed && code === exitCodes.done ? exitCodes.failed : code;
}

function note(error: NodeJS.ErrnoException): void {
  if (failed || error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED") return;
  failed = true;
  process.exitCode = exitCodes.failed;
  process.stderr.write(`gradus: what the command says cannot be written: ${error.message}\n`);
}
