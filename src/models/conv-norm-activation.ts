import * as nn from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";

export interface ConvNormActivationOptions {
  readonly stride?: number | undefined;
  readonly groups?: number | undefined;
  readonly norm?: nn.RunningNormLayerOptions | undefined;
  /** What follows, if anything. */
  readonly activation?: nn.Module<Tensor, Tensor> | undefined;
}

/** A convolution that keeps the size but for its stride, without bias, then batch norm: "0.weight", "1.weight", …. */
export function convNormActivation(from: number, to: number, size: number, options: ConvNormActivationOptions = {}): nn.Sequential {
  const { stride = 1, groups = 1, norm, activation } = options;
  const conv = new nn.Conv2d(from, to, size, { stride, padding: (size - 1) / 2, groups, bias: false });
  return new nn.Sequential(conv, new nn.BatchNorm2d(to, norm), ...(activation ? [activation] : []));
}
