import { Generator, rand } from "gradus";
import { classesOf, limits, type LabPoint, type PointSet, type Settings } from "./settings.js";

/** Points apart: what is trained with, and what only tests. */
export interface Split {
  readonly train: readonly LabPoint[];
  readonly test: readonly LabPoint[];
}

/** A stream of random numbers in [0, 1), the same for a seed on every machine. */
class RandomNumbers {
  readonly #generator: Generator;
  #drawn: ArrayLike<number> = [];
  #next = 0;

  constructor(seed: number) {
    this.#generator = new Generator(seed);
  }

  uniform(low = 0, high = 1): number {
    if (this.#next === this.#drawn.length) {
      this.#drawn = rand([1024], { generator: this.#generator }).dataSync();
      this.#next = 0;
    }
    return low + (high - low) * (this.#drawn[this.#next++] ?? 0);
  }

  /** Normal with mean 0 and deviation 1. Box and Muller 1958. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }
}

/** Makes the point number i of n. */
type Maker = (i: number, n: number, classes: number, noise: number, random: RandomNumbers) => LabPoint;

/** The points of the plane that the circle, the spirals and the regressions lie within. */
const reach = 5;

const around = (x1: number, x2: number, spread: number, random: RandomNumbers): { x1: number; x2: number } => ({
  x1: x1 + spread * random.normal(),
  x2: x2 + spread * random.normal(),
});

const hills = [
  { x1: -4, x2: 2.5, height: 1 },
  { x1: 0, x2: 2.5, height: -1 },
  { x1: 4, x2: 2.5, height: 1 },
  { x1: -4, x2: -2.5, height: -1 },
  { x1: 0, x2: -2.5, height: 1 },
  { x1: 4, x2: -2.5, height: -1 },
];

const makers: Readonly<Record<Exclude<PointSet, "drawn">, Maker>> = {
  clusters(i, _n, classes, noise, random) {
    const target = i % classes;
    const angle = Math.PI / 4 + (2 * Math.PI * target) / classes;
    return { ...around(3 * Math.cos(angle), 3 * Math.sin(angle), 0.6 + 3 * noise, random), target };
  },
  xor(_i, _n, _classes, noise, random) {
    // A gap along the axes keeps the quarters apart where there is no noise.
    const place = (): number => (random.uniform() < 0.5 ? -1 : 1) * random.uniform(0.3, reach);
    const [x1, x2] = [place(), place()];
    return { ...around(x1, x2, 2 * noise, random), target: x1 * x2 > 0 ? 1 : 0 };
  },
  circle(i, _n, classes, noise, random) {
    const target = i % classes;
    // Rings of equal width with gaps of half of it; the inmost is a disc.
    const width = reach / (1.5 * classes - 0.5);
    const radius = width * (1.5 * target + random.uniform());
    const angle = random.uniform(0, 2 * Math.PI);
    return { ...around(radius * Math.cos(angle), radius * Math.sin(angle), 2 * noise, random), target };
  },
  spirals(i, n, classes, noise, random) {
    const target = i % classes;
    const along = Math.floor(i / classes) / Math.ceil(n / classes);
    const angle = 1.75 * 2 * Math.PI * along + (2 * Math.PI * target) / classes;
    const radius = 0.3 + (reach - 0.3) * along;
    return { ...around(radius * Math.sin(angle), radius * Math.cos(angle), noise, random), target };
  },
  moons(i, _n, _classes, noise, random) {
    const target = i % 2;
    const angle = random.uniform(0, Math.PI);
    const [x1, x2] = target === 0 ? [Math.cos(angle) - 0.5, Math.sin(angle) - 0.25] : [0.5 - Math.cos(angle), 0.25 - Math.sin(angle)];
    return { ...around(3 * x1, 3 * x2, 2 * noise, random), target };
  },
  plane(_i, _n, _classes, noise, random) {
    const [x1, x2] = [random.uniform(-reach, reach), random.uniform(-reach, reach)];
    return { x1, x2, target: limited((x1 + x2) / (2 * reach) + noise * random.normal()) };
  },
  hills(_i, _n, _classes, noise, random) {
    const [x1, x2] = [random.uniform(-reach, reach), random.uniform(-reach, reach)];
    const height = hills.reduce((sum, hill) => sum + hill.height * Math.max(0, 1 - Math.hypot(x1 - hill.x1, x2 - hill.x2) / 2.2), 0);
    return { x1, x2, target: limited(height + noise * random.normal()) };
  },
};

const limited = (value: number): number => Math.min(1, Math.max(-1, value));

/** The points of some settings: generated, or drawn by the user. */
export function pointsOf(settings: Settings): readonly LabPoint[] {
  const { points, count, noise, seed, drawn } = settings;
  if (points === "drawn") return drawn;
  const random = new RandomNumbers(seed);
  return Array.from({ length: count }, (_, i) => {
    const { x1, x2, target } = makers[points](i, count, classesOf(settings), noise, random);
    return { x1: withinPlane(x1), x2: withinPlane(x2), target };
  });
}

/** What noise carries out of the picture stays at its edge. */
const withinPlane = (x: number): number => Math.min(limits.extent, Math.max(-limits.extent, x));

/** Splits points at random; a point that is added later does not move the others. At least one is trained with. */
export function splitPoints(points: readonly LabPoint[], trainShare: number, seed: number): Split {
  const random = new RandomNumbers(seed + 0x5eed);
  const isTrain = points.map(() => random.uniform() < trainShare);
  if (!isTrain.includes(true)) isTrain.fill(true, 0, 1);
  return { train: points.filter((_, i) => isTrain[i]), test: points.filter((_, i) => !isTrain[i]) };
}
