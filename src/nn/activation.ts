import type { Tensor } from "../tensor/index.js";
import { Module } from "./module.js";

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

/** ln(1 + e^(beta·x)) / beta. */
export class Softplus extends Module<Tensor, Tensor> {
  readonly beta: number;

  constructor({ beta = 1 }: { readonly beta?: number } = {}) {
    super();
    this.beta = beta;
  }

  forward(x: Tensor): Tensor {
    return x.softplus({ beta: this.beta });
  }

  override describe(): string {
    return `beta: ${this.beta}`;
  }
}

/** eˣ / Σ eˣ along an axis, the last if not given. */
export class Softmax extends Module<Tensor, Tensor> {
  readonly axis: number;

  constructor(axis = -1) {
    super();
    this.axis = axis;
  }

  forward(x: Tensor): Tensor {
    return x.softmax(this.axis);
  }

  override describe(): string {
    return `axis: ${this.axis}`;
  }
}

/** ln(eˣ / Σ eˣ) along an axis, the last if not given. */
export class LogSoftmax extends Module<Tensor, Tensor> {
  readonly axis: number;

  constructor(axis = -1) {
    super();
    this.axis = axis;
  }

  forward(x: Tensor): Tensor {
    return x.logSoftmax(this.axis);
  }

  override describe(): string {
    return `axis: ${this.axis}`;
  }
}
