import { DataError, encodeModel, loadModel } from "gradus";
import type { ImageSet, MetricsLine, nn, Normalization } from "gradus";
import { parseMetricsLine } from "../../../../../src/studio/metrics-line.js";
import { classificationReport, listedExamples, type ClassificationReport } from "../../../../../src/train/evaluation-report.js";
import { isZip, readZip, writeZip, type ImageFit } from "gradus/data";
import type { Judgement } from "./judge.js";
import type { PickedFile } from "./lab-data.js";
import type { NetworkSetting } from "./network.js";
import { recipeText } from "./recipe-text.js";
import type { Session } from "./session.js";
import { defaultSetting, namedNetworks, type DigitsSetting } from "./setting.js";
import { optimizers, type OptimizerName } from "./train.js";

/** A run's files by name. */
export type RunFiles = ReadonlyMap<string, Uint8Array>;

/** A run that was saved, as the lab goes on with it. */
export interface OpenedRun {
  readonly name: string;
  readonly setting: DigitsSetting;
  readonly pixels: Normalization;
  readonly data: string;
  readonly classes: number;
  readonly lines: readonly MetricsLine[];
  readonly weights: Uint8Array;
}

/** What recipe.json says of what the lab reads. */
interface Description {
  readonly recipe: string;
  readonly data: string;
  readonly options: { readonly optimizer?: string; readonly lr?: number; readonly batchSize?: number; readonly seed?: number; readonly limit?: number | null };
  readonly preprocessing: Normalization & { readonly height: number; readonly width: number; readonly channels?: number; readonly fit?: ImageFit };
  readonly classes: number;
  /** The network of a run that was saved by the lab. */
  readonly lab?: NetworkSetting;
}

/**
 * The session's network as the files of a run, which `gradus predict`, `gradus evaluate`, the studio's page of runs and the lab open. `judgement` is that of
 * all test images, `gradus` the version that trained.
 */
export async function filesOfRun(session: Session, judgement: Judgement, gradus: string): Promise<RunFiles> {
  const { network, setting, data, images, pixels, lines: curves, started, step, epoch } = session;
  const { height, width, classes, classNames } = data.train;
  const { optimizer, lr, batchSize, seed, limit } = setting.training;
  const input = [1, 1, height, width];
  const summary = network.summary({ shape: input }, { print: false });
  const description = {
    gradus,
    recipe: `lab-${setting.network.kind}`,
    recipeFile: "recipe.mjs",
    data: data.name,
    // The user ends a training where it is enough: what was done is what was planned.
    options: { epochs: Number(epoch.toFixed(2)), batchSize, optimizer, lr, schedule: "constant", seed, device: setting.device, limit },
    preprocessing: { channels: 1, height, width, ...pixels, fit: data.fit },
    classes,
    ...(classNames && { classNames }),
    lab: setting.network,
    parameters: summary.parameters,
    trained: { steps: step, examples: Math.round(epoch * images.count), interrupted: false },
    environment: { started },
  };
  const { loss, accuracy } = judgement;
  const last = curves.at(-1);
  const lines: object[] = [...curves, ...(last ? [{ step: last.step, epoch: last.epoch, test: { loss, accuracy } }] : [])];
  const texts = {
    "metrics.jsonl": lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
    "summary.txt": `${summary.toString()}\n`,
    "model.json": JSON.stringify({ input, ...summary }),
    "evaluation.json": JSON.stringify(reportOf(judgement, data.test)),
    "recipe.mjs": recipeText(session),
    "recipe.json": `${JSON.stringify(description, null, 2)}\n`,
  };
  const encoder = new TextEncoder();
  return new Map([["model.safetensors", await encodeModel(network)], ...Object.entries(texts).map(([name, text]) => [name, encoder.encode(text)] as const)]);
}

/** A judgement as `evaluation.json` of a run holds it. */
function reportOf({ loss, predicted, confidence, confusion }: Judgement, { labels, classNames }: ImageSet): ClassificationReport {
  const wrong = Array.from(predicted.keys()).filter((i) => predicted[i] !== labels[i]);
  const misread = wrong.map((index) => ({ index, actual: labels[index] ?? -1, predicted: predicted[index] ?? -1, confidence: confidence[index] ?? 0 }));
  return {
    ...classificationReport({ loss, matrix: confusion, names: classNames }),
    misread: misread.sort((a, b) => b.confidence - a.confidence).slice(0, listedExamples),
  };
}

/** The files as one archive. */
export function packRun(name: string, files: RunFiles): Promise<Uint8Array> {
  return writeZip(new Map([...files].map(([file, bytes]) => [`${name}/${file}`, bytes])));
}

/**
 * Reads model.safetensors and recipe.json (and metrics.jsonl, if it is there), or a .zip that holds them. Throws DataError where they are missing,
 * or the network is not one that the lab makes.
 */
export async function openRun(picked: readonly PickedFile[], name = "run"): Promise<OpenedRun> {
  const files = new Map<string, Uint8Array>();
  for (const { name, bytes } of picked) {
    if (isZip(bytes)) for (const [path, entry] of readZip(bytes)) files.set(lastPart(path), await entry.read());
    else files.set(lastPart(name), bytes);
  }
  const weights = files.get("model.safetensors");
  const text = files.get("recipe.json");
  if (!weights || !text) {
    throw new DataError(`a run is opened from its model.safetensors and recipe.json together, and ${[...files.keys()].join(", ") || "nothing"} came: pick both files of the run's folder`);
  }
  const description = parseDescription(text);
  const { recipe, data, options, preprocessing, classes, lab } = description;
  const network = lab ?? namedNetworks[recipe];
  if (!network) throw new DataError(`the run trains ${recipe}, which the lab does not draw; it opens lenet, mlp, softmax-regression and what was saved here`);
  if ((preprocessing.channels ?? 1) !== 1) throw new DataError(`the run reads images of ${preprocessing.channels} channels; the lab has grey ones`);
  const { training } = defaultSetting;
  const { optimizer = training.optimizer, lr = training.lr, batchSize = training.batchSize, seed = training.seed, limit = null } = options;
  const lines = new TextDecoder().decode(files.get("metrics.jsonl") ?? new Uint8Array()).split("\n").flatMap(metricsLine);
  return {
    name,
    setting: { network, training: { optimizer: isOptimizer(optimizer) ? optimizer : training.optimizer, lr, batchSize, limit, seed }, device: defaultSetting.device },
    pixels: { mean: preprocessing.mean, std: preprocessing.std },
    data,
    classes,
    lines,
    weights,
  };
}

/** Puts the weights of an opened run into a network of its setting. */
export function loadWeights(network: nn.Sequential, { weights }: OpenedRun): void {
  loadModel(network, weights);
}

function parseDescription(bytes: Uint8Array): Description {
  let value: Partial<Description> | null;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Description> | null;
  } catch (error) {
    throw new DataError(`recipe.json is damaged: ${String(error)}`, { cause: error });
  }
  const { recipe, data, preprocessing, classes } = value ?? {};
  if (typeof recipe === "string" && typeof data === "string" && typeof preprocessing?.std === "number" && typeof classes === "number") {
    return { ...value, recipe, data, preprocessing, classes, options: value?.options ?? {} };
  }
  throw new DataError("recipe.json does not describe a network that classifies images");
}

/** None for a line of something else, and for one that a training which is at work, or was killed, has written in part. */
function metricsLine(text: string): MetricsLine[] {
  const record = parseMetricsLine(text);
  if (record?.kind === "train") {
    const { step, epoch, seconds, values: { loss = NaN, lr = NaN, ...others } } = record;
    return Number.isFinite(loss) ? [{ step, epoch, loss, lr, seconds, ...others }] : [];
  }
  if (record?.kind !== "validation") return [];
  const { step, epoch, values: { loss = NaN, ...others } } = record;
  return [{ step, epoch, validation: { loss, ...others } }];
}

function isOptimizer(name: string): name is OptimizerName {
  return Object.hasOwn(optimizers, name);
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
