import { recordFields, type Profile, type ProgramProfile, type StepDescription, type StepProfile } from "./profile.js";

/** A step of a program as one line of a profile. */
export interface ProfileRow {
  /** Of the time of all runs. */
  readonly share: number;
  readonly totalMs: number;
  readonly launches: number;
  readonly meanMicroseconds: number;
  readonly gflops: number;
  readonly gbs: number;
  /** Of the step's time, what the first thread waited for others. */
  readonly waiting: number;
  readonly items: number;
  /** "program.step name shape". */
  readonly label: string;
}

/** Name and shape of a step, such as "dot-add-relu [64,128]". */
export function stepLabel({ name, shape }: Pick<StepDescription, "name" | "shape">): string {
  return shape ? `${name} [${shape.join()}]` : name;
}

/** The steps that took longest, first; with one row for what passed outside of steps. */
export function profileRows({ programs }: Profile): ProfileRow[] {
  const whole = programs.reduce((sum, program) => sum + program.totalMs, 0);
  const row = (step: StepProfile, { index, runs }: ProgramProfile): ProfileRow => {
    const totalMs = step.workMs + step.waitMs;
    const launches = step.launches * runs;
    return {
      share: totalMs / whole,
      totalMs,
      launches,
      meanMicroseconds: (1000 * totalMs) / launches,
      gflops: (step.flops * launches) / totalMs / 1e6,
      gbs: (step.bytes * launches) / totalMs / 1e6,
      waiting: step.waitMs / totalMs,
      items: step.items,
      label: `${index}.${step.index} ${stepLabel(step)}`,
    };
  };
  const rows = programs.filter(({ runs }) => runs > 0).flatMap((program) => program.steps.map((step) => row(step, program)));
  const launches = programs.reduce((sum, program) => sum + program.runs, 0);
  const outsideMs = programs.reduce((sum, program) => sum + program.outsideMs, 0);
  if (launches > 0) {
    const meanMicroseconds = (1000 * outsideMs) / launches;
    rows.push({ share: outsideMs / whole, totalMs: outsideMs, launches, meanMicroseconds, gflops: 0, gbs: 0, waiting: 1, items: 1, label: "start and end of runs" });
  }
  return rows.sort((a, b) => b.totalMs - a.totalMs);
}

/** Lines of the table at most; the rest is one line. */
const mostRows = 60;

/** A profile as a table for people: programs, then steps by the time that they took. */
export function formatProfile(profile: Profile): string {
  const { device, threads, programs, betweenMs } = profile;
  const ms = (value: number): string => value.toFixed(value < 10 ? 3 : 1);
  const counted = programs.filter(({ runs }) => runs > 0);
  const single = programs.length - counted.length;
  const lines = [`profile of ${device}, ${threads} ${threads === 1 ? "thread" : "threads"}; first runs are not counted`];
  for (const { index, runs, totalMs, steps, compileMs, firstRunMs } of counted) {
    const flops = runs * steps.reduce((sum, step) => sum + step.flops * step.launches, 0);
    const rate = `${(flops / totalMs / 1e6).toFixed(1)} GFLOP/s`;
    lines.push(`program ${index}: ${runs} runs of ${steps.length} steps, ${ms(totalMs / runs)} ms each, ${rate}; compiled in ${ms(compileMs)} ms, first run ${ms(firstRunMs)} ms`);
  }
  if (single > 0) lines.push(`${single} programs ran once, compiled in ${ms(programs.reduce((sum, p) => sum + (p.runs > 0 ? 0 : p.compileMs), 0))} ms`);
  const rows = profileRows(profile);
  if (rows.length === 0) return lines.join("\n");
  lines.push(`between runs: ${ms(betweenMs)} ms`, "", "share %  total ms  launches    mean µs  GFLOP/s    GB/s  wait %    items  step");
  const line = (r: ProfileRow): string =>
    [
      (100 * r.share).toFixed(1).padStart(7),
      ms(r.totalMs).padStart(9),
      String(r.launches).padStart(9),
      r.meanMicroseconds.toFixed(1).padStart(10),
      r.gflops.toFixed(1).padStart(8),
      r.gbs.toFixed(1).padStart(7),
      (100 * r.waiting || 0).toFixed(0).padStart(7),
      String(r.items).padStart(8),
      ` ${r.label}`,
    ].join(" ");
  lines.push(...rows.slice(0, mostRows).map(line));
  const rest = rows.slice(mostRows);
  if (rest.length > 0) {
    const share = rest.reduce((sum, r) => sum + r.share, 0);
    lines.push(`${(100 * share).toFixed(1).padStart(7)} ${ms(rest.reduce((sum, r) => sum + r.totalMs, 0)).padStart(9)}   in ${rest.length} more steps`);
  }
  return lines.join("\n");
}

/**
 * The first runs of a profile in the Trace Event Format, which Perfetto and chrome://tracing open: an event for each run and,
 * inside it, for each step; the iterations of a loop are laid together. Times are in microseconds from the first run on.
 */
export function formatTrace({ device, trace, programs }: Profile): string {
  const common = { pid: 1, tid: 1 };
  const events: object[] = [
    { ph: "M", name: "process_name", ...common, args: { name: "gradus" } },
    { ph: "M", name: "thread_name", ...common, args: { name: device } },
  ];
  const origin = trace[0]?.record[0] ?? 0;
  const rounded = (ms: number): number => Math.round(ms * 1e6) / 1e3;
  const event = (name: string, cat: string, from: number, to: number, args: object): object => {
    const ts = rounded(from);
    return { ph: "X", name, cat, ...common, ts, dur: Math.max(0, rounded(rounded(to) / 1e3 - ts / 1e3)), args };
  };
  for (const { program: index, record } of trace) {
    const program = programs[index];
    if (!program) continue;
    const start = (record[0] ?? 0) - origin;
    let at = start;
    const steps = program.steps.map((step, i) => {
      const field = recordFields * (1 + i);
      const work = record[field] ?? 0;
      const wait = record[field + 1] ?? 0;
      const from = at;
      at += work + wait;
      const { flops, bytes, items, launches } = step;
      const ms = (work + wait) / launches;
      const rates = { "GFLOP/s": flops / ms / 1e6 || 0, "GB/s": bytes / ms / 1e6 || 0 };
      return event(stepLabel(step), "step", from, at, { step: step.index, flops, bytes, items, launches, ...rates, waitMicroseconds: rounded(wait) });
    });
    events.push(event(`program ${index}`, "run", start, at + (record[1] ?? 0), { steps: steps.length }), ...steps);
  }
  return `{"displayTimeUnit":"ms","traceEvents":[\n${events.map((e) => JSON.stringify(e)).join(",\n")}\n]}\n`;
}
