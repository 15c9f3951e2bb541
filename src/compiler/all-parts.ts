import { LatePart } from "../core/late-part.js";
import * as attentionLoops from "../ops/attention-loops.js";
import { attentionPart } from "../ops/attention-part.js";
import * as compileScans from "./compile-scans.js";
import { offerScans } from "./scan-compiler.js";

/** Lets the compiler take every graph at once, for devices that cannot wait for code to be fetched. */
export function provideAllParts(): void {
  const scans = new LatePart(async () => compileScans);
  scans.provide(compileScans);
  offerScans(scans);
  attentionPart.provide(attentionLoops);
}
