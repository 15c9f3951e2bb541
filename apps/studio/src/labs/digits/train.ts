import { crossEntropy, DataLoader, imageDataset, normalize, optim, Trainer } from "gradus";
import type { Callback, Checkpoint, FitResult, ImageBatch, ImageSet, nn, Normalization, Tensor } from "gradus";

/** How a network is trained. */
export interface TrainingSetting {
  readonly optimizer: OptimizerName;
  readonly lr: number;
  readonly batchSize: number;
  /** How many of the training images are used; null for all. */
  readonly limit: number | null;
  /** Of the initial weights, of dropout and of the examples' order. */
  readonly seed: number;
}

/** What moves the weights. */
export const optimizers = {
  sgd: (network: nn.Sequential, lr: number) => new optim.SGD(network.parameters(), { lr, momentum: 0.9 }),
  adam: (network: nn.Sequential, lr: number) => new optim.Adam(network.parameters(), { lr }),
  adamw: (network: nn.Sequential, lr: number) => new optim.AdamW(network.parameters(), { lr }),
};

export type OptimizerName = keyof typeof optimizers;

/** What trains: each step is one compiled program of forward pass, gradients and update. */
export type DigitsTrainer = Trainer<readonly [Tensor], Tensor, Tensor, ImageBatch>;

/** Makes the trainer of a network. */
export function digitsTrainer(network: nn.Sequential, { optimizer, lr }: TrainingSetting, pixels: Normalization, callbacks: readonly Callback[]): DigitsTrainer {
  return new Trainer({
    model: network,
    loss: crossEntropy,
    optimizer: optimizers[optimizer](network, lr),
    prepare: ([images, labels]: ImageBatch) => [normalize(images, pixels), labels],
    callbacks,
  });
}

/** Trains up to an epoch, from the beginning or from where a checkpoint was taken. */
export function trainDigits(trainer: DigitsTrainer, images: ImageSet, { batchSize, seed }: TrainingSetting, epochs: number, resume?: Checkpoint, signal?: AbortSignal): Promise<FitResult> {
  const batches = new DataLoader(imageDataset(images), { batchSize, shuffle: true, seed });
  return trainer.fit(batches, undefined, { epochs, resume, signal });
}
