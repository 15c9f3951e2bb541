import { arange, binaryCrossEntropyWithLogits, compile, crossEntropy, Generator, mseLoss, optim, randperm, type Tensor } from "gradus";
import type { Network } from "./network.js";

export const optimizers = {
  sgd: (network: Network, lr: number) => new optim.SGD(network.parameters(), { lr }),
  momentum: (network: Network, lr: number) => new optim.SGD(network.parameters(), { lr, momentum: 0.9 }),
  nesterov: (network: Network, lr: number) => new optim.SGD(network.parameters(), { lr, momentum: 0.9, nesterov: true }),
  rmsprop: (network: Network, lr: number) => new optim.RMSprop(network.parameters(), { lr }),
  adam: (network: Network, lr: number) => new optim.Adam(network.parameters(), { lr }),
  adamw: (network: Network, lr: number) => new optim.AdamW(network.parameters(), { lr, weightDecay: 0.01 }),
  radam: (network: Network, lr: number) => new optim.RAdam(network.parameters(), { lr }),
};

/** How the learning rate goes in `steps` steps. */
export const schedules = {
  constant: (optimizer: optim.Scheduled, _steps: number) => new optim.LambdaLR(optimizer, () => 1),
  halving: (optimizer: optim.Scheduled, steps: number) => new optim.StepLR(optimizer, Math.ceil(steps / 6), { gamma: 0.5 }),
  exponential: (optimizer: optim.Scheduled, steps: number) => new optim.ExponentialLR(optimizer, 0.01 ** (1 / steps)),
  cosine: (optimizer: optim.Scheduled, steps: number) => new optim.CosineAnnealingLR(optimizer, steps),
  warmup: (optimizer: optim.Scheduled, steps: number) =>
    new optim.LinearLR(optimizer, { startFactor: 0.01, totalIters: Math.ceil(steps / 10) }),
};

/** What the last layer's sums z [B, outputs] say: a number, the probability of class 1, or the probability of each class. */
export function answerOf(z: Tensor, problem: "classification" | "regression"): Tensor {
  if (problem === "regression") return z;
  return z.shape[1] === 1 ? z.sigmoid() : z.softmax(1);
}

/** How wrong the sums z [B, outputs] are for targets [B]: numbers of classes, or values. */
export function lossOf(z: Tensor, target: Tensor, problem: "classification" | "regression", kind: "crossEntropy" | "squared"): Tensor {
  if (problem === "regression") return mseLoss(z.squeeze(1), target);
  const classes = z.shape[1] ?? 1;
  if (kind === "crossEntropy") {
    return classes === 1 ? binaryCrossEntropyWithLogits(z.squeeze(1), target) : crossEntropy(z, target.astype("int32"));
  }
  const right = classes === 1 ? target.unsqueeze(1) : target.unsqueeze(1).eq(arange(classes)).astype("float32");
  return mseLoss(answerOf(z, problem), right);
}

/** The share of points whose class is right. */
export function rightOf(z: Tensor, target: Tensor): Tensor {
  const found = z.shape[1] === 1 ? z.squeeze(1).gt(0) : z.argmax(1);
  return found.astype("float32").eq(target).astype("float32").mean();
}

export interface TrainingOptions {
  readonly problem: "classification" | "regression";
  readonly loss: "crossEntropy" | "squared";
  readonly penalty: "none" | "l1" | "l2";
  readonly penaltyRate: number;
}

/** One step of training: all points [N, 2], their targets [N] and the numbers of those in the batch give the batch's loss. */
export function trainingStep(network: Network, optimizer: optim.Optimizer, options: TrainingOptions) {
  const weights = network.layers.map((layer) => layer.weight);
  return compile((points: Tensor, targets: Tensor, batch: Tensor) => {
    const z = network.forward(points.indexSelect(0, batch));
    let loss = lossOf(z, targets.indexSelect(0, batch), options.problem, options.loss);
    if (options.penalty === "l1") loss = loss.add(optim.l1Penalty(weights, options.penaltyRate));
    if (options.penalty === "l2") loss = loss.add(optim.l2Penalty(weights, options.penaltyRate / 2));
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    return loss;
  });
}

/** Batches without end: the numbers 0 … count − 1 in random order, and again in another. `taken` numbers were taken before. */
export class Batches {
  readonly #count: number;
  readonly #size: number;
  readonly #generator: Generator;
  #order: readonly number[];
  #taken: number;

  constructor(count: number, size: number, seed: number, taken = 0) {
    this.#count = count;
    this.#size = size;
    this.#generator = new Generator(seed);
    this.#taken = taken;
    // Each order is one draw.
    this.#generator.counter = count === 0 ? 0 : Math.floor(taken / count);
    this.#order = count === 0 ? [] : this.#draw().slice(taken % count);
  }

  /** How many numbers were taken. */
  get taken(): number {
    return this.#taken;
  }

  next(): Int32Array {
    while (this.#order.length < this.#size) this.#order = [...this.#order, ...this.#draw()];
    const batch = Int32Array.from(this.#order.slice(0, this.#size));
    this.#order = this.#order.slice(this.#size);
    this.#taken += this.#size;
    return batch;
  }

  #draw(): number[] {
    return [...randperm(this.#count, { generator: this.#generator }).dataSync()];
  }
}
