import { ArgumentError } from "../core/errors.js";

/** Throws ArgumentError for a size that is no whole number above 0. */
export function requireSizes(layer: string, sizes: { readonly [name: string]: number }): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (!Number.isInteger(size) || size < 1)
      throw new ArgumentError(`[${layer}] ${name} ${size} must be a whole number above 0`);
  }
}
