import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  crossEntropy,
  ctcLoss,
  klDiv,
  multiMarginLoss,
  nllLoss,
} from "../tensor/index.js";
import type {
  BinaryLogitsOptions,
  BinaryOptions,
  Buffer,
  CrossEntropyOptions,
  CtcOptions,
  KlDivOptions,
  Lengths,
  MultiMarginOptions,
  NllOptions,
  Tensor,
} from "../tensor/index.js";
import { Loss, type Pair, type WithFactors } from "./loss.js";

/** −w[target]·ln softmax(input)[target]; see `crossEntropy`. */
export class CrossEntropyLoss extends Loss<Pair, CrossEntropyOptions> {
  /** A factor for each class, [C]. */
  readonly weight: Buffer | undefined;

  constructor({ weight, ...options }: WithFactors<CrossEntropyOptions> = {}) {
    super(options);
    this.weight = this.factors("weight", weight);
  }

  /** Throws ShapeError, DTypeError, ArgumentError. */
  forward(input: Tensor, target: Tensor): Tensor {
    return crossEntropy(input, target, { ...this.options, weight: this.weight });
  }
}

/** −w[target]·input[target] of log-probabilities; see `nllLoss`. */
export class NLLLoss extends Loss<Pair, NllOptions> {
  /** A factor for each class, [C]. */
  readonly weight: Buffer | undefined;

  constructor({ weight, ...options }: WithFactors<NllOptions> = {}) {
    super(options);
    this.weight = this.factors("weight", weight);
  }

  /** Throws ShapeError, DTypeError. */
  forward(input: Tensor, target: Tensor): Tensor {
    return nllLoss(input, target, { ...this.options, weight: this.weight });
  }
}

/** How far other classes' scores come within a margin of the target's; see `multiMarginLoss`. */
export class MultiMarginLoss extends Loss<Pair, MultiMarginOptions> {
  /** A factor for each class, [C]. */
  readonly weight: Buffer | undefined;

  constructor({ weight, ...options }: WithFactors<MultiMarginOptions> = {}) {
    super(options);
    this.weight = this.factors("weight", weight);
  }

  /** Throws ShapeError, DTypeError, ArgumentError. */
  forward(input: Tensor, target: Tensor): Tensor {
    return multiMarginLoss(input, target, { ...this.options, weight: this.weight });
  }
}

/** The binary cross-entropy of probabilities; see `binaryCrossEntropy`. */
export class BCELoss extends Loss<Pair, BinaryOptions> {
  /** Factors that broadcast to the input. */
  readonly weight: Buffer | undefined;

  constructor({ weight, ...options }: WithFactors<BinaryOptions> = {}) {
    super(options);
    this.weight = this.factors("weight", weight);
  }

  /** Throws ShapeError. */
  forward(input: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropy(input, target, { ...this.options, weight: this.weight });
  }
}

/** The binary cross-entropy of logits; see `binaryCrossEntropyWithLogits`. */
export class BCEWithLogitsLoss extends Loss<Pair, BinaryLogitsOptions> {
  /** Factors that broadcast to the input. */
  readonly weight: Buffer | undefined;
  /** Factors of the positive terms, which broadcast to the input. */
  readonly posWeight: Buffer | undefined;

  constructor({ weight, posWeight, ...options }: WithFactors<BinaryLogitsOptions> = {}) {
    super(options);
    this.weight = this.factors("weight", weight);
    this.posWeight = this.factors("pos_weight", posWeight);
  }

  /** Throws ShapeError. */
  forward(input: Tensor, target: Tensor): Tensor {
    const { weight, posWeight } = this;
    return binaryCrossEntropyWithLogits(input, target, { ...this.options, weight, posWeight });
  }
}

/** target·(ln target − input) of log-probabilities; see `klDiv`. */
export class KLDivLoss extends Loss<Pair, KlDivOptions> {
  /** Throws ShapeError. */
  forward(input: Tensor, target: Tensor): Tensor {
    return klDiv(input, target, this.options);
  }
}

type CtcInputs = [logProbs: Tensor, targets: Tensor, inputLengths: Lengths, targetLengths: Lengths];

/** Connectionist temporal classification; see `ctcLoss`. */
export class CTCLoss extends Loss<CtcInputs, CtcOptions> {
  /** Throws ShapeError, DTypeError, ArgumentError. */
  forward(...inputs: CtcInputs): Tensor {
    return ctcLoss(...inputs, this.options);
  }
}
