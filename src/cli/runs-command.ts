import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ArgumentError, GradusError } from "../core/errors.js";
import { isRunning } from "../train/running.js";
import { exitCodes } from "./exit-codes.js";
import { formatCount } from "./progress-line.js";
import { readSavedRun, type SavedRun } from "./saved-run.js";
import { hasColour, painter, type OutputStream, writeText } from "./terminal.js";

/** A run and how it ended. */
export interface ListedRun {
  readonly folder: string;
  readonly recipe: string;
  readonly data: string | null;
  readonly epochs: number | null;
  /** Scores on test data; null for a run that did not come to its end. */
  readonly test: Readonly<Record<string, number>> | null;
  /** When it was last written, ISO 8601. */
  readonly date: string;
  readonly state: "complete" | "running" | "can be resumed" | "stopped";
}

/** Carries out `gradus runs` and gives its exit code: the runs in a folder, the last one first. */
export async function listRuns(folder: string, given: { readonly json?: true }): Promise<number> {
  const names = await readdir(folder).catch((error: unknown): string[] => {
    // The folder that training makes is not there before it.
    if (folder === "runs" && error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw new ArgumentError(`${folder} cannot be read (${String(error)}); name the folder that holds runs`, { cause: error });
  });
  const found = await Promise.all([".", ...names.filter((name) => !name.startsWith("."))].map((name) => look(join(folder, name))));
  const runs = found.filter((run) => run !== undefined).sort((a, b) => (a.date < b.date ? 1 : -1));
  if (given.json) process.stdout.write(`${JSON.stringify(runs, null, 2)}\n`);
  else writeText(process.stdout, formatRuns(runs, folder, process.stdout).trimEnd());
  return exitCodes.done;
}

/** Undefined for what is no run's folder. */
async function look(folder: string): Promise<ListedRun | undefined> {
  const status = await stat(join(folder, "recipe.json")).catch(() => undefined);
  if (!status?.isFile()) return undefined;
  let run: Partial<SavedRun>;
  try {
    run = await readSavedRun(folder);
  } catch (error) {
    if (!(error instanceof GradusError)) throw error;
    process.stderr.write(`gradus: ${error.message}\n`);
    return undefined;
  }
  const { epochs } = run.options ?? {};
  const stopped = run.trained?.interrupted === true;
  const changed = Math.max(status.mtimeMs, (await stat(join(folder, "metrics.jsonl")).catch(() => undefined))?.mtimeMs ?? 0);
  const checkpoints = stopped ? await readdir(join(folder, "checkpoints")).catch(() => []) : [];
  return {
    folder,
    recipe: run.recipe ?? "?",
    data: run.data ?? null,
    epochs: typeof epochs === "number" ? epochs : null,
    test: stopped ? null : await lastTest(folder),
    date: status.mtime.toISOString(),
    state: !stopped ? "complete" : isRunning(run.running, changed) ? "running" : checkpoints.length > 0 ? "can be resumed" : "stopped",
  };
}

/** The scores in the last line of `metrics.jsonl`. */
async function lastTest(folder: string): Promise<Readonly<Record<string, number>> | null> {
  try {
    const lines = (await readFile(join(folder, "metrics.jsonl"), "utf8")).trim().split("\n");
    return (JSON.parse(lines.at(-1) ?? "") as { test?: Record<string, number> }).test ?? null;
  } catch {
    return null;
  }
}

/** The runs as a table; where the stream is too narrow, the last columns are left out. */
export function formatRuns(runs: readonly ListedRun[], folder: string, stream: OutputStream): string {
  if (runs.length === 0) return `There is no run in ${folder}; begin one with: gradus train mlp\n`;
  const paint = painter(hasColour(stream));
  const rows = [
    ["run", "result", "recipe", "data", "epochs", "date", "state"],
    ...runs.map(({ folder: path, recipe, data, epochs, test, date, state }) => {
      return [path, resultOf(test), recipe, data ?? "", String(epochs ?? ""), date.slice(0, 16).replace("T", " "), state];
    }),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  let [shown, total] = [0, -2];
  while (shown < widths.length && (shown < 2 || total + 2 + (widths[shown] ?? 0) <= (stream.columns ?? Infinity))) total += 2 + (widths[shown++] ?? 0);
  const lines = rows.map((row) => row.slice(0, shown).map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd());
  return `${lines.map((line, i) => (i === 0 ? paint("dim", line) : line)).join("\n")}\n`;
}

function resultOf(test: ListedRun["test"]): string {
  if (test === null) return "–";
  if (test["accuracy"] !== undefined) return `${(100 * test["accuracy"]).toFixed(2)} %`;
  const [first] = Object.entries(test).filter(([name]) => name !== "loss");
  return first === undefined ? `loss ${test["loss"]?.toPrecision(4) ?? "?"}` : `${first[0]} ${first[1] >= 1000 ? formatCount(first[1]) : first[1].toPrecision(4)}`;
}
