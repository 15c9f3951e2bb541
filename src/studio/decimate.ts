/** The first place whose value is not below `wanted` in rising values. */
export function lowerBound(values: ArrayLike<number>, wanted: number, length = values.length): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Places of the points that matter where places `from` to `to` (not with it) of a curve are drawn into `columns` columns of pixels: of each column the
 * first, the last, the lowest and the highest finite value. Lines through these fill the same pixels as lines through all
 * (M4: Jugel et al., "M4: A visualization-oriented time series data aggregation", 2014). All places where there are at most four times as many as columns.
 */
export function decimate(x: ArrayLike<number>, y: ArrayLike<number>, from: number, to: number, columns: number): Int32Array {
  const count = Math.max(0, to - from);
  if (count <= 4 * columns) return Int32Array.from({ length: count }, (_, i) => from + i);
  const [first, last] = [x[from] ?? 0, x[to - 1] ?? 0];
  const kept: number[] = [];
  for (let start = from, column = 0; start < to; column++) {
    // The last column takes what rounding leaves.
    const end = column >= columns - 1 || !(last > first) ? to : Math.min(to, lowerBound(x, first + ((column + 1) * (last - first)) / columns, to));
    if (end <= start) continue;
    let [low, high] = [-1, -1];
    for (let i = start; i < end; i++) {
      const value = y[i] ?? NaN;
      if (!Number.isFinite(value)) continue;
      if (low < 0 || value < (y[low] ?? 0)) low = i;
      if (high < 0 || value > (y[high] ?? 0)) high = i;
    }
    const places = new Set([start, low, high, end - 1].filter((place) => place >= 0));
    kept.push(...[...places].sort((a, b) => a - b));
    start = end;
  }
  return Int32Array.from(kept);
}
