import fc from "fast-check";
import { expect, test } from "vitest";
import { decimate, lowerBound } from "./decimate.js";

const curve = fc.array(fc.record({ gap: fc.integer({ min: 0, max: 5 }), y: fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constant(NaN)) }), { maxLength: 300 });

/** The picture of a curve: for each column of pixels, its first, last, lowest and highest value. */
function picture(x: readonly number[], y: readonly number[], places: Iterable<number>, [first, last]: readonly [number, number], columns: number): string {
  const seen = new Map<number, { low: number; high: number; first: number; last: number }>();
  for (const place of places) {
    const [at = 0, value = NaN] = [x[place], y[place]];
    const edges = Array.from({ length: columns - 1 }, (_, i) => first + ((i + 1) * (last - first)) / columns);
    const column = last > first ? edges.filter((edge) => at >= edge).length : 0;
    const known = seen.get(column) ?? { low: Infinity, high: -Infinity, first: value, last: value };
    const finite = Number.isNaN(value) ? [] : [value];
    seen.set(column, { low: Math.min(known.low, ...finite), high: Math.max(known.high, ...finite), first: known.first, last: value });
  }
  return JSON.stringify([...seen]);
}

test("a thinned-out curve has the picture of all of its points", () => {
  fc.assert(
    fc.property(curve, fc.integer({ min: 1, max: 40 }), (points, columns) => {
      let at = 0;
      const x = points.map(({ gap }) => (at += gap));
      const y = points.map((point) => point.y);
      const places = decimate(x, y, 0, x.length, columns);
      expect(places.length).toBeLessThanOrEqual(Math.max(4 * columns, 0));
      expect([...places]).toEqual([...new Set(places)].sort((a, b) => a - b));
      const ends = [x[0] ?? 0, x.at(-1) ?? 0] as const;
      expect(picture(x, y, places, ends, columns)).toBe(picture(x, y, y.keys(), ends, columns));
    }),
    { numRuns: 300 },
  );
});

test("few points are all there, and a million become at most four for each column, peaks kept", () => {
  expect([...decimate([1, 2, 3], [5, 6, 7], 1, 3, 10)]).toEqual([1, 2]);
  const count = 1_000_000;
  const x = Float64Array.from({ length: count }, (_, i) => i);
  const y = Float64Array.from({ length: count }, (_, i) => Math.sin(i / 1000));
  y[123_456] = 9;
  y[654_321] = -9;
  const places = decimate(x, y, 0, count, 500);
  expect(places.length).toBeLessThanOrEqual(2000);
  for (const place of [0, 123_456, 654_321, count - 1]) expect(places).toContain(place);
});

test("the first place that is not below", () => {
  const values = [1, 3, 3, 7];
  expect([0, 1, 2, 3, 4, 7, 8].map((wanted) => lowerBound(values, wanted))).toEqual([0, 0, 1, 1, 3, 3, 4]);
  expect(lowerBound(values, 8, 2)).toBe(2);
});
