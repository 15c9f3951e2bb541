import { beforeAll, expect, test } from "vitest";
import { device, setDefaultDevice } from "gradus";
import { pointsOf, splitPoints } from "./points.js";
import { choices, defaults, limits, type Settings } from "./settings.js";

beforeAll(() => setDefaultDevice(device("wasm", { threads: 0 })));

const made = (settings: Partial<Settings>): ReturnType<typeof pointsOf> => pointsOf({ ...defaults, ...settings });
const radius = ({ x1, x2 }: { x1: number; x2: number }): number => Math.hypot(x1, x2);

test("every set has as many points as asked for, within the plane, the same for the same seed", () => {
  for (const problem of ["classification", "regression"] as const) {
    for (const { value: points } of choices.points[problem]) {
      if (points === "drawn") continue;
      const all = made({ problem, points, noise: 0.5, count: 200 });
      expect(all).toHaveLength(200);
      expect(all.every(({ x1, x2 }) => Math.abs(x1) <= limits.extent && Math.abs(x2) <= limits.extent)).toBe(true);
      expect(made({ problem, points, noise: 0.5, count: 200 })).toEqual(all);
      expect(made({ problem, points, noise: 0.5, count: 200, seed: 2 })).not.toEqual(all);
      if (problem === "classification") expect(new Set(all.map(({ target }) => target))).toEqual(new Set([0, 1]));
      else expect(all.every(({ target }) => Math.abs(target) <= 1)).toBe(true);
    }
  }
});

test("without noise the sets are what they are called", () => {
  const noise = 0;
  expect(made({ points: "xor", noise }).every(({ x1, x2, target }) => x1 * x2 > 0 === (target === 1))).toBe(true);
  expect(made({ points: "circle", noise }).every((point) => (point.target === 0 ? radius(point) <= 2 : radius(point) >= 3))).toBe(true);
  expect(made({ problem: "regression", points: "plane", noise }).every(({ x1, x2, target }) => Math.abs(target - (x1 + x2) / 10) < 1e-9)).toBe(true);
  // The arms of the spirals: the same place along them, opposite each other.
  const arms = made({ points: "spirals", noise });
  for (let i = 0; i < arms.length; i += 2) {
    const [a, b] = [arms[i], arms[i + 1]];
    expect([b?.x1, b?.x2]).toEqual([expect.closeTo(-(a?.x1 ?? 0), 9), expect.closeTo(-(a?.x2 ?? 0), 9)]);
  }
});

test("three classes are as many points each", () => {
  const targets = made({ points: "spirals", classes: 3, count: 300 }).map(({ target }) => target);
  for (const k of [0, 1, 2]) expect(targets.filter((target) => target === k)).toHaveLength(100);
});

test("the split keeps every point, near the share, and does not change for points that were there", () => {
  const points = made({ count: 400 });
  const { train, test } = splitPoints(points, 0.7, 1);
  expect(train.length + test.length).toBe(400);
  expect(train.length / 400).toBeCloseTo(0.7, 1);
  const fewer = splitPoints(points.slice(0, 100), 0.7, 1);
  expect(fewer.train).toEqual(train.filter((point) => points.indexOf(point) < 100));
  expect(splitPoints(points.slice(0, 1), 0.1, 1).train).toHaveLength(1);
});
