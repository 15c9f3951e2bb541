import type { ScoreValues } from "./protocol.js";

/** What a line of metrics.jsonl says. A value that was not finite is Infinity; a time that is not known is NaN. */
export type MetricsRecord =
  | { readonly kind: "train"; readonly step: number; readonly epoch: number; readonly seconds: number; readonly time: number; readonly values: ScoreValues }
  | { readonly kind: "validation"; readonly step: number; readonly epoch: number; readonly values: ScoreValues }
  | { readonly kind: "test"; readonly values: ScoreValues };

/** Reads a line; undefined for one that is no record of a run. */
export function parseMetricsLine(line: string): MetricsRecord | undefined {
  const record = parse(line);
  if (typeof record !== "object" || record === null) return undefined;
  const { step, epoch, seconds, time, validation, test, ...values } = record as Record<string, unknown>;
  if (typeof test === "object") return { kind: "test", values: numbersOf(test) };
  if (typeof step !== "number" || typeof epoch !== "number") return undefined;
  if (typeof validation === "object") return { kind: "validation", step, epoch, values: numbersOf(validation) };
  return typeof seconds === "number" ? { kind: "train", step, epoch, seconds, time: typeof time === "number" ? time : NaN, values: numbersOf(values) } : undefined;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** JSON has null for numbers that are not finite. */
function numbersOf(values: object | null): ScoreValues {
  const numbers: Record<string, number> = {};
  for (const [name, value] of Object.entries(values ?? {})) {
    if (typeof value === "number") numbers[name] = value;
    else if (value === null) numbers[name] = Infinity;
  }
  return numbers;
}
