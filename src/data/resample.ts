/** A rectangle of a plane of values, which need not lie on whole pixels. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** One value per pixel, row-major. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/**
 * A rectangle of a plane as `width` × `height` values, each the mean over the area that it covers, so that nothing is
 * skipped when it shrinks; where it grows, neighbours are mixed. What lies outside the plane repeats its edge, or counts
 * for nothing.
 */
export function resample(plane: Plane, from: Rectangle, width: number, height: number, outside: "edge" | "nothing" = "edge"): Plane {
  const across = resampleRows(plane.values, plane.width, plane.height, from.left, from.width, width, outside);
  const turned = transpose(across, width, plane.height);
  const down = resampleRows(turned, plane.height, width, from.top, from.height, height, outside);
  return { width, height, values: transpose(down, height, width) };
}

function transpose(values: Float32Array, width: number, height: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) result[x * height + y] = values[y * width + x] ?? 0;
  return result;
}

/** Each row from `start` over `length` as `count` values: a triangle filter as wide as the greater of both pixels. */
function resampleRows(values: Float32Array, width: number, rows: number, start: number, length: number, count: number, outside: "edge" | "nothing"): Float32Array {
  const step = length / count;
  const reach = Math.max(step, 1);
  const result = new Float32Array(count * rows);
  for (let i = 0; i < count; i++) {
    const centre = start + (i + 0.5) * step - 0.5;
    const weights: [position: number, weight: number][] = [];
    let total = 0;
    for (let p = Math.ceil(centre - reach); p <= centre + reach; p++) {
      if (outside === "nothing" && (p < 0 || p >= width)) continue;
      const weight = 1 - Math.abs(p - centre) / reach;
      weights.push([Math.min(Math.max(p, 0), width - 1), weight]);
      total += weight;
    }
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (const [p, weight] of weights) sum += weight * (values[row * width + p] ?? 0);
      result[row * count + i] = sum / total;
    }
  }
  return result;
}
