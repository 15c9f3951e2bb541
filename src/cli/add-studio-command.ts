import type { Command } from "commander";

/** Adds `gradus studio`; `finish` is told its exit code. */
export function addStudioCommand(program: Command, finish: (exitCode: number) => void): void {
  program
    .command("studio")
    .description("open runs and labs in the browser: see a network learn")
    .argument("[dir]", "folder that holds runs", "runs")
    .option("--port <n>", "port on this computer's loopback address; 0 takes a free one", "4747")
    .addHelpText("after", "\nExamples:\n  gradus studio\n  gradus studio experiments --port 0\n")
    .action(async (folder: string, given: { port: string }) => {
      finish(await (await import("./studio-command.js")).studio(folder, given));
    });
}
