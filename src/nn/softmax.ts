import { glu, softmin, type Tensor } from "../tensor/index.js";
import { Module } from "./module.js";

/** A layer along one axis, the last if not given. */
abstract class AlongAxis extends Module<Tensor, Tensor> {
  readonly axis: number;

  constructor(axis = -1) {
    super();
    this.axis = axis;
  }

  override describe(): string {
    return `axis: ${this.axis}`;
  }
}

/** eˣ / Σ eˣ along an axis, the last if not given. */
export class Softmax extends AlongAxis {
  /** Throws IndexError. */
  forward(x: Tensor): Tensor {
    return x.softmax(this.axis);
  }
}

/** ln(eˣ / Σ eˣ) along an axis, the last if not given. */
export class LogSoftmax extends AlongAxis {
  /** Throws IndexError. */
  forward(x: Tensor): Tensor {
    return x.logSoftmax(this.axis);
  }
}

/** e⁻ˣ / Σ e⁻ˣ along an axis, the last if not given. */
export class Softmin extends AlongAxis {
  /** Throws IndexError. */
  forward(x: Tensor): Tensor {
    return softmin(x, this.axis);
  }
}

/** a · sigmoid(b), a and b being the halves of x along an axis, the last if not given. Dauphin et al. 2016. */
export class GLU extends AlongAxis {
  /** Throws IndexError, ShapeError for an odd size. */
  forward(x: Tensor): Tensor {
    return glu(x, this.axis);
  }
}
