import type { LossOptions, Reduction } from "../tensor/composite/losses.js";
import { crossEntropy, mseLoss, type Tensor } from "../tensor/index.js";
import { Module } from "./module.js";

export { crossEntropy, mseLoss };
export type { LossOptions, Reduction };

/** A loss of a prediction and a target. */
abstract class Loss extends Module<[input: Tensor, target: Tensor], Tensor> {
  readonly reduction: Reduction;

  constructor({ reduction = "mean" }: LossOptions = {}) {
    super();
    this.reduction = reduction;
  }

  override describe(): string {
    return `reduction: "${this.reduction}"`;
  }
}

/** −ln softmax(input)[target]; see `crossEntropy`. */
export class CrossEntropyLoss extends Loss {
  /** Throws ShapeError, DTypeError. */
  forward(input: Tensor, target: Tensor): Tensor {
    return crossEntropy(input, target, { reduction: this.reduction });
  }
}

/** (input − target)²; see `mseLoss`. */
export class MSELoss extends Loss {
  /** Throws ShapeError. */
  forward(input: Tensor, target: Tensor): Tensor {
    return mseLoss(input, target, { reduction: this.reduction });
  }
}
