import type { Shape } from "../core/shape.js";
import type { Step } from "../compiler/program.js";
import type { Kernel } from "../ir/loop.js";

/**
 * How a backend measures a run: milliseconds, `recordFields` numbers for the run and then for every launch and copy in the
 * order of the program. The run's are the time of its start and what passed outside of the steps; a step's are the work of
 * the first thread, and what it waited for the others and for the step's start. Steps in loops add up.
 */
export const recordFields = 2;

/** A launch or copy of a program. */
export interface StepDescription {
  /** Position among the program's launches and copies, as GRADUS_DEBUG prints it. */
  readonly index: number;
  readonly name: string;
  /** Of what it writes; undefined for copies. */
  readonly shape: Shape | undefined;
  readonly items: number;
  /** How often one run of the program executes it. */
  readonly launches: number;
  /** Of one launch. */
  readonly flops: number;
  readonly bytes: number;
}

/** What a backend tells of a program that it measures. */
export interface ProgramDescription {
  readonly steps: readonly StepDescription[];
  readonly compileMs: number;
}

/** What a description needs of a program. */
export interface MeasuredProgram {
  readonly steps: readonly Step[];
  readonly kernels: readonly Pick<Kernel, "name" | "flops" | "bytes">[];
}

/** The launches and copies of a program, those in loops without iterations left out. */
export function describeProgram(program: MeasuredProgram, compileMs: number): ProgramDescription {
  const described: StepDescription[] = [];
  const visit = (step: Step, launches: number): void => {
    const index = described.length;
    if (step.kind === "loop") {
      for (const inner of step.count > 0 ? step.body : []) visit(inner, launches * step.count);
    } else if (step.kind === "copy") {
      described.push({ index, name: "copy", shape: undefined, items: 1, launches, flops: 0, bytes: 2 * step.bytes });
    } else {
      const { name = "?", flops = 0, bytes = 0 } = program.kernels[step.kernel] ?? {};
      described.push({ index, name, shape: step.shape, items: step.items, launches, flops, bytes });
    }
  };
  for (const step of program.steps) visit(step, 1);
  return { steps: described, compileMs };
}

/** Float64 numbers that the record of one run takes. */
export function recordLength({ steps }: ProgramDescription): number {
  return recordFields * (1 + steps.length);
}

/** A step over all runs that count. */
export interface StepProfile extends StepDescription {
  /** Over all runs, in milliseconds. */
  readonly workMs: number;
  readonly waitMs: number;
}

/** A program over all runs that count: all but the first, in which memory is touched for the first time. */
export interface ProgramProfile {
  /** In the order of the first runs. */
  readonly index: number;
  readonly compileMs: number;
  readonly firstRunMs: number;
  /** Without the first. */
  readonly runs: number;
  /** From the start to the end of the runs, and how much of it was outside of steps. */
  readonly totalMs: number;
  readonly outsideMs: number;
  readonly steps: readonly StepProfile[];
}

/** One run, for traces. */
export interface MeasuredRun {
  readonly program: number;
  /** Fields as in a record. */
  readonly record: Float64Array;
}

export interface Profile {
  readonly device: string;
  readonly threads: number;
  readonly programs: readonly ProgramProfile[];
  /** Between the end of a run and the start of the next one that counts: preparing it, compiling, or nothing to do. */
  readonly betweenMs: number;
  /** The first runs, each program's very first included. */
  readonly trace: readonly MeasuredRun[];
}

interface Counted {
  readonly index: number;
  readonly description: ProgramDescription;
  readonly sums: Float64Array;
  firstRunMs: number;
  runs: number;
}

/** Steps that the traced runs may have in all: a trace file of a few megabytes. */
const mostTraced = 20_000;

export interface MeasuredDevice {
  readonly name: string;
  readonly threads: number;
}

/** Collects what a backend measures. */
export class Profiler {
  readonly #device: MeasuredDevice;
  readonly #programs = new Map<ProgramDescription, Counted>();
  readonly #trace: MeasuredRun[] = [];
  #traced = 0;
  #end = NaN;
  #betweenMs = 0;

  constructor(device: MeasuredDevice) {
    this.#device = device;
  }

  /** Takes the record of a run in; runs come in the order in which they ran. A run that never started has no time. */
  add(description: ProgramDescription, record: Float64Array): void {
    const [start = 0] = record;
    if (start === 0) return;
    let program = this.#programs.get(description);
    if (!program) {
      program = { index: this.#programs.size, description, sums: new Float64Array(record.length), firstRunMs: NaN, runs: 0 };
      this.#programs.set(description, program);
    }
    let total = 0;
    for (let i = 1; i < record.length; i++) total += record[i] ?? 0;
    if (Number.isNaN(program.firstRunMs)) {
      program.firstRunMs = total;
    } else {
      program.runs++;
      for (let i = 1; i < record.length; i++) program.sums[i] = (program.sums[i] ?? 0) + (record[i] ?? 0);
      if (!Number.isNaN(this.#end)) this.#betweenMs += Math.max(0, start - this.#end);
    }
    this.#end = start + total;
    this.#traced += description.steps.length;
    if (this.#traced <= mostTraced) this.#trace.push({ program: program.index, record });
  }

  read(): Profile {
    const programs = [...this.#programs.values()].map(({ index, description, sums, firstRunMs, runs }): ProgramProfile => {
      const steps = description.steps.map((step, i) => {
        const field = recordFields * (1 + i);
        return { ...step, workMs: sums[field] ?? 0, waitMs: sums[field + 1] ?? 0 };
      });
      const outsideMs = sums[1] ?? 0;
      const totalMs = steps.reduce((sum, step) => sum + step.workMs + step.waitMs, outsideMs);
      return { index, compileMs: description.compileMs, firstRunMs, runs, totalMs, outsideMs, steps };
    });
    const { name, threads } = this.#device;
    return { device: name, threads, programs, betweenMs: this.#betweenMs, trace: [...this.#trace].sort((a, b) => (a.record[0] ?? 0) - (b.record[0] ?? 0)) };
  }
}
