import { isInteger } from "../core/dtype.js";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.js";
import { formatShape, sameShape } from "../core/shape.js";
import { arange, full, tensor } from "./creation.js";
import { concat, stack, stopGradient, where } from "./functions.js";
import type { LossOptions } from "./losses.js";
import { scan } from "./scan.js";
import type { Tensor } from "./tensor.js";

/** How many entries of each example count: whole numbers [N], as a tensor or an array. */
export type Lengths = Tensor | readonly number[];

export interface CtcOptions extends LossOptions {
  /** The class that stands for no label; 0 if not given. */
  readonly blank?: number | undefined;
  /** Whether an infinite loss, of targets too long for their inputs, counts as 0; false if not given. */
  readonly zeroInfinity?: boolean | undefined;
}

/** ln 0, but finite, so that differences of it are no NaN. */
const never = -1e30;

/**
 * −ln of the probability of all paths that read as the target once repeats and then blanks are dropped (connectionist
 * temporal classification, Graves et al. 2006). logProbs are [T, N, C]; targets are class indices [N, S], or, where
 * targetLengths is an array, all of them one after the other; a mean divides each loss by its target's length first.
 * Without a batch, logProbs are [T, C], targets [S] and each length is one number.
 * Throws ShapeError, DTypeError, ArgumentError.
 */
export function ctcLoss(
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: Lengths | number,
  targetLengths: Lengths | number,
  options: CtcOptions = {},
): Tensor {
  if (!isInteger(targets.dtype)) throw new DTypeError(`[ctcLoss] targets are ${targets.dtype}: expected class indices`);
  if (logProbs.rank === 2) {
    if (targets.rank !== 1) throw unfit(logProbs, targets);
    const losses = ctcLosses(logProbs.unsqueeze(1), targets.unsqueeze(0), one(inputLengths), one(targetLengths), options);
    return options.reduction === "none" ? losses.squeeze(0) : losses;
  }
  return ctcLosses(logProbs, rowsOf(logProbs, targets, targetLengths), inputLengths, targetLengths, options);
}

function unfit(logProbs: Tensor, targets: Tensor): ShapeError {
  return new ShapeError(
    `[ctcLoss] logProbs ${formatShape(logProbs.shape)} and targets ${formatShape(targets.shape)}: expected [T, N, C] and ` +
      "[N, S], or [T, C] and [S]; targets one after the other need targetLengths as an array of numbers",
  );
}

function one(length: Lengths | number): Lengths {
  if (typeof length === "number") return [length];
  return Array.isArray(length) ? length : (length as Tensor).reshape(1);
}

/** Targets [N, S]: those that lie one after the other are cut by their lengths. */
function rowsOf(logProbs: Tensor, targets: Tensor, lengths: Lengths | number): Tensor {
  if (logProbs.rank === 3 && targets.rank === 2 && targets.shape[0] === logProbs.shape[1]) return targets;
  const total = Array.isArray(lengths) ? lengths.reduce((sum: number, n: number) => sum + n, 0) : NaN;
  if (logProbs.rank !== 3 || !Array.isArray(lengths) || !sameShape(targets.shape, [total])) throw unfit(logProbs, targets);
  const longest = Math.max(...lengths);
  let start = 0;
  const positions = lengths.flatMap((n: number) => {
    const first = start;
    start += n;
    return Array.from({ length: longest }, (_, i) => (i < n ? first + i : 0));
  });
  const index = tensor(positions, { dtype: "int32", device: targets.device });
  return targets.indexSelect(0, index).reshape(lengths.length, longest);
}

/** Lengths as a tensor [N]; those of an array are checked against the longest. */
function lengthsOf(name: string, lengths: Lengths | number, count: number, longest: number, like: Tensor): Tensor {
  const most = `of at most ${longest}`;
  if (Array.isArray(lengths)) {
    const isFit = lengths.length === count && lengths.every((n) => Number.isInteger(n) && n >= 0 && n <= longest);
    if (!isFit) throw new ArgumentError(`[ctcLoss] ${name} [${lengths.join(", ")}] must be ${count} whole numbers ${most}`);
    return tensor(lengths, { dtype: "int32", device: like.device });
  }
  if (typeof lengths === "number") {
    throw new ArgumentError(`[ctcLoss] ${name} ${lengths} is one number, but there is a batch: give ${count} ${most}`);
  }
  const given = lengths as Tensor;
  if (!sameShape(given.shape, [count]) || !isInteger(given.dtype)) {
    throw new ShapeError(`[ctcLoss] ${name} ${given.dtype} ${formatShape(given.shape)}: expected integers [${count}]`);
  }
  return given.astype("int32");
}

/** x moved by k places along the second axis, with `value` before it. */
function shifted(x: Tensor, k: number, value: number): Tensor {
  const [rows = 0, columns = 0] = x.shape;
  const first = Math.min(k, columns);
  const before = full([rows, first], value, { dtype: x.dtype, device: x.device });
  return concat([before, x.at(":", `:${columns - first}`)], 1);
}

/** ln(eᵃ + eᵇ + eᶜ) of finite numbers. */
function logAdd(a: Tensor, b: Tensor, c: Tensor): Tensor {
  const top = stopGradient(a.maximum(b).maximum(c));
  return a.sub(top).exp().add(b.sub(top).exp()).add(c.sub(top).exp()).log().add(top);
}

function ctcLosses(
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: Lengths | number,
  targetLengths: Lengths | number,
  { blank = 0, zeroInfinity = false, reduction = "mean" }: CtcOptions,
): Tensor {
  const [steps = 0, count = 0, classes = 0] = logProbs.shape;
  const [, most = 0] = targets.shape;
  if (!Number.isInteger(blank) || blank < 0 || blank >= classes) {
    throw new ArgumentError(`[ctcLoss] blank ${blank} must be a class index below ${classes}`);
  }
  if (reduction !== "mean" && reduction !== "sum" && reduction !== "none") {
    throw new ArgumentError(`[ctcLoss] reduction ${JSON.stringify(reduction)} must be "mean", "sum" or "none"`);
  }
  const { device } = logProbs;
  const last = lengthsOf("inputLengths", inputLengths, count, steps, logProbs);
  const sizes = lengthsOf("targetLengths", targetLengths, count, most, logProbs);
  // The target with blanks around each label; what lies beyond its length is blank too.
  const isLabel = arange(most, { device }).unsqueeze(0).lt(sizes.unsqueeze(1));
  const given = where(isLabel, targets.astype("int32"), blank);
  const blanks = full([count, most], blank, { dtype: "int32", device });
  const final = full([count, 1], blank, { dtype: "int32", device });
  const labels = concat([stack([blanks, given], 2).reshape(count, 2 * most), final], 1);
  // A blank between two different labels may be left out.
  const canSkip = labels.ne(blank).logicalAnd(labels.ne(shifted(labels, 2, -1)));
  const scores = logProbs.astype(logProbs.dtype === "float64" ? "float64" : "float32").clamp({ min: never });
  const emitted = scores.takeAlongAxis(labels.unsqueeze(0), 2); // [T, N, 2S + 1]
  const isLive = arange(steps, { device }).reshape(steps, 1, 1).lt(last.reshape(1, count, 1));

  const place = arange(2 * most + 1, { device }).unsqueeze(0);
  const start = where(place.eq(0), 0, full([count, 2 * most + 1], never, { dtype: scores.dtype, device }));
  const step = (paths: Tensor, x: { emitted: Tensor; isLive: Tensor }): readonly [Tensor, undefined] => {
    const skipped = where(canSkip, shifted(paths, 2, never), never);
    const next = logAdd(paths, shifted(paths, 1, never), skipped).add(x.emitted);
    return [where(x.isLive, next, paths), undefined];
  };
  const [paths] = scan(step, start, { emitted, isLive });

  const end = sizes.mul(2).unsqueeze(1);
  const isEnd = place.eq(end).logicalOr(place.eq(end.sub(1)));
  const likelihood = where(isEnd, paths, never).logsumexp(1);
  const losses = where(likelihood.lt(never / 2), zeroInfinity ? 0 : Infinity, likelihood.neg());
  if (reduction === "none") return losses;
  return reduction === "sum" ? losses.sum() : losses.div(sizes.maximum(1)).mean();
}
