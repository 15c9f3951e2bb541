// What the files in a run's folder say, as far as pages show it. A file may come from another version: everything is looked at before it is used.

import type { ClassificationReport, RegressionReport } from "../../../../src/train/evaluation-report.js";

/** model.json. */
export interface ModelTable {
  readonly input: readonly number[];
  readonly rows: readonly {
    readonly name: string;
    readonly kind: string;
    readonly depth: number;
    readonly outputs: readonly (readonly number[])[];
    readonly parameters: number;
    readonly multiplyAdds: number;
  }[];
  readonly parameters: number;
  readonly trainable: number;
  readonly multiplyAdds: number;
}

/** Undefined for what is no report of a test. */
export function evaluationOf(value: unknown): ClassificationReport | RegressionReport | undefined {
  if (!isRecord(value)) return undefined;
  if (value["task"] === "classification") return classificationOf(value);
  return value["task"] === "regression" ? regressionOf(value) : undefined;
}

function classificationOf({ examples, loss, accuracy, classes, confusion, wrong, misread, pictures }: Readonly<Record<string, unknown>>): ClassificationReport | undefined {
  if (!isNumber(examples) || !isNumber(loss) || !isNumber(accuracy) || !isNumber(wrong)) return undefined;
  if (!isListOf(classes, isText) || !isListOf(misread, isMisread) || !isListOf(confusion, isCounts)) return undefined;
  const count = classes.length;
  const isClass = (place: number): boolean => place < count;
  if (confusion.length !== count || !confusion.every(({ length }) => length === count)) return undefined;
  if (!misread.every(({ actual, predicted }) => isClass(actual) && isClass(predicted))) return undefined;
  const scores = { examples: numberOf(examples), loss: numberOf(loss), accuracy: numberOf(accuracy), wrong: numberOf(wrong) };
  return { task: "classification", ...scores, classes, confusion, misread, ...(isSheet(pictures) && { pictures }) };
}

function regressionOf({ examples, loss, rmse, r2, target, pairs }: Readonly<Record<string, unknown>>): RegressionReport | undefined {
  if (!isNumber(examples) || !isNumber(loss) || !isNumber(rmse) || !isNumber(r2) || !isText(target) || !Array.isArray(pairs)) return undefined;
  const scores = { examples: numberOf(examples), loss: numberOf(loss), rmse: numberOf(rmse), r2: numberOf(r2) };
  return { task: "regression", ...scores, target, pairs: pairs.filter(isPair) };
}

/** Undefined for what is no table of layers. */
export function modelOf(value: unknown): ModelTable | undefined {
  if (!isRecord(value)) return undefined;
  const { input, rows, parameters, trainable, multiplyAdds } = value;
  return isCounts(input) && isListOf(rows, isLayer) && isCount(parameters) && isCount(trainable) && isCount(multiplyAdds) ? { input, rows, parameters, trainable, multiplyAdds } : undefined;
}

function isLayer(value: unknown): value is ModelTable["rows"][number] {
  return isRecord(value) && isText(value["name"]) && isText(value["kind"]) && isListOf(value["outputs"], isCounts) && isCounts([value["depth"], value["parameters"], value["multiplyAdds"]]);
}

function isMisread(value: unknown): value is ClassificationReport["misread"][number] {
  return isRecord(value) && isCounts([value["index"], value["actual"], value["predicted"]]) && (value["confidence"] === undefined || typeof value["confidence"] === "number");
}

function isSheet(value: unknown): value is NonNullable<ClassificationReport["pictures"]> {
  return isRecord(value) && ["width", "height", "columns", "count"].every((name) => isCount(value[name]) && value[name] > 0);
}

function isPair(value: unknown): value is RegressionReport["pairs"][number] {
  return Array.isArray(value) && value.length === 2 && value.every((number) => Number.isFinite(number));
}

/** JSON has null for numbers that are not finite. */
function isNumber(value: unknown): value is number | null {
  return typeof value === "number" || value === null;
}

function numberOf(value: number | null): number {
  return value ?? NaN;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isCounts(value: unknown): value is readonly number[] {
  return isListOf(value, isCount);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isListOf<T>(value: unknown, isOne: (one: unknown) => one is T): value is readonly T[] {
  return Array.isArray(value) && value.every(isOne);
}

/** Everything that a recipe.json says, one line for each value: `options.lr` and its text. Large parts are named only. */
export function flatten(value: unknown, name = ""): Map<string, string> {
  const found = new Map<string, string>();
  if (isRecord(value)) {
    for (const [key, part] of Object.entries(value)) for (const [path, text] of flatten(part, name === "" ? key : `${name}.${key}`)) found.set(path, text);
  } else {
    const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
    found.set(name, text.length > 300 ? `${text.slice(0, 300)} …` : text);
  }
  return found;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
