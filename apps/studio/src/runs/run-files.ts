// What the files in a run's folder say, as far as pages show it. A file may come from another version: everything is looked at before it is used.

/** evaluation.json of a classifier. */
export interface Classification {
  readonly task: "classification";
  readonly examples: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly classes: readonly string[];
  readonly confusion: readonly (readonly number[])[];
  readonly wrong: number;
  readonly misread: readonly { readonly index: number; readonly actual: number; readonly predicted: number; readonly confidence?: number }[];
  readonly pictures?: { readonly width: number; readonly height: number; readonly columns: number; readonly count: number };
}

/** evaluation.json of a network for numbers. */
export interface Regression {
  readonly task: "regression";
  readonly examples: number;
  readonly loss: number;
  readonly rmse: number;
  readonly r2: number;
  readonly target: string;
  readonly pairs: readonly (readonly [actual: number, predicted: number])[];
}

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
export function evaluationOf(value: unknown): Classification | Regression | undefined {
  if (!isRecord(value)) return undefined;
  if (value["task"] === "classification" && Array.isArray(value["confusion"]) && Array.isArray(value["classes"]) && Array.isArray(value["misread"])) return value as unknown as Classification;
  if (value["task"] === "regression" && Array.isArray(value["pairs"])) return value as unknown as Regression;
  return undefined;
}

/** Undefined for what is no table of layers. */
export function modelOf(value: unknown): ModelTable | undefined {
  return isRecord(value) && Array.isArray(value["rows"]) && Array.isArray(value["input"]) ? (value as unknown as ModelTable) : undefined;
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
