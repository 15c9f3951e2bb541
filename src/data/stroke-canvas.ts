/** Half the width in pixels of the band at a stroke's edge in which ink fades to paper. */
const softness = 0.6;

/** A square of ink values in `[0, 1]` on which pen strokes are drawn, anti-aliased by their distance to each pixel. */
export class StrokeCanvas {
  readonly size: number;
  /** Ink in row-major order, `size * size` values. */
  readonly ink: Float64Array;

  constructor(size: number) {
    this.size = size;
    this.ink = new Float64Array(size * size);
  }

  clear(): void {
    this.ink.fill(0);
  }

  /** Draws the line from `(x0, y0)` to `(x1, y1)` with round ends and a pen of `radius`, all in pixels. */
  line(x0: number, y0: number, x1: number, y1: number, radius: number): void {
    const { ink, size } = this;
    const reach = radius + softness;
    const left = Math.max(0, Math.ceil(Math.min(x0, x1) - reach));
    const right = Math.min(size - 1, Math.floor(Math.max(x0, x1) + reach));
    const top = Math.max(0, Math.ceil(Math.min(y0, y1) - reach));
    const bottom = Math.min(size - 1, Math.floor(Math.max(y0, y1) + reach));
    const dx = x1 - x0;
    const dy = y1 - y0;
    const lengthSquared = dx * dx + dy * dy;
    const perLength = lengthSquared > 0 ? 1 / lengthSquared : 0;
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const along = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) * perLength));
        const ex = x - x0 - along * dx;
        const ey = y - y0 - along * dy;
        const distanceSquared = ex * ex + ey * ey;
        if (distanceSquared >= reach * reach) continue;
        const coverage = Math.min(1, (reach - Math.sqrt(distanceSquared)) / (2 * softness));
        const pixel = y * size + x;
        if (coverage > (ink[pixel] ?? 0)) ink[pixel] = coverage;
      }
    }
  }
}
