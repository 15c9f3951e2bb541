import { lstat, readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { isRunning, type RunningMark } from "../train/running.js";
import { compareRuns } from "./compare-runs.js";
import { LineTail, readLastLines, readPlainFile } from "./line-tail.js";
import { MetricsTable } from "./metrics-table.js";
import type { RunDetails, RunList, RunRow, RunState } from "./protocol.js";

/** What of recipe.json the list shows; files of others may lack anything. */
interface Recipe {
  readonly recipe?: unknown;
  readonly data?: unknown;
  readonly options?: { readonly epochs?: unknown; readonly device?: unknown };
  readonly parameters?: unknown;
  readonly trained?: { readonly steps?: unknown; readonly interrupted?: unknown };
  readonly environment?: { readonly started?: unknown };
  readonly running?: RunningMark;
}

/** The numbers of a run, as far as its file was read. */
export interface LoadedMetrics {
  readonly table: MetricsTable;
  readonly bytes: number;
}

interface Followed {
  tail: LineTail;
  table: MetricsTable;
  /** One after the other, or lines would come twice. */
  reading: Promise<void>;
}

/** Of longer files the list reads only the end, until somebody wants the curves. */
const wholeBytes = 4 << 20;
const endBytes = 1 << 18;

/** Files of a run that can be had as they are. */
export const runFileNames: readonly string[] = [
  "recipe.json", "metrics.jsonl", "model.json", "evaluation.json", "misread.png", "model.safetensors", "summary.txt", "events.out.tfevents.gradus", "trace.json",
  "recipe.ts", "recipe.mts", "recipe.js", "recipe.mjs",
];

/** The id of the folder itself, where that is a run. No other run has it: hidden folders are none, and addresses have no place for `.`. */
const itself = ".itself";

/** The runs in a folder, read anew whenever they are asked for. */
export class RunStore {
  /** As the command line named it. */
  readonly folder: string;
  readonly #followed = new Map<string, Followed>();
  readonly #rows = new Map<string, { readonly key: string; readonly row: RunRow }>();

  constructor(folder: string) {
    this.folder = folder;
  }

  /** All runs, the one that began last first. */
  async list(): Promise<RunList> {
    const ids = await this.#ids();
    const rows = await Promise.all(ids.map((id) => this.#row(id)));
    const runs = rows.filter((row) => row !== undefined);
    return { folder: this.folder, runs: runs.sort(compareRuns) };
  }

  /** The folder of a run; undefined for what is not in the list, whatever path it spells. */
  async pathOf(id: string): Promise<string | undefined> {
    const found = id === itself || (await this.#names()).includes(id);
    return found && (await isFile(join(this.placeOf(id), "recipe.json"))) ? this.placeOf(id) : undefined;
  }

  /** Where a run of the list lies. */
  placeOf(id: string): string {
    return id === itself ? this.folder : join(this.folder, id);
  }

  /** Everything but the curves; undefined where there is no such run. */
  async details(id: string): Promise<RunDetails | undefined> {
    const path = await this.pathOf(id);
    const row = path && (await this.#row(id));
    const metrics = row && (await this.metrics(id));
    if (path === undefined || !row || !metrics) return undefined;
    const [recipe, model, evaluation] = await Promise.all(["recipe.json", "model.json", "evaluation.json"].map((name) => readJson(join(path, name))));
    const files: { name: string; bytes: number }[] = [];
    for (const name of runFileNames) {
      const status = await lstat(join(path, name)).catch(() => undefined);
      if (status?.isFile()) files.push({ name, bytes: status.size });
    }
    return { row, recipe: isRecord(recipe) ? recipe : {}, model: model ?? null, evaluation: evaluation ?? null, tags: metrics.table.tags, files };
  }

  /** A run's numbers, with the lines that came since the last time; undefined where there is no such run. */
  async metrics(id: string): Promise<LoadedMetrics | undefined> {
    const path = await this.pathOf(id);
    return path === undefined ? undefined : this.#load(id, path);
  }

  async #load(id: string, path: string): Promise<LoadedMetrics> {
    let followed = this.#followed.get(id);
    if (!followed) this.#followed.set(id, (followed = { tail: new LineTail(join(path, "metrics.jsonl")), table: new MetricsTable(), reading: Promise.resolve() }));
    const found = followed;
    found.reading = found.reading.catch(() => undefined).then(() => readOn(found));
    await found.reading;
    return { table: found.table, bytes: found.tail.offset };
  }

  /** What in the folder may be a run. */
  async #names(): Promise<string[]> {
    const names = await readdir(this.folder).catch(() => []);
    return names.filter((name) => !name.startsWith("."));
  }

  async #ids(): Promise<string[]> {
    const names = [itself, ...(await this.#names())];
    const found = await Promise.all(names.map(async (id) => ((await isFile(join(this.placeOf(id), "recipe.json"))) ? [id] : [])));
    return found.flat();
  }

  /** Undefined for a folder whose recipe.json is not that of a run. */
  async #row(id: string): Promise<RunRow | undefined> {
    const path = this.placeOf(id);
    const [described, measured, weights] = await Promise.all(["recipe.json", "metrics.jsonl", "model.safetensors"].map((name) => stat(join(path, name)).catch(() => undefined)));
    if (!described) return undefined;
    const hasWeights = weights?.isFile() ?? false;
    const key = [...[described, measured].map((status) => `${status?.ino} ${status?.mtimeMs} ${status?.size}`), hasWeights].join(" ");
    const known = this.#rows.get(id);
    const changed = Math.max(described.mtimeMs, measured?.mtimeMs ?? 0);
    // Whether its process lives is in no file.
    if (known?.key === key && known.row.state !== "running") return known.row;
    const recipe = (await readJson(join(path, "recipe.json"))) as Recipe | undefined;
    if (!isRecord(recipe) || typeof recipe.recipe !== "string") return undefined;
    const state = stateOf(recipe, changed);
    if (known?.key === key && known.row.state === state) return known.row;
    const whole = this.#followed.has(id) || (measured?.size ?? 0) <= wholeBytes;
    const table = whole ? (await this.#load(id, path)).table : await readEnd(path);
    const row = rowOf(id === itself ? basename(resolve(this.folder)) : id, id, recipe, state, table, hasWeights);
    this.#rows.set(id, { key, row });
    return row;
  }
}

async function isFile(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => undefined);
  return status?.isFile() ?? false;
}

async function readOn(followed: Followed): Promise<void> {
  for (;;) {
    const found = await followed.tail.next();
    if (!found) return;
    if (found.kind === "reset") followed.table = new MetricsTable();
    else followed.table.append(found.text);
  }
}

async function readEnd(path: string): Promise<MetricsTable> {
  const table = new MetricsTable();
  table.append(await readLastLines(join(path, "metrics.jsonl"), endBytes));
  return table;
}

function stateOf({ trained, running }: Recipe, changedMs: number): RunState {
  if (trained?.interrupted === false) return "finished";
  return isRunning(running, changedMs) ? "running" : "interrupted";
}

function rowOf(name: string, id: string, recipe: Recipe, state: RunState, table: MetricsTable, hasWeights: boolean): RunRow {
  const last = table.last("train");
  const validated = table.last("validation");
  const { step: _, epoch: __, seconds: ___, time: ____, ...lastValidation } = validated ?? {};
  return {
    id,
    name,
    recipe: String(recipe.recipe),
    data: textOf(recipe.data),
    state,
    hasWeights,
    started: textOf(recipe.environment?.started),
    seconds: last?.["seconds"] ?? null,
    step: last?.["step"] ?? numberOf(recipe.trained?.steps),
    epoch: last?.["epoch"] ?? null,
    epochs: numberOf(recipe.options?.epochs),
    parameters: numberOf(recipe.parameters),
    device: textOf(recipe.options?.device),
    loss: last?.["loss"] ?? null,
    lastValidation: validated && lastValidation,
    bestValidation: table.best,
    test: table.test,
  };
}

async function readJson(path: string): Promise<unknown> {
  const bytes = await readPlainFile(path);
  try {
    return bytes && (JSON.parse(bytes.toString("utf8")) as unknown);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
