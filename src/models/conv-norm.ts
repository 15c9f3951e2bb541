import * as nn from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";

export interface ConvNormOptions {
  readonly stride?: number | undefined;
  /** What keeps the size if not given. */
  readonly padding?: number | undefined;
}

/** Convolution without bias, batch norm, ReLU, as in the Inception networks: "conv.weight", "bn.weight", …. */
export class ConvNorm extends nn.Module<Tensor, Tensor> {
  conv: nn.Conv2d;
  bn: nn.BatchNorm2d;

  constructor(from: number, to: number, size: number | readonly [number, number], { stride = 1, padding }: ConvNormOptions = {}) {
    super();
    const sizes = typeof size === "number" ? [size, size] : size;
    const around = padding ?? sizes.map((side) => (side - 1) / 2);
    this.conv = new nn.Conv2d(from, to, sizes, { stride, padding: around, bias: false });
    this.bn = new nn.BatchNorm2d(to, { eps: 1e-3 });
  }

  override forward(x: Tensor): Tensor {
    return this.bn.forward(this.conv.forward(x)).relu();
  }
}
