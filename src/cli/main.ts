import { Command, CommanderError } from "commander";
import { ArgumentError, GradusError } from "../core/errors.js";
import { addEvaluateCommand } from "./add-evaluate-command.js";
import { addInspectionCommands } from "./add-inspection-commands.js";
import { addNewCommand } from "./add-new-command.js";
import { addPredictCommand } from "./add-predict-command.js";
import { addStudioCommand } from "./add-studio-command.js";
import { addTrainCommand } from "./add-train-command.js";
import { exitCodeAfterOutput, outliveOutput } from "./closed-output.js";
import { exitCodes } from "./exit-codes.js";
import { packageVersion } from "./package-version.js";
import { writeText } from "./terminal.js";

const helpEnd = `
Examples:
  gradus train mlp                           learn to read handwritten digits, in under a minute
  gradus evaluate runs/mlp-digits-1          how well that went, class by class
  gradus predict runs/mlp-digits-1 photo.jpg read a photo
  gradus doctor                              what this machine can do

Exit codes: 0 done, 1 failed, 2 the command line was not understood, 130 stopped by Ctrl-C.
`;

/**
 * Runs the command line `gradus …argv` and gives its exit code back; see `exitCodes`. Errors are written to standard
 * error, never thrown.
 */
export async function main(argv: readonly string[]): Promise<number> {
  outliveOutput();
  const version = packageVersion();
  let exitCode: number = exitCodes.done;
  const program = new Command("gradus")
    .description("Trains neural networks with kernels that Gradus compiles for this machine.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help; after a command, the command's")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error:/, "gradus:")) })
    .addHelpText("after", helpEnd);
  const finish = (code: number): void => void (exitCode = code);
  for (const add of [addTrainCommand, addPredictCommand, addEvaluateCommand, addInspectionCommands, addStudioCommand, addNewCommand]) add(program, finish);
  for (const command of program.commands) command.version(version, "-V, --version", "print the version");
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCodeAfterOutput(exitCode);
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): number {
  // Commander has written its message already; asking for help without a command is its way of saying what is missing.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (error instanceof GradusError) {
    writeText(process.stderr, `gradus: ${error.message}`);
    return error instanceof ArgumentError ? exitCodes.usage : exitCodes.failed;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`gradus: something went wrong that should not; please report it:\n${text}\n`);
  return exitCodes.failed;
}
