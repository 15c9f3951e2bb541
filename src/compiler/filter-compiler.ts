import type { LatePart } from "../core/late-part.js";
import type { KernelCall, Stored } from "./draft.js";
import type { Group } from "./partition.js";
import type { Target } from "./target.js";

type Lower = (group: Group, stored: Stored, target: Target) => KernelCall[] | undefined;

/** Ways to compute convolutions with 3×3 filters by fewer multiplications. Each is undefined where it does not apply or pay. */
export interface FilterCompiler {
  readonly lowerWinograd: Lower;
  readonly lowerWinogradGradient: Lower;
}

let part: LatePart<FilterCompiler> | undefined;

/** Says where these ways come from, before the first graph with such a filter, unless they are there already. */
export function offerFilters(given: LatePart<FilterCompiler>): void {
  if (!part?.isThere) part = given;
}

/** Undefined while nobody has offered it: such convolutions are then contractions as others. */
export function filterPart(): LatePart<FilterCompiler> | undefined {
  return part;
}
