import type { Command } from "commander";
import { oneOf } from "./one-of.js";

/** Adds `gradus new`; `finish` is told its exit code. */
export function addNewCommand(program: Command, finish: (exitCode: number) => void): void {
  program
    .command("new")
    .description("write a file to begin with: gradus new recipe NAME")
    .argument("<kind>", "recipe")
    .argument("<name>", "what it is called; .ts, .mts, .js or .mjs at its end chooses the language")
    .addHelpText("after", "\nExamples:\n  gradus new recipe my-network\n  gradus new recipe my-network.js\n")
    .action(async (kind: string, name: string) => {
      oneOf("new", kind, ["recipe"]);
      finish(await (await import("./new-command.js")).newRecipe(name));
    });
}
