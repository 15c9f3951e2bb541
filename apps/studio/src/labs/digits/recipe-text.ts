import type { LabData } from "./lab-data.js";
import type { ActivationName, ImageSize } from "./network.js";
import { epochsPerStart, type DigitsSetting } from "./setting.js";

const classes: Readonly<Record<ActivationName, string>> = { relu: "ReLU", leakyRelu: "LeakyReLU", tanh: "Tanh", sigmoid: "Sigmoid", gelu: "GELU" };

interface Made {
  readonly setting: DigitsSetting;
  readonly data: Pick<LabData, "name" | "train">;
  /** What it is trained on. */
  readonly images: { readonly count: number };
}

/** The same network and training as a file that `gradus train` runs: what `digitsNetwork` makes, layer by layer. */
export function recipeText({ setting: { network, training }, data: { name, train }, images }: Made): string {
  const layers = layerLines(network, train).map((line) => `      ${line},`);
  return [
    `import { defineRecipe, nn } from "gradus";`,
    "",
    `// Made in Gradus Studio. Train it anew: npx gradus train recipe.mjs${training.limit === null ? "" : ` --limit ${training.limit}`}`,
    "export const recipe = defineRecipe({",
    "  model: () =>",
    "    new nn.Sequential({",
    ...layers,
    "    }),",
    ...(name === "files" ? [] : [`  data: "${name}",`]),
    `  epochs: ${epochsPerStart(training, images.count)},`,
    `  batchSize: ${training.batchSize},`,
    `  optimizer: "${training.optimizer}",`,
    `  lr: ${training.lr},`,
    `  schedule: "constant",`,
    "});",
    "",
  ].join("\n");
}

function layerLines({ kind, maps, hidden, activation, dropout }: DigitsSetting["network"], size: ImageSize): string[] {
  const active = `new nn.${classes[activation]}()`;
  const lines: string[] = [];
  let [channels, height, width] = [1, size.height, size.width];
  const convolutions = kind === "cnn" ? maps : [];
  convolutions.forEach((count, i) => {
    const padding = i === 0 ? 2 : 0;
    lines.push(`conv${i + 1}: new nn.Conv2d(${channels}, ${count}, 5, { padding: ${padding} })`, `active${i + 1}: ${active}`, `pool${i + 1}: new nn.MaxPool2d(2)`);
    [channels, height, width] = [count, Math.floor((height + 2 * padding - 4) / 2), Math.floor((width + 2 * padding - 4) / 2)];
  });
  lines.push("flatten: new nn.Flatten()");
  let inputs = channels * height * width;
  if (kind === "softmax") return [...lines, `linear: new nn.Linear(${inputs}, ${size.classes})`];
  hidden.forEach((neurons, i) => {
    lines.push(`fc${i + 1}: new nn.Linear(${inputs}, ${neurons})`, `active${convolutions.length + i + 1}: ${active}`);
    if (dropout > 0) lines.push(`dropout${i + 1}: new nn.Dropout(${dropout})`);
    inputs = neurons;
  });
  return [...lines, `fc${hidden.length + 1}: new nn.Linear(${inputs}, ${size.classes})`];
}
