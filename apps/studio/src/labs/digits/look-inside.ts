import { compile, nn, noGrad, normalize, type Compiled, type Normalization, type Tensor } from "gradus";

/** What a network makes of one image. */
export interface Insight {
  /** [1, classes] */
  readonly probabilities: Tensor;
  /** What each layer gave, by its name: [1, maps, height, width] or [1, neurons]. */
  readonly layers: nn.NamedTensors;
}

/** The layers that are looked at: activations, pooled maps and the logits. */
export function visibleLayers(network: nn.Sequential): string[] {
  const names = network.entries().map(([name]) => name);
  return names.filter((name, i) => /^(?:active|pool)/.test(name) || i === names.length - 1);
}

/** One program that reads an image, uint8 [1, 1, H, W], and gives all layers with the answer. */
export function imageReader(network: nn.Sequential, pixels: Normalization): Compiled<[image: Tensor], Insight> {
  const names = visibleLayers(network);
  return compile((image: Tensor) =>
    noGrad(() => {
      const { result, activations } = nn.captureActivations(network, names, () => network.forward(normalize(image, pixels)));
      return { probabilities: result.softmax(1), layers: activations };
    }),
  );
}
