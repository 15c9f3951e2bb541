import * as c from "./composite/index.js";
import { lifted } from "./lift.js";
import { Tensor } from "./tensor.js";

/*
 * The losses as functions of tensors. What their options mean is described where they are computed.
 */

/** Options of `nllLoss`. */
export type NllOptions = c.NllOptions<Tensor>;
/** Options of `crossEntropy`. */
export type CrossEntropyOptions = c.CrossEntropyOptions<Tensor>;
/** Options of `multiMarginLoss`. */
export type MultiMarginOptions = c.MultiMarginOptions<Tensor>;
/** Options of `binaryCrossEntropy`. */
export type BinaryOptions = c.BinaryOptions<Tensor>;
/** Options of `binaryCrossEntropyWithLogits`. */
export type BinaryLogitsOptions = c.BinaryLogitsOptions<Tensor>;
/** Options of `infoNce`. */
export type InfoNceOptions = c.InfoNceOptions<Tensor>;
export type {
  GaussianNllOptions,
  HuberOptions,
  KlDivOptions,
  LossOptions,
  MarginOptions,
  PoissonNllOptions,
  Reduction,
  SimilarityOptions,
  SmoothL1Options,
  TripletOptions,
} from "./composite/index.js";

/** (input − target)². Throws ShapeError. */
export const mseLoss = lifted("mseLoss", c.mseLoss);
/** |input − target|. Throws ShapeError. */
export const l1Loss = lifted("l1Loss", c.l1Loss);
/** A square within ±delta, a line beyond. Throws ShapeError, ArgumentError. */
export const huberLoss = lifted("huberLoss", c.huberLoss);
/** `huberLoss` divided by beta, its edge. Throws ShapeError, ArgumentError. */
export const smoothL1Loss = lifted("smoothL1Loss", c.smoothL1Loss);
/** Of means, targets and variances: ½·(ln variance + (input − target)²/variance). Throws ShapeError, ArgumentError. */
export const gaussianNllLoss = lifted("gaussianNllLoss", c.gaussianNllLoss);
/** rate − target·ln rate, the input being ln rate. Throws ShapeError, ArgumentError. */
export const poissonNllLoss = lifted("poissonNllLoss", c.poissonNllLoss);
/** t·(ln t − input) of log-probabilities and probabilities t. Throws ShapeError. */
export const klDiv = lifted("klDiv", c.klDiv);
/** max(0, margin − t·x) of scores and labels ±1. Throws ShapeError. */
export const hingeLoss = lifted("hingeLoss", c.hingeLoss);
/** x, or max(0, margin − x), of distances and labels ±1. Throws ShapeError. */
export const hingeEmbeddingLoss = lifted("hingeEmbeddingLoss", c.hingeEmbeddingLoss);
/** max(0, margin − t·(first − second)) of two scores and labels ±1. Throws ShapeError. */
export const marginRankingLoss = lifted("marginRankingLoss", c.marginRankingLoss);
/** How much nearer the positive is to the anchor than the negative, short of a margin. Throws ShapeError, ArgumentError. */
export const tripletMarginLoss = lifted("tripletMarginLoss", c.tripletMarginLoss);
/** Squared distances of pairs alike (0), squared shortfalls from a margin of others (1). Throws ShapeError. */
export const contrastiveLoss = lifted("contrastiveLoss", c.contrastiveLoss);
/** 1 − cos of pairs alike (1), max(0, cos − margin) of others (−1). Throws ShapeError. */
export const cosineEmbeddingLoss = lifted("cosineEmbeddingLoss", c.cosineEmbeddingLoss);
/** SimCLR's loss of two views [N, D]. Throws ShapeError, ArgumentError. */
export const ntXentLoss = lifted("ntXentLoss", c.ntXentLoss);

/** −Σ target·ln softmax(logits), targets being class indices or probabilities. Throws ShapeError, DTypeError, ArgumentError. */
export function crossEntropy(logits: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const weight = options.weight?.valueFor("crossEntropy");
  return new Tensor(
    c.crossEntropy(logits.valueFor("crossEntropy"), target.valueFor("crossEntropy"), { ...options, weight }),
  );
}

/** −input[target] of log-probabilities and class indices. Throws ShapeError, DTypeError. */
export function nllLoss(input: Tensor, target: Tensor, options: NllOptions = {}): Tensor {
  const weight = options.weight?.valueFor("nllLoss");
  return new Tensor(c.nllLoss(input.valueFor("nllLoss"), target.valueFor("nllLoss"), { ...options, weight }));
}

/** By how much other classes' scores come within a margin of the target's. Throws ShapeError, DTypeError, ArgumentError. */
export function multiMarginLoss(input: Tensor, target: Tensor, options: MultiMarginOptions = {}): Tensor {
  const weight = options.weight?.valueFor("multiMarginLoss");
  return new Tensor(
    c.multiMarginLoss(input.valueFor("multiMarginLoss"), target.valueFor("multiMarginLoss"), { ...options, weight }),
  );
}

/** −(t·ln p + (1 − t)·ln(1 − p)) of probabilities and targets. Throws ShapeError. */
export function binaryCrossEntropy(input: Tensor, target: Tensor, options: BinaryOptions = {}): Tensor {
  const name = "binaryCrossEntropy";
  const weight = options.weight?.valueFor(name);
  return new Tensor(c.binaryCrossEntropy(input.valueFor(name), target.valueFor(name), { ...options, weight }));
}

/** The binary cross-entropy of logits, without overflow. Throws ShapeError. */
export function binaryCrossEntropyWithLogits(
  input: Tensor,
  target: Tensor,
  options: BinaryLogitsOptions = {},
): Tensor {
  const name = "binaryCrossEntropyWithLogits";
  const weight = options.weight?.valueFor(name);
  const posWeight = options.posWeight?.valueFor(name);
  return new Tensor(
    c.binaryCrossEntropyWithLogits(input.valueFor(name), target.valueFor(name), { ...options, weight, posWeight }),
  );
}

/** The cross-entropy of choosing each query's key among all. Throws ShapeError, ArgumentError. */
export function infoNce(query: Tensor, key: Tensor, options: InfoNceOptions = {}): Tensor {
  const negatives = options.negatives?.valueFor("infoNce");
  return new Tensor(c.infoNce(query.valueFor("infoNce"), key.valueFor("infoNce"), { ...options, negatives }));
}
