import { ArgumentError } from "../core/errors.js";

/** How the learning rate changes over a run. */
export type ScheduleName = "constant" | "cosine" | "one-cycle";

/** From the share of the run that is over, in `[0, 1)`, to the factor on the learning rate, in `(0, 1]`. */
export type Schedule = (progress: number) => number;

/** One-cycle's share of the run that is spent on warming up, and the factor it begins with. */
const warmUp = 0.25;
const firstFactor = 0.04;

/** Half a cosine wave from 1 to 0. Loshchilov and Hutter, "SGDR", 2017. */
function cosine(progress: number): number {
  return 0.5 * (1 + Math.cos(Math.PI * progress));
}

/** A cosine rise from 0.04 to 1 in the first quarter, then a cosine fall to 0. Smith and Topin, "Super-convergence", 2018. */
function oneCycle(progress: number): number {
  if (progress < warmUp) return firstFactor + (1 - firstFactor) * (1 - cosine(progress / warmUp));
  return cosine((progress - warmUp) / (1 - warmUp));
}

/** The schedules by name. */
export const schedules: Readonly<Record<ScheduleName, Schedule>> = {
  constant: () => 1,
  cosine,
  "one-cycle": oneCycle,
};

/** The learning rate of step `step` (from 0) of `steps`. Throws ArgumentError for a step outside. */
export function learningRate(name: ScheduleName, peak: number, step: number, steps: number): number {
  if (step >= 0 && step < steps) return peak * schedules[name](step / steps);
  throw new ArgumentError(`learningRate: step ${step} is none of the ${steps} steps of the run`);
}
