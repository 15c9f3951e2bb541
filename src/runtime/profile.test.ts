import { expect, test } from "vitest";
import { DeviceError } from "../core/errors.js";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import type { Kernel } from "../ir/loop.js";
import type { Program, Step } from "../compiler/program.js";
import { startProfile } from "./measurement.js";
import { formatProfile, formatTrace, profileRows } from "./profile-report.js";
import { describeProgram, Profiler, recordLength } from "./profile.js";

const kernel = (name: string, flops: number, bytes: number): Kernel => ({
  name,
  flops,
  bytes,
  buffers: [],
  item: { id: 0, name: "i", type: "index", lanes: 1, min: 0, max: 0 },
  body: [],
  intCount: 0,
});
const launch = (index: number, shape: readonly number[]): Step => ({ kind: "launch", kernel: index, buffers: [], ints: [], items: 8, grain: 2, shape });
const place = { base: "arena", index: 0, offset: 0, strides: [] } as const;
const program: Program = {
  inputs: [],
  outputs: [],
  inPlace: [],
  constants: [],
  arenaBytes: 0,
  kernels: [kernel("dot", 4e6, 1e6), kernel("add", 1e3, 8e3)],
  steps: [
    launch(0, [2, 4]),
    { kind: "loop", count: 3, body: [launch(1, [8]), { kind: "loop", count: 2, body: [{ kind: "copy", from: place, to: place, bytes: 100 }] }] },
    { kind: "loop", count: 0, body: [launch(1, [8])] },
  ],
  flops: 0,
  bytes: 0,
};
const described = describeProgram(program, 12);
const device = { name: "test", threads: 2 };

test("launches and copies are described in order, those in loops with how often they run", () => {
  expect(described.steps.map(({ name, launches, bytes, shape }) => [name, launches, bytes, shape])).toEqual([
    ["dot", 1, 1e6, [2, 4]],
    ["add", 3, 8e3, [8]],
    ["copy", 6, 200, undefined],
  ]);
  expect(recordLength(described)).toBe(8);
});

test("runs but the first are added up, and the shares make a whole", () => {
  const profiler = new Profiler(device);
  profiler.add(described, Float64Array.of(100, 50, 50, 50, 50, 50, 50, 50));
  profiler.add(described, Float64Array.of(1000, 0.5, 2, 1, 3, 0, 0.5, 0));
  profiler.add(described, Float64Array.of(1010, 0.5, 1, 1, 3, 0, 0.5, 0));
  profiler.add(described, new Float64Array(8));
  const profile = profiler.read();
  expect(profile.programs).toHaveLength(1);
  expect(profile.programs[0]).toMatchObject({ runs: 2, firstRunMs: 350, totalMs: 13, outsideMs: 1, compileMs: 12 });
  // 450 → 1000 and 1007 → 1010.
  expect(profile.betweenMs).toBe(553);
  const rows = profileRows(profile);
  expect(rows.map(({ label, launches, totalMs }) => [label, launches, totalMs])).toEqual([
    ["0.1 add [8]", 6, 6],
    ["0.0 dot [2,4]", 2, 5],
    ["0.2 copy", 12, 1],
    ["start and end of runs", 2, 1],
  ]);
  expect(rows[1]).toMatchObject({ gflops: 8e6 / 5 / 1e6, gbs: 2e6 / 5 / 1e6, waiting: 2 / 5, meanMicroseconds: 2500, items: 8 });
  expect(rows.reduce((sum, row) => sum + row.share, 0)).toBeCloseTo(1, 12);
  const table = formatProfile(profile).split("\n");
  expect(table.filter((line) => line.endsWith("0.0 dot [2,4]"))).toHaveLength(1);
  expect(table.join("\n")).toContain("program 0: 2 runs of 3 steps");
});

test("a trace is valid JSON whose steps lie one after another inside their run", () => {
  const profiler = new Profiler(device);
  profiler.add(described, Float64Array.of(100, 0.5, 2, 1, 3, 0, 0.5, 0));
  profiler.add(described, Float64Array.of(110.123456, 0.1, 1, 1, 3, 0.3333333, 0.5, 0));
  const { traceEvents } = JSON.parse(formatTrace(profiler.read())) as { traceEvents: { ph: string; cat: string; name: string; ts: number; dur: number; args: Record<string, number> }[] };
  const spans = traceEvents.filter((event) => event.ph === "X");
  expect(spans.map(({ name }) => name)).toEqual(["program 0", "dot [2,4]", "add [8]", "copy", "program 0", "dot [2,4]", "add [8]", "copy"]);
  expect(spans[0]?.ts).toBe(0);
  expect(spans[4]?.ts).toBeCloseTo(10123.456, 6);
  expect(spans[1]?.args).toMatchObject({ flops: 4e6, bytes: 1e6, launches: 1 });
  for (const [run, first] of [[0, 1], [4, 5]] as const) {
    let at = spans[run]?.ts ?? NaN;
    for (const step of spans.slice(first, first + 3)) {
      expect(step.ts).toBeCloseTo(at, 6);
      at = step.ts + step.dur;
    }
    expect(at).toBeLessThanOrEqual((spans[run]?.ts ?? 0) + (spans[run]?.dur ?? 0));
  }
});

test("a trace holds the first runs only", () => {
  const profiler = new Profiler(device);
  for (let i = 0; i < 20_000; i++) profiler.add(described, Float64Array.of(1 + i, 0, 0.1, 0, 0.1, 0, 0.1, 0));
  const { trace, programs } = profiler.read();
  expect(trace.length).toBe(6666);
  expect(programs[0]?.runs).toBe(19_999);
});

test("a device without a clock for steps is refused", () => {
  expect(() => startProfile(new ReferenceBackend())).toThrow(DeviceError);
  expect(() => startProfile(new ReferenceBackend())).toThrow("[profile] reference cannot be measured");
});
