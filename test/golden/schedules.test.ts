import { expect, test } from "vitest";
import { optim, Parameter, zeros } from "../../src/node.js";
import { firstDifference, readGolden } from "./golden.js";

type Spec = readonly [kind: string, args: readonly unknown[], options: Readonly<Record<string, unknown>>];

interface Curve {
  readonly schedule: Spec;
  readonly optimizer: "SGD" | "Adam";
  /** Before each step, for two groups. */
  readonly rates: readonly (readonly number[])[];
  /** Of the first group, where it changes. */
  readonly momentums?: readonly number[];
}

const { curves } = readGolden<{ curves: readonly Curve[] }>("schedules");

/** What scripts/goldens/schedules.py has the schedules watch and multiply by. */
const metrics = [
  1, 0.9, 0.91, 0.95, 0.9, 0.89999, 0.8, 0.85, 0.85, 0.85, 0.85, 0.85, 0.85, 0.85, 0.7, 0.71, 0.72, 0.73, 0.74, 0.75, 0.76,
];
const factors: Readonly<Record<string, (t: number) => number>> = {
  halving: (t) => 0.5 ** Math.floor(t / 3),
  root: (t) => 1 / Math.sqrt(1 + t),
};

function optimizerOf(kind: "SGD" | "Adam"): optim.Optimizer {
  const groups = [0.5, 0.08].map((lr) => ({ params: [new Parameter(zeros([1], { device: "reference" }))], lr }));
  return kind === "SGD" ? new optim.SGD(groups, { momentum: 0.9 }) : new optim.Adam(groups, { betas: [0.9, 0.99] });
}

function make(optimizer: optim.Optimizer, [kind, args, options]: Spec): optim.LRScheduler {
  const constructor = new Map<string, unknown>(Object.entries(optim)).get(kind);
  if (typeof constructor !== "function") throw new TypeError(`optim has no ${kind}`);
  const made = (specs: unknown): optim.LRScheduler[] => (specs as Spec[]).map((spec) => make(optimizer, spec));
  const [first, ...rest] = args;
  const given =
    kind === "ChainedScheduler"
      ? [made(first)]
      : kind === "SequentialLR"
        ? [optimizer, made(first), ...rest]
        : kind === "LambdaLR" || kind === "MultiplicativeLR"
          ? [optimizer, (first as string[]).map((name) => factors[name])]
          : [optimizer, ...args, options];
  return Reflect.construct(constructor, given) as optim.LRScheduler;
}

/** Follows a schedule from step `from`, and gives it and what it did. */
function follow(curve: Curve, from = 0, states?: readonly [optim.OptimizerState, optim.ScheduleState], to = Infinity) {
  const optimizer = optimizerOf(curve.optimizer);
  const schedule = make(optimizer, curve.schedule);
  if (states) {
    optimizer.loadStateDict(states[0]);
    schedule.loadStateDict(JSON.parse(JSON.stringify(states[1])) as optim.ScheduleState);
  }
  const rates: number[][] = [];
  const momentums: number[] = [];
  const last = Math.min(curve.rates.length - 1, to);
  for (let t = from; t <= last; t++) {
    rates.push(optimizer.groups.map(({ lr }) => lr));
    momentums.push(optimizer.groups[0]?.momentum ?? NaN);
    if (t < last) schedule.step(metrics[t]);
  }
  return { optimizer, schedule, rates, momentums };
}

test.each(curves.map((curve) => [JSON.stringify(curve.schedule), curve] as const))("%s", (_, curve) => {
  const { schedule, rates, momentums } = follow(curve);
  expect(firstDifference(rates.flat(), curve.rates.flat(), 1e-9)).toBeUndefined();
  if (curve.momentums) expect(firstDifference(momentums, curve.momentums, 1e-9)).toBeUndefined();
  expect(schedule.lastLr).toEqual(rates.at(-1));

  for (const middle of [2, 5]) {
    const before = follow(curve, 0, undefined, middle);
    const after = follow(curve, middle, [before.optimizer.stateDict(), before.schedule.stateDict()]);
    expect(after.rates).toEqual(rates.slice(middle));
    expect(after.momentums).toEqual(momentums.slice(middle));
  }
});
