import {
  celu,
  full,
  hardsigmoid,
  hardswish,
  hardtanh,
  logSigmoid,
  mish,
  Parameter,
  prelu,
  relu6,
  selu,
  softsign,
  type Tensor,
} from "../tensor/index.js";
import type { SoftplusOptions } from "../tensor/composite/activation.js";
import { Module } from "./module.js";
import { requireSizes } from "./require-sizes.js";

/** x itself. */
export class Identity extends Module<Tensor, Tensor> {
  forward(x: Tensor): Tensor {
    return x;
  }
}

/** max(x, 0). */
export class ReLU extends Module<Tensor, Tensor> {
  forward(x: Tensor): Tensor {
    return x.relu();
  }
}

/** tanh x. */
export class Tanh extends Module<Tensor, Tensor> {
  forward(x: Tensor): Tensor {
    return x.tanh();
  }
}

/** 1 / (1 + e⁻ˣ). */
export class Sigmoid extends Module<Tensor, Tensor> {
  forward(x: Tensor): Tensor {
    return x.sigmoid();
  }
}

/** x · sigmoid(x). */
export class SiLU extends Module<Tensor, Tensor> {
  forward(x: Tensor): Tensor {
    return x.silu();
  }
}

/** x · Φ(x), or its tanh approximation. */
export class GELU extends Module<Tensor, Tensor> {
  readonly approximate: "none" | "tanh";

  /** `approximate: "tanh"` computes 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))) instead of x·Φ(x). */
  constructor({ approximate = "none" }: { readonly approximate?: "none" | "tanh" } = {}) {
    super();
    this.approximate = approximate;
  }

  forward(x: Tensor): Tensor {
    return x.gelu({ approximate: this.approximate });
  }

  override describe(): string {
    return `approximate: "${this.approximate}"`;
  }
}

/** x for x > 0, else negativeSlope · x. */
export class LeakyReLU extends Module<Tensor, Tensor> {
  readonly negativeSlope: number;

  /** negativeSlope is the slope below 0. */
  constructor({ negativeSlope = 0.01 }: { readonly negativeSlope?: number } = {}) {
    super();
    this.negativeSlope = negativeSlope;
  }

  forward(x: Tensor): Tensor {
    return x.leakyRelu({ negativeSlope: this.negativeSlope });
  }

  override describe(): string {
    return `negativeSlope: ${this.negativeSlope}`;
  }
}

/** x for x > 0, else alpha · (eˣ − 1). */
export class ELU extends Module<Tensor, Tensor> {
  readonly alpha: number;

  /** −alpha is the limit at −∞. */
  constructor({ alpha = 1 }: { readonly alpha?: number } = {}) {
    super();
    this.alpha = alpha;
  }

  forward(x: Tensor): Tensor {
    return x.elu({ alpha: this.alpha });
  }

  override describe(): string {
    return `alpha: ${this.alpha}`;
  }
}

/** ln(1 + e^(beta·x)) / beta; x where beta·x is above the threshold. */
export class Softplus extends Module<Tensor, Tensor> {
  readonly options: SoftplusOptions;

  constructor(options: SoftplusOptions = {}) {
    super();
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    return x.softplus(this.options);
  }

  override describe(): string {
    const { beta = 1, threshold } = this.options;
    return `beta: ${beta}${threshold === undefined ? "" : `, threshold: ${threshold}`}`;
  }
}

/** min(max(x, 0), 6). Krizhevsky 2010. */
export class ReLU6 extends Module<Tensor, Tensor> {
  forward(x: Tensor): Tensor {
    return relu6(x);
  }
}

/** 1.0507 · elu(x) with alpha 1.6733, which keeps mean 0 and variance 1. Klambauer et al. 2017. */
export class SELU extends Module<Tensor, Tensor> {
  forward(x: Tensor): Tensor {
    return selu(x);
  }
}

/** x · tanh(ln(1 + eˣ)). Misra 2019. */
export class Mish extends Module<Tensor, Tensor> {
  forward(x: Tensor): Tensor {
    return mish(x);
  }
}

/** x / (1 + |x|). */
export class Softsign extends Module<Tensor, Tensor> {
  forward(x: Tensor): Tensor {
    return softsign(x);
  }
}

/** x · hardsigmoid(x). Howard et al. 2019. */
export class Hardswish extends Module<Tensor, Tensor> {
  forward(x: Tensor): Tensor {
    return hardswish(x);
  }
}

/** (x + 3)/6 limited to [0, 1]. Courbariaux et al. 2015. */
export class Hardsigmoid extends Module<Tensor, Tensor> {
  forward(x: Tensor): Tensor {
    return hardsigmoid(x);
  }
}

/** ln(1 / (1 + e⁻ˣ)). */
export class LogSigmoid extends Module<Tensor, Tensor> {
  forward(x: Tensor): Tensor {
    return logSigmoid(x);
  }
}

/** x for x > 0, else alpha · (e^(x/alpha) − 1). Barron 2017. */
export class CELU extends Module<Tensor, Tensor> {
  readonly alpha: number;

  /** −alpha is the limit at −∞. */
  constructor({ alpha = 1 }: { readonly alpha?: number } = {}) {
    super();
    this.alpha = alpha;
  }

  forward(x: Tensor): Tensor {
    return celu(x, { alpha: this.alpha });
  }

  override describe(): string {
    return `alpha: ${this.alpha}`;
  }
}

/** x limited to [minVal, maxVal], [−1, 1] if not given. */
export class Hardtanh extends Module<Tensor, Tensor> {
  readonly minVal: number;
  readonly maxVal: number;

  constructor({ minVal = -1, maxVal = 1 }: { readonly minVal?: number; readonly maxVal?: number } = {}) {
    super();
    this.minVal = minVal;
    this.maxVal = maxVal;
  }

  /** Throws ArgumentError for limits in disorder. */
  forward(x: Tensor): Tensor {
    return hardtanh(x, { minVal: this.minVal, maxVal: this.maxVal });
  }

  override describe(): string {
    return `minVal: ${this.minVal}, maxVal: ${this.maxVal}`;
  }
}

/** x for x > 0, else weight · x with a learned weight, one or one for each channel (axis 1). He et al. 2015. */
export class PReLU extends Module<Tensor, Tensor> {
  /** The slopes below 0, [numParameters]. */
  weight: Parameter;

  /** The weight begins as `init`, 0.25 if not given. Throws ArgumentError. */
  constructor({ numParameters = 1, init = 0.25 }: { readonly numParameters?: number; readonly init?: number } = {}) {
    super();
    requireSizes("PReLU", { numParameters });
    this.weight = new Parameter(full([numParameters], init));
  }

  /** Throws ShapeError for another number of channels. */
  forward(x: Tensor): Tensor {
    return prelu(x, this.weight);
  }

  override describe(): string {
    return `numParameters: ${this.weight.size}`;
  }
}
