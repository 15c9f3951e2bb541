import type { Command } from "commander";
import { deviceNames } from "./device-names.js";
import type { GivenEvaluateOptions } from "./evaluate-command.js";

const examples = `  gradus evaluate runs/lenet-mnist-1 --data-dir ~/data
  gradus evaluate runs/lenet-mnist-1 --data digits
  gradus evaluate runs/lenet-mnist-1 --json > scores.json
`;

/** Adds `gradus evaluate`; `finish` is told its exit code. */
export function addEvaluateCommand(program: Command, finish: (exitCode: number) => void): void {
  program
    .command("evaluate")
    .description("measure how good a trained network is on test images")
    .argument("<run>", "the folder of a run")
    .option("--data <name>", "data set whose test images are used (default: the run's)")
    .option("--data-dir <dir>", "folder that holds the data sets' files (default: $GRADUS_DATA)")
    .option("--device <name>", `${deviceNames.join(", ")} (default: auto)`)
    .option("--json", "print the result as JSON")
    .addHelpText("after", `\nExamples:\n${examples}`)
    .action(async (run: string, given: GivenEvaluateOptions) => {
      const { evaluate } = await import("./evaluate-command.js");
      finish(await evaluate(run, given));
    });
}
