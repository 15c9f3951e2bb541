import type { Tensor } from "../tensor/index.js";

/** A place on a line, and what the loss is there. */
export interface LinePoint {
  /** How far along the direction it lies. */
  readonly t: number;
  readonly loss: number;
  readonly gradient: readonly Tensor[];
  /** The derivative of the loss along the direction. */
  readonly slope: number;
}

/** Sufficient decrease, and how flat the slope has to become. */
const decrease = 1e-4;
const flatness = 0.9;
const mostEvaluations = 25;
const leastChange = 1e-9;

/**
 * A point that fulfils the strong Wolfe conditions: loss(t) ≤ loss(0) + 0.0001·t·slope(0) and |slope(t)| ≤ 0.9·|slope(0)|, or
 * the best one that 25 evaluations find. First an interval is widened until it must hold such a point, then narrowed by the
 * minimum of the cubic through its ends. `longest` is the largest element of the direction. Nocedal and Wright 2006, algorithms
 * 3.5 and 3.6.
 */
export async function strongWolfe(
  at: (t: number) => Promise<LinePoint>,
  start: LinePoint,
  firstStep: number,
  longest: number,
): Promise<LinePoint> {
  const isTooHigh = ({ t, loss }: LinePoint): boolean => loss > start.loss + decrease * t * start.slope;
  const isFlat = ({ slope }: LinePoint): boolean => Math.abs(slope) <= -flatness * start.slope;

  let before = start;
  let point = await at(firstStep);
  let evaluations = 0;
  for (; evaluations < mostEvaluations; evaluations++) {
    if (isTooHigh(point) || (evaluations > 1 && point.loss >= before.loss)) break;
    if (isFlat(point)) return point;
    if (point.slope >= 0) break;
    const next = cubicMinimum(before, point, point.t + 0.01 * (point.t - before.t), 10 * point.t);
    before = point;
    point = await at(next);
  }
  if (evaluations === mostEvaluations) before = start;

  let [low, high] = before.loss <= point.loss ? [before, point] : [point, before];
  let wasNearEnd = false;
  for (; evaluations < mostEvaluations && Math.abs(high.t - low.t) * longest >= leastChange; evaluations++) {
    const [left, right] = low.t < high.t ? [low.t, high.t] : [high.t, low.t];
    let t = cubicMinimum(low, high, left, right);
    const margin = 0.1 * (right - left);
    const isNearEnd = Math.min(right - t, t - left) < margin;
    // Near an end twice, or at it: a step away from there makes progress for certain.
    const isStuck: boolean = isNearEnd && (wasNearEnd || t >= right || t <= left);
    if (isStuck) t = right - t < t - left ? right - margin : left + margin;
    wasNearEnd = isNearEnd && !isStuck;

    const trial = await at(t);
    if (isTooHigh(trial) || trial.loss >= low.loss) {
      [low, high] = low.loss <= trial.loss ? [low, trial] : [trial, low];
    } else {
      if (isFlat(trial)) return trial;
      if (trial.slope * (high.t - low.t) >= 0) high = low;
      low = trial;
    }
  }
  return low;
}

/** Where the cubic through two points with their slopes is least, within bounds; their middle where it has no minimum. */
function cubicMinimum(a: LinePoint, b: LinePoint, least: number, most: number): number {
  const [left, right] = a.t <= b.t ? [a, b] : [b, a];
  const bend = left.slope + right.slope - (3 * (left.loss - right.loss)) / (left.t - right.t);
  const square = bend * bend - left.slope * right.slope;
  if (!(square >= 0)) return (least + most) / 2;
  const root = Math.sqrt(square);
  const t = right.t - ((right.t - left.t) * (right.slope + root - bend)) / (right.slope - left.slope + 2 * root);
  return Math.min(Math.max(t, least), most);
}
