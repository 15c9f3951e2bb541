import { median } from "../measure.js";
import { isSelected, type BenchOptions } from "../options.js";
import { pyTorchMemory } from "../peers/pytorch.js";
import { emptyRow, type Row } from "../row.js";
import { steps } from "../cases/steps.js";
import { Cache } from "./child.js";

/** Limits in milliseconds of the first step with an empty cache and with one that holds it. */
const firstSteps = [
  { name: "mlp-adam", cold: 1500, warm: 150 },
  { name: "resnet20-sgd", cold: 8000, warm: 600 },
  { name: "gpt6x384-adamw", cold: 8000, warm: 600 },
];
const depths = [4, 8, 16, 32, 64];
const lengths = [64, 1024];
/** Numbers that a program of a call adds up: few run on the calling thread, many on the device's. */
const inlineNumbers = 4;
const threadNumbers = 100_000;

/** Runs a task some times, each with a cache of its own. */
function repeat<T>(times: number, measure: (cache: Cache) => T): T[] {
  return Array.from({ length: times }, () => {
    const cache = new Cache();
    try {
      return measure(cache);
    } finally {
      cache.remove();
    }
  });
}

/** What it takes until work begins: compile times, the cost of a call, memory. */
export function measureCompile(options: BenchOptions, threads: number, add: (row: Row) => void): void {
  const times = Math.min(3, options.rounds);
  const { device } = options;
  const ofTask = (task: string, more: object = {}): Record<string, number>[] => repeat(times, (cache) => cache.run(task, { device, ...more }));
  const medianOf = (results: readonly Record<string, number>[], field = "ms"): number => median(results.map((r) => r[field] ?? NaN));
  const row = (name: string, fields: Partial<Row>): Row => ({ ...emptyRow("compile", name, device, threads), ...fields });
  const when = (names: readonly string[], measure: () => readonly Row[]): void => {
    if (!names.some((name) => isSelected(name, options))) return;
    try {
      measure().forEach(add);
    } catch (error) {
      add(row(names[0] ?? "", { note: error instanceof Error ? error.message.split("\n")[0] ?? "" : String(error) }));
    }
  };

  for (const { name, cold, warm } of firstSteps) {
    const names = [`first-step-${name}`, `first-step-${name}-warm`] as const;
    when(names, () => {
      const both = repeat(times, (cache) => [cache.run("firstStep", { device, case: name }), cache.run("firstStep", { device, case: name })] as const);
      return [
        row(names[0], { oursMs: medianOf(both.map(([first]) => first)), limit: cold }),
        row(names[1], { oursMs: medianOf(both.map(([, second]) => second)), limit: warm }),
      ];
    });
  }
  when(["call-inline"], () => [row("call-inline", { oursMs: medianOf(ofTask("call", { size: inlineNumbers })), limit: 0.005 })]);
  when(["call-thread"], () => [row("call-thread", { oursMs: medianOf(ofTask("call", { size: threadNumbers })), limit: 0.07 })]);
  when(["first-value", "device-start"], () => {
    const results = ofTask("firstValue");
    return [row("first-value", { oursMs: medianOf(results), limit: 50 }), row("device-start", { oursMs: medianOf(results, "startMs") })];
  });
  for (const [name, task] of [["other-batch", "otherBatch"], ["other-length", "otherLength"]] as const) {
    when([name], () => {
      const results = ofTask(task);
      return [row(name, { oursMs: medianOf(results), value: medianOf(results, "calls"), unit: "compiler calls", limit: 0 })];
    });
  }
  when(["prepare-lstm"], () => {
    const found = lengths.map((size) => medianOf(ofTask("lstmPreparation", { size })));
    const [short = NaN, long = NaN] = found;
    return [
      ...lengths.map((size, i) => row(`prepare-lstm-${size}`, { oursMs: found[i] ?? NaN })),
      row("prepare-lstm-growth", { value: Math.max(long / short, short / long), unit: "×", limit: 1.2 }),
    ];
  });
  when(["prepare-mlp-depth"], () => {
    const found = depths.map((size) => medianOf(ofTask("depthPreparation", { size })));
    const growth = (found.at(-1) ?? NaN) / (found[0] ?? NaN) / ((depths.at(-1) ?? NaN) / (depths[0] ?? NaN));
    return [
      ...depths.map((size, i) => row(`prepare-mlp-depth-${size}`, { oursMs: found[i] ?? NaN })),
      row("prepare-mlp-depth-growth", { value: growth, unit: "of linear", limit: 1 }),
    ];
  });
  when(["memory-gpt6x384"], () => [row("memory-gpt6x384", memoryRow(options, threads, "gpt6x384-adamw"))]);
}

/** Peak memory of a training step's process in MiB, beside PyTorch's. */
function memoryRow({ device, peers }: BenchOptions, threads: number, name: string): Partial<Row> {
  const [own] = repeat(1, (cache) => cache.run("memory", { device, case: name }));
  const value = own?.mib ?? NaN;
  const work = steps.find((c) => c.name === name)?.work;
  const theirs = work && peers.includes("pytorch") ? pyTorchMemory(threads, work) : undefined;
  if (theirs === undefined) return { value, unit: "MiB" };
  return { value, unit: "MiB", limit: Math.round(theirs), peer: "pytorch", ratio: theirs / value };
}
