/** A share as a percentage: 97.3 %. */
export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** A whole number with separators. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** A shape as it is written: 6 × 28 × 28. */
export function shapeText(shape: readonly number[]): string {
  return shape.join(" × ");
}
