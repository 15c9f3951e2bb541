import type { NetworkSetting } from "./network.js";
import type { TrainingSetting } from "./train.js";

/** Everything that is chosen before a network is made. */
export interface DigitsSetting {
  readonly network: NetworkSetting;
  readonly training: TrainingSetting;
  /** Where it computes. */
  readonly device: "wasm" | "webgpu";
}

/** LeNet-5 with a learning rate that brings it to 95 % within a second or two of computing. */
export const defaultSetting: DigitsSetting = {
  network: { kind: "cnn", maps: [6, 16], hidden: [120, 84], activation: "relu", dropout: 0 },
  training: { optimizer: "adam", lr: 2e-3, batchSize: 32, limit: null, seed: 0 },
  device: "wasm",
};

/** Passes over the training images that one start of the training makes: ten, or more where they are few. */
export function epochsPerStart({ batchSize }: DigitsSetting["training"], images: number): number {
  return Math.max(10, Math.ceil(1000 / Math.ceil(images / batchSize)));
}

/** The settings of the networks that `gradus train` knows by name, which have the same parameters by the same names. */
export const namedNetworks: Readonly<Record<string, NetworkSetting>> = {
  "softmax-regression": { kind: "softmax", maps: [], hidden: [], activation: "relu", dropout: 0 },
  mlp: { kind: "mlp", maps: [], hidden: [128, 64], activation: "relu", dropout: 0 },
  lenet: { kind: "cnn", maps: [6, 16], hidden: [120, 84], activation: "relu", dropout: 0 },
};
