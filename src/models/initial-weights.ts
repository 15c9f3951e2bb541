import * as nn from "../nn/index.js";
import { Parameter, type Shape, type Tensor } from "../tensor/index.js";

/** How the first values of a kind of weight are drawn. */
type Draw = (shape: Shape) => Tensor;

/** Draws other first weights for the layers inside a model, for the kinds that are given, with biases 0. */
export function drawWeights(model: nn.AnyModule, { conv, linear }: { readonly conv?: Draw; readonly linear?: Draw }): void {
  for (const layer of model.modules()) {
    const draw = layer instanceof nn.Conv2d ? conv : layer instanceof nn.Linear ? linear : undefined;
    if (!draw || !(layer instanceof nn.Conv2d || layer instanceof nn.Linear)) continue;
    layer.weight = new Parameter(draw(layer.weight.shape));
    if (layer.bias) layer.bias = new Parameter(nn.init.zeros(layer.bias.shape));
  }
}

/** Normal numbers that keep the variance of gradients through ReLU (He et al. 2015). */
export function forReluBackward(shape: Shape): Tensor {
  return nn.init.kaimingNormal(shape, { mode: "fanOut", nonlinearity: "relu" });
}

/** Draws normal numbers of this deviation. */
export function normalOf(std: number): Draw {
  return (shape) => nn.init.normal(shape, 0, std);
}
