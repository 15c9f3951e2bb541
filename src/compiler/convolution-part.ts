import type { LatePart } from "../core/late-part.js";
import type { KernelCall, Stored } from "./draft.js";
import type { Group } from "./partition.js";
import type { Target } from "./target.js";

/** Ways to compute some contractions, in the order in which they are tried. Each is undefined where it does not apply or pay. */
export interface ConvolutionWays {
  readonly convolutionWays: readonly ((group: Group, stored: Stored, target: Target) => KernelCall[] | undefined)[];
}

let part: LatePart<ConvolutionWays> | undefined;

/** Says where these ways come from, before the first graph with a convolution, unless they are there already. */
export function offerConvolutionWays(given: LatePart<ConvolutionWays>): void {
  if (!part?.isThere) part = given;
}

/** Undefined while nobody has offered it: convolutions are then contractions as others. */
export function convolutionPart(): LatePart<ConvolutionWays> | undefined {
  return part;
}
