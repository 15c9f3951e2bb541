import type { Command } from "commander";
import { deviceNames } from "./device-names.js";
import type { GivenPredictOptions } from "./predict-command.js";

const examples = `  gradus predict runs/lenet-mnist-1 photo.jpg
  gradus predict runs/lenet-mnist-1 *.png --json
  cat photo.png | gradus predict runs/lenet-mnist-1 -
`;

/** Adds `gradus predict`; `finish` is told its exit code. */
export function addPredictCommand(program: Command, finish: (exitCode: number) => void): void {
  program
    .command("predict")
    .description("classify images by a network that was trained")
    .argument("<run>", "the folder of a run")
    .argument("<images...>", "PNG or JPEG files of any size, in colour or grey; - reads one from standard input")
    .option("--show", "also draw each image as the network sees it")
    .option("--device <name>", `${deviceNames.join(", ")} (default: auto)`)
    .option("--json", "print the result as JSON")
    .addHelpText("after", `\nExamples:\n${examples}`)
    .action(async (run: string, images: string[], given: GivenPredictOptions) => {
      const { predict } = await import("./predict-command.js");
      finish(await predict(run, images, given));
    });
}
