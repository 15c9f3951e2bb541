import { lowerScan, slicesOf } from "./lower-scan.js";
import { provideScans } from "./scan-compiler.js";
import { simplifyScans } from "./simplify-scans.js";

/** Lets the compiler take graphs with scans: whoever makes them calls it. */
export function compileScans(): void {
  provideScans({ simplify: simplifyScans, lower: lowerScan, stackOf: (b, input, isStored) => slicesOf(b, input, isStored).memory });
}
