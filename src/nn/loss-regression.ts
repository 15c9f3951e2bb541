import { gaussianNllLoss, huberLoss, l1Loss, mseLoss, poissonNllLoss, smoothL1Loss } from "../tensor/index.js";
import type { GaussianNllOptions, HuberOptions, PoissonNllOptions, SmoothL1Options, Tensor } from "../tensor/index.js";
import { Loss, type Pair } from "./loss.js";

/** (input − target)²; see `mseLoss`. */
export class MSELoss extends Loss {
  /** Throws ShapeError. */
  forward(input: Tensor, target: Tensor): Tensor {
    return mseLoss(input, target, this.options);
  }
}

/** |input − target|; see `l1Loss`. */
export class L1Loss extends Loss {
  /** Throws ShapeError. */
  forward(input: Tensor, target: Tensor): Tensor {
    return l1Loss(input, target, this.options);
  }
}

/** A square within ±delta, a line beyond; see `huberLoss`. */
export class HuberLoss extends Loss<Pair, HuberOptions> {
  /** Throws ShapeError, ArgumentError. */
  forward(input: Tensor, target: Tensor): Tensor {
    return huberLoss(input, target, this.options);
  }
}

/** A square within ±beta, a line of slope 1 beyond; see `smoothL1Loss`. */
export class SmoothL1Loss extends Loss<Pair, SmoothL1Options> {
  /** Throws ShapeError, ArgumentError. */
  forward(input: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(input, target, this.options);
  }
}

/** ½·(ln variance + (input − target)²/variance); see `gaussianNllLoss`. */
export class GaussianNLLLoss extends Loss<[input: Tensor, target: Tensor, variance: Tensor], GaussianNllOptions> {
  /** Throws ShapeError, ArgumentError. */
  forward(input: Tensor, target: Tensor, variance: Tensor): Tensor {
    return gaussianNllLoss(input, target, variance, this.options);
  }
}

/** rate − target·ln rate; see `poissonNllLoss`. */
export class PoissonNLLLoss extends Loss<Pair, PoissonNllOptions> {
  /** Throws ShapeError, ArgumentError. */
  forward(input: Tensor, target: Tensor): Tensor {
    return poissonNllLoss(input, target, this.options);
  }
}
