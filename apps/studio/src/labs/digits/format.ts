/** A shape as it is written: 6 × 28 × 28. */
export function shapeText(shape: readonly number[]): string {
  return shape.join(" × ");
}
