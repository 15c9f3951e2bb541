import { readFile } from "node:fs/promises";
import { ArgumentError, DataError, GradusError } from "../core/errors.js";
import { decodeImage, type DecodedImage } from "../data/decode-image.js";
import { fitImage, type FittedImage } from "../data/fit-image.js";
import { compile, noGrad, tensor, type Tensor } from "../node.js";
import { normalize } from "../train/normalization.js";
import { parseDevice } from "./device-names.js";
import { drawImage } from "./draw-image.js";
import { exitCodes } from "./exit-codes.js";
import { openDevice } from "./open-device.js";
import { openModel } from "./open-run.js";
import { formatProbabilities } from "./probability-bars.js";
import { classNamesOf, fitOf, readSavedRun, requireImageRun, type SavedRun } from "./saved-run.js";
import { hasColour, painter, writeText } from "./terminal.js";

/** What the command line says to `gradus predict`, as text. */
export interface GivenPredictOptions {
  readonly device?: string;
  readonly json?: true;
  readonly show?: true;
}

/** An image, what it was taken for, and why. */
interface Prediction {
  readonly file: string;
  readonly class: string;
  readonly probability: number;
  readonly probabilities: Readonly<Record<string, number>>;
  /** How the image was made into what the network reads. */
  readonly fitted: string;
}

/** Carries out `gradus predict` and gives its exit code. An image that cannot be read does not keep the others from it. */
export async function predict(folder: string, files: readonly string[], given: GivenPredictOptions): Promise<number> {
  if (files.filter((file) => file === "-").length > 1) throw new ArgumentError("- names standard input, which can be read only once");
  const run = await readSavedRun(folder);
  requireImageRun(folder, run);
  // One image at a time is no work for a GPU.
  await openDevice(parseDevice(given.device), undefined, 0);
  const model = await openModel(folder, run);
  const { height, width, channels = 1 } = run.preprocessing;
  const classify = compile((pixels: Tensor) => noGrad(() => model.forward(normalize(pixels, run.preprocessing)).softmax(1)));
  const names = classNamesOf(run);
  const predictions: Prediction[] = [];
  const colour = hasColour(process.stdout);
  for (const file of files) {
    let fitted: FittedImage;
    try {
      fitted = await readImage(file, run);
    } catch (error) {
      if (!(error instanceof GradusError)) throw error;
      process.stderr.write(`gradus: ${file}: ${error.message}\n`);
      continue;
    }
    const shares = await classify(tensor(fitted.pixels, { shape: [1, channels, height, width] })).data();
    const probabilities = names.map((name, i) => [name, shares[i] ?? 0] as [string, number]);
    const [best, probability] = probabilities.reduce((a, b) => (b[1] > a[1] ? b : a));
    const prediction = { file, class: best, probability, probabilities: Object.fromEntries(probabilities), fitted: fitted.how };
    predictions.push(prediction);
    if (given.json) continue;
    const drawn = given.show ? drawImage({ width, height, shades: fitted.pixels }, colour) : [];
    writeText(process.stdout, [...(predictions.length > 1 ? [""] : []), ...describe(prediction, probabilities)].join("\n"));
    if (drawn.length > 0) process.stdout.write(`${drawn.join("\n")}\n`);
  }
  if (given.json) process.stdout.write(`${JSON.stringify(predictions, null, 2)}\n`);
  return predictions.length === files.length ? exitCodes.done : exitCodes.failed;
}

function describe({ file, class: best, fitted }: Prediction, probabilities: readonly (readonly [string, number])[]): string[] {
  const paint = painter(hasColour(process.stdout));
  const name = file === "-" ? "standard input" : file;
  return [`${name}: ${paint("bold", best)}`, paint("dim", `  ${fitted}`), ...formatProbabilities(probabilities, process.stdout)];
}

async function readImage(file: string, run: SavedRun): Promise<FittedImage> {
  const { height, width, channels = 1 } = run.preprocessing;
  const bytes = file === "-" ? await readStandardInput() : await readFile(file).catch((error: unknown) => {
    throw new DataError(`cannot be read: ${String(error)}`, { cause: error });
  });
  const fit = (image: DecodedImage): FittedImage => fitImage(image, { height, width, channels }, fitOf(run));
  try {
    return fit(await decodeImage(bytes));
  } catch (error) {
    // White ink on a transparent ground shows on black only.
    if (!(error instanceof DataError)) throw error;
    return fit(await decodeImage(bytes, { background: 0 }));
  }
}

async function readStandardInput(): Promise<Uint8Array> {
  if (process.stdin.isTTY) throw new ArgumentError("nothing is piped in; - reads an image from standard input, as in: cat a.png | gradus predict RUN -");
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}
