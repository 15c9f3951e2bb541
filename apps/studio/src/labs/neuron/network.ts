import { nn, stack, type Tensor } from "gradus";

/** What a network may see of a point (x₁, x₂): each of these makes one number of it. */
export const features = {
  x1: (x1: Tensor, _x2: Tensor) => x1,
  x2: (_x1: Tensor, x2: Tensor) => x2,
  x1Squared: (x1: Tensor, _x2: Tensor) => x1.square(),
  x2Squared: (_x1: Tensor, x2: Tensor) => x2.square(),
  product: (x1: Tensor, x2: Tensor) => x1.mul(x2),
  sinX1: (x1: Tensor, _x2: Tensor) => x1.sin(),
  sinX2: (_x1: Tensor, x2: Tensor) => x2.sin(),
};

/** The chosen features of points [B, 2], [B, features]. */
export function featuresOf(points: Tensor, names: readonly (keyof typeof features)[]): Tensor {
  const [x1, x2] = [points.at("...", 0), points.at("...", 1)];
  return stack(names.map((name) => features[name](x1, x2)), 1);
}

/** What a neuron makes of its sum. */
export const activations = {
  identity: (z: Tensor) => z,
  sigmoid: (z: Tensor) => z.sigmoid(),
  tanh: (z: Tensor) => z.tanh(),
  relu: (z: Tensor) => z.relu(),
  leakyRelu: (z: Tensor) => z.leakyRelu({ negativeSlope: 0.1 }),
  elu: (z: Tensor) => z.elu(),
  gelu: (z: Tensor) => z.gelu(),
  silu: (z: Tensor) => z.silu(),
};

/** Where weights [outputs, inputs] begin. */
export const initializations = {
  uniform: (shape: number[]) => nn.init.uniform(shape, -1 / Math.sqrt(shape[1] ?? 1), 1 / Math.sqrt(shape[1] ?? 1)),
  xavier: (shape: number[]) => nn.init.xavierNormal(shape),
  he: (shape: number[]) => nn.init.kaimingNormal(shape, { nonlinearity: "relu" }),
  small: (shape: number[]) => nn.init.normal(shape, 0, 0.01),
  large: (shape: number[]) => nn.init.normal(shape, 0, 3),
  zeros: (shape: number[]) => nn.init.zeros(shape),
};

export interface NetworkOptions {
  readonly features: readonly (keyof typeof features)[];
  /** Neurons of each hidden layer. */
  readonly hidden: readonly number[];
  readonly outputs: number;
  readonly activation: keyof typeof activations;
  readonly initialization: keyof typeof initializations;
  /** Share of hidden neurons that is left out in each step of training. */
  readonly dropout: number;
}

/** A multi-layer perceptron for points in the plane. Without hidden layers it is a single row of neurons. */
export class Network extends nn.Module<Tensor, Tensor> {
  readonly options: NetworkOptions;
  layers: nn.Linear[];
  dropout: nn.Dropout;

  constructor(options: NetworkOptions) {
    super();
    this.options = options;
    const widths = [options.features.length, ...options.hidden, options.outputs];
    this.layers = widths.slice(1).map((width, i) => new nn.Linear(widths[i] ?? 0, width));
    for (const { weight, bias } of this.layers) {
      weight.assign(initializations[options.initialization]([...weight.shape]));
      bias?.assign(0);
    }
    this.dropout = new nn.Dropout(options.dropout);
  }

  /** Points [B, 2] to what the last layer's neurons sum up, [B, outputs]. */
  forward(points: Tensor): Tensor {
    return this.everyLayer(points).at(-1) ?? points;
  }

  /** What every layer gives: the features, each hidden layer's activations, and the last layer's sums. */
  everyLayer(points: Tensor): Tensor[] {
    const activate = activations[this.options.activation];
    let x = featuresOf(points, this.options.features); // (B, features)
    const outputs = [x];
    this.layers.forEach((layer, i) => {
      const z = layer.forward(x); // (B, width)
      x = i < this.layers.length - 1 ? this.dropout.forward(activate(z)) : z;
      outputs.push(x);
    });
    return outputs;
  }
}
