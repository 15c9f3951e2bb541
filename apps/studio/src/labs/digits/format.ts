/** A share as a percentage: 97.3 %; a dash for what is no number. */
export function percent(share: number, digits = 1): string {
  return Number.isNaN(share) ? "–" : `${(100 * share).toFixed(digits)} %`;
}

/** A whole number with separators. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** A shape as it is written: 6 × 28 × 28. */
export function shapeText(shape: readonly number[]): string {
  return shape.join(" × ");
}
