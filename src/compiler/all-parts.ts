import { LatePart } from "../core/late-part.js";
import { functionsPart } from "../ir/math/functions-part.js";
import * as lateFunctions from "../ir/math/late-functions.js";
import * as attentionLoops from "../ops/attention-loops.js";
import { attentionPart } from "../ops/attention-part.js";
import { sortPart } from "../ops/sort.js";
import * as sortLoops from "../ops/sort-loops.js";
import { type ConvolutionWays, offerConvolutionWays } from "./convolution-part.js";
import * as convolutionWays from "./convolution-ways.js";
import * as compileScans from "./compile-scans.js";
import { offerScans, type ScanCompiler } from "./scan-compiler.js";

/** Lets the compiler take every graph at once, for devices that cannot wait for code to be fetched. */
export function provideAllParts(): void {
  offerConvolutionWays(present<ConvolutionWays>(convolutionWays));
  offerScans(present<ScanCompiler>(compileScans));
  attentionPart.provide(attentionLoops);
  functionsPart.provide(lateFunctions);
  sortPart.provide(sortLoops);
}

function present<T>(code: T): LatePart<T> {
  const part = new LatePart(async () => code);
  part.provide(code);
  return part;
}
