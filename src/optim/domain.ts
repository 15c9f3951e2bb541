import { ArgumentError } from "../core/errors.js";

/** The number itself. Throws ArgumentError unless it is at least `least`. */
export function requireAtLeast(name: string, value: number, least: number): number {
  if (!(value >= least && value < Infinity))
    throw new ArgumentError(`[optim] ${name} ${value} must be a number of ${least} or more`);
  return value;
}

/** The number itself. Throws ArgumentError unless it lies in [0, 1). */
export function requireShare(name: string, value: number): number {
  if (!(value >= 0 && value < 1)) throw new ArgumentError(`[optim] ${name} ${value} must lie in [0, 1)`);
  return value;
}
