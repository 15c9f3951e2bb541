import type { Command } from "commander";

/** Adds `gradus datasets`, `runs`, `doctor` and `cache`; `finish` is told their exit code. */
export function addInspectionCommands(program: Command, finish: (exitCode: number) => void): void {
  program
    .command("datasets")
    .description("list the data sets, where they come from, their licence, and whether they are here")
    .argument("[names...]", "these only")
    .option("--data-dir <dir>", "folder that holds the data sets' files (default: $GRADUS_DATA)")
    .option("--json", "print the list as JSON")
    .addHelpText("after", "\nExamples:\n  gradus datasets\n  gradus datasets mnist cifar10 --data-dir ~/data\n")
    .action(async (names: string[], given: { dataDir?: string; json?: true }) => {
      finish(await (await import("./datasets-command.js")).listDatasets(names, given));
    });
  program
    .command("runs")
    .description("list runs with their results")
    .argument("[dir]", "folder that holds runs", "runs")
    .option("--json", "print the list as JSON")
    .addHelpText("after", "\nExamples:\n  gradus runs\n  gradus runs experiments --json\n")
    .action(async (folder: string, given: { json?: true }) => {
      finish(await (await import("./runs-command.js")).listRuns(folder, given));
    });
  program
    .command("doctor")
    .description("show what this machine can do, test every backend, and say what would make things faster")
    .option("--json", "print the findings as JSON")
    .addHelpText("after", "\nExamples:\n  gradus doctor\n  gradus doctor --json > machine.json\n")
    .action(async (given: { json?: true }) => {
      finish(await (await import("./doctor-command.js")).doctor(given));
    });
  program
    .command("cache")
    .description("show where compiled kernels and downloads are kept and how much there is, or clear them")
    .argument("[clear]", "remove the compiled kernels; they are compiled again when needed")
    .option("--data", "with clear: remove downloaded data sets as well")
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExamples:\n  gradus cache\n  gradus cache clear\n  gradus cache clear --data\n")
    .action(async (action: string | undefined, given: { data?: true; json?: true }) => {
      finish(await (await import("./cache-command.js")).cache(action, given));
    });
}
