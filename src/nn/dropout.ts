import { ArgumentError } from "../core/errors.js";
import { alphaDropout, dropout, dropout1d, dropout2d, dropout3d, dropPath, type Tensor } from "../tensor/index.js";
import { Module } from "./module.js";

/** A layer that does something at random in training, and nothing in evaluation. */
abstract class RandomLayer extends Module<Tensor, Tensor> {
  readonly p: number;

  /** Throws ArgumentError for a probability outside [0, 1]. */
  constructor(p = 0.5) {
    super();
    if (!(p >= 0 && p <= 1)) throw new ArgumentError(`[${new.target.name}] p ${p} must lie in [0, 1]`);
    this.p = p;
  }

  /** What happens in training. */
  protected abstract drop(x: Tensor): Tensor;

  /** Throws ShapeError for a rank that the layer does not take. */
  forward(x: Tensor): Tensor {
    return this.training && this.p > 0 ? this.drop(x) : x;
  }

  override describe(): string {
    return `p: ${this.p}`;
  }
}

/**
 * In training, sets each element to 0 with probability p and scales the others by 1/(1 − p); in evaluation, nothing.
 * Srivastava et al. 2014.
 */
export class Dropout extends RandomLayer {
  protected drop(x: Tensor): Tensor {
    return dropout(x, this.p);
  }
}

/** Dropout of whole channels of [N, C, L] or [C, L]. Tompson et al. 2015. */
export class Dropout1d extends RandomLayer {
  protected drop(x: Tensor): Tensor {
    return dropout1d(x, this.p);
  }
}

/** Dropout of whole channels of [N, C, H, W] or [C, H, W]. Tompson et al. 2015. */
export class Dropout2d extends RandomLayer {
  protected drop(x: Tensor): Tensor {
    return dropout2d(x, this.p);
  }
}

/** Dropout of whole channels of [N, C, D, H, W] or [C, D, H, W]. Tompson et al. 2015. */
export class Dropout3d extends RandomLayer {
  protected drop(x: Tensor): Tensor {
    return dropout3d(x, this.p);
  }
}

/**
 * In training, sets each element to SELU's lowest value with probability p, then scales and shifts so that mean 0 and
 * variance 1 stay; in evaluation, nothing. Klambauer et al. 2017.
 */
export class AlphaDropout extends RandomLayer {
  protected drop(x: Tensor): Tensor {
    return alphaDropout(x, this.p);
  }
}

/**
 * Stochastic depth: in training, sets whole examples of [N, …] to 0 with probability p and scales the others by
 * 1/(1 − p), so that a block beside a shortcut is left out at random; in evaluation, nothing. Huang et al. 2016, whose
 * scaling by 1 − p in evaluation is done here in training.
 */
export class DropPath extends RandomLayer {
  protected drop(x: Tensor): Tensor {
    return dropPath(x, this.p);
  }
}
