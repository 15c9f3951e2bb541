import { nn, type Tensor } from "gradus";

/** Which network is made. What a kind does not have is not looked at. */
export interface NetworkSetting {
  readonly kind: "softmax" | "mlp" | "cnn";
  /** Feature maps of each convolution, one or two of them. */
  readonly maps: readonly number[];
  /** Neurons of each hidden layer. */
  readonly hidden: readonly number[];
  readonly activation: ActivationName;
  /** The share of hidden neurons that is left out at random in each training step. */
  readonly dropout: number;
}

/** Images as a network meets them. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
  readonly classes: number;
}

/** What comes after each layer's sums. */
export const activations = {
  relu: () => new nn.ReLU(),
  leakyRelu: () => new nn.LeakyReLU(),
  tanh: () => new nn.Tanh(),
  sigmoid: () => new nn.Sigmoid(),
  gelu: () => new nn.GELU(),
};

export type ActivationName = keyof typeof activations;

/** A fresh network from images [B, 1, H, W] to logits [B, classes]. */
export function digitsNetwork({ kind, maps, hidden, activation, dropout }: NetworkSetting, { height, width, classes }: ImageSize): nn.Sequential {
  const layers: Record<string, nn.Module<Tensor, Tensor>> = {};
  let channels = 1;
  if (kind === "cnn") {
    maps.forEach((count, i) => {
      const padding = i === 0 ? 2 : 0;
      layers[`conv${i + 1}`] = new nn.Conv2d(channels, count, 5, { padding });
      layers[`active${i + 1}`] = activations[activation]();
      layers[`pool${i + 1}`] = new nn.MaxPool2d(2);
      height = Math.floor((height + 2 * padding - 4) / 2);
      width = Math.floor((width + 2 * padding - 4) / 2);
      channels = count;
    });
  }
  layers["flatten"] = new nn.Flatten();
  let inputs = channels * height * width;
  if (kind === "softmax") return new nn.Sequential({ ...layers, linear: new nn.Linear(inputs, classes) });
  const before = kind === "cnn" ? maps.length : 0;
  hidden.forEach((neurons, i) => {
    layers[`fc${i + 1}`] = new nn.Linear(inputs, neurons);
    layers[`active${before + i + 1}`] = activations[activation]();
    if (dropout > 0) layers[`dropout${i + 1}`] = new nn.Dropout(dropout);
    inputs = neurons;
  });
  layers[`fc${hidden.length + 1}`] = new nn.Linear(inputs, classes);
  return new nn.Sequential(layers);
}
