import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ArgumentError } from "../core/errors.js";
import { startStudio } from "../studio/studio-server.js";
import { exitCodes } from "./exit-codes.js";
import { catchInterrupt } from "./interrupt.js";
import { writeText } from "./terminal.js";

/** Carries out `gradus studio` until Ctrl-C and gives its exit code. Throws ArgumentError for a port or folder that does not do. */
export async function studio(folder: string, given: { readonly port: string }): Promise<number> {
  const port = Number(given.port);
  if (!/^\d+$/.test(given.port) || port > 65_535) throw new ArgumentError(`--port ${given.port}: expected a whole number from 0 to 65535`);
  // The folder that training makes need not be there yet.
  const status = await stat(folder).catch(() => undefined);
  if (folder !== "runs" && !status?.isDirectory()) throw new ArgumentError(`${folder} is no folder; name the one that holds runs`);
  const pages = fileURLToPath(new URL("../../dist/studio/pages/", import.meta.url));
  const { address, close } = await startStudio({ pages, runs: folder, port });
  writeText(process.stdout, `Gradus Studio shows the runs in ${folder}. Open\n\n  ${address}\n\nCtrl-C ends it.`);
  await new Promise<void>((resolve) => {
    catchInterrupt(resolve);
    process.once("SIGTERM", () => resolve());
  });
  await close();
  return exitCodes.done;
}
