import { writeFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { ArgumentError, DataError } from "../core/errors.js";
import { exitCodes } from "./exit-codes.js";

const typed = ["import { defineRecipe, nn, type Tensor } from \"gradus\";", "nn.Module<Tensor, Tensor>", "images: Tensor", "): Tensor {"] as const;
const untyped = ["import { defineRecipe, nn } from \"gradus\";", "nn.Module", "images", ") {"] as const;

/** A file to begin with, in TypeScript or JavaScript. */
export function recipeText(typescript: boolean): string {
  const [imports, module, argument, result] = typescript ? typed : untyped;
  return `${imports}

/** A small convolutional network for images of any size. */
class Net extends ${module} {
  conv1;
  conv2;
  pool = new nn.MaxPool2d(2);
  head;

  constructor(channels${typescript ? ": number" : ""}, classes${typescript ? ": number" : ""}) {
    super();
    this.conv1 = new nn.Conv2d(channels, 16, 3, { padding: 1 });
    this.conv2 = new nn.Conv2d(16, 32, 3, { padding: 1 });
    this.head = new nn.Linear(32, classes);
  }

  /** Images [B, channels, height, width] to logits [B, classes]. */
  ${typescript ? "override " : ""}forward(${argument}${result}
    const x = this.pool.forward(this.conv1.forward(images).relu());
    return this.head.forward(this.conv2.forward(x).relu().mean([2, 3]));
  }
}

export const recipe = defineRecipe({
  summary: "a small convolutional network",
  model: ({ channels = 1, classes }) => new Net(channels, classes),
  data: "digits",
  epochs: 4,
  batchSize: 64,
  optimizer: "adam",
  lr: 0.01,
  schedule: "one-cycle",
});
`;
}

/** Carries out `gradus new recipe NAME` and gives its exit code. */
export async function newRecipe(name: string): Promise<number> {
  const given = extname(name);
  if (given !== "" && ![".ts", ".mts", ".js", ".mjs"].includes(given)) {
    throw new ArgumentError(`new recipe ${name}: expected a name, or a file that ends in .ts, .mts, .js or .mjs`);
  }
  // A file that runs: TypeScript where this Node reads it, else JavaScript that is a module in every folder.
  const extension = given || (readsTypeScript() ? ".ts" : ".mjs");
  const file = `${name.slice(0, name.length - given.length)}${extension}`;
  if (basename(file) === extension) throw new ArgumentError(`new recipe ${name}: expected a name such as my-network`);
  try {
    await writeFile(file, recipeText(extension.endsWith("ts")), { flag: "wx" });
  } catch (error) {
    const exists = error instanceof Error && "code" in error && error.code === "EEXIST";
    throw new DataError(exists ? `${file} is there already; take another name` : `cannot write ${file}: ${String(error)}`, { cause: error });
  }
  const path = /[/\\]/.test(file) ? file : `./${file}`;
  process.stdout.write(`Wrote ${file}. Train it with:\n  npx gradus train ${path}\n`);
  return exitCodes.done;
}

function readsTypeScript(): boolean {
  return "typescript" in process.features && Boolean(process.features.typescript);
}
