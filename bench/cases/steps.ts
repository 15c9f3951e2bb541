import { randint, randn } from "../../src/node.js";
import { Mlp } from "../../src/models/mlp.js";
import { Adam, AdamW, SGD } from "../../src/optim/index.js";
import type { BenchCase } from "../case.js";
import { CharLstm } from "../models/char-lstm.js";
import { Gpt, type GptSizes } from "../models/gpt.js";
import { LeNet5 } from "../models/lenet5.js";
import { ResNet20 } from "../models/resnet20.js";
import { gradients, inference, trainingStep } from "./training.js";

const mlp = {
  forwardFlops: 2 * 64 * (784 * 128 + 128 * 64 + 64 * 10),
  model: () => new Mlp(),
  input: () => randn([64, 784]),
  target: () => randint(0, 10, [64]),
};

const resnet20 = {
  forwardFlops: 2 * 64 * 41e6,
  model: () => new ResNet20(),
  input: () => randn([64, 3, 32, 32]),
  target: () => randint(0, 10, [64]),
};

function gpt(name: string, batch: number, sizes: GptSizes): BenchCase {
  const { layers, width, vocabulary, length } = sizes;
  const products = layers * (12 * width ** 2 + 2 * length * width) + width * vocabulary;
  return trainingStep({
    name,
    work: { kind: "train", model: "gpt", optimizer: "adamw", sizes, batch },
    forwardFlops: 2 * batch * length * products,
    model: () => new Gpt(sizes),
    input: () => randint(0, vocabulary, [batch, length]),
    target: () => randint(0, vocabulary, [batch * length]),
    optimizer: (model) => new AdamW(model.parameters(), { lr: 1e-3 }),
  });
}

/** LSTM over `length` characters. */
function lstm(name: string, length: number): BenchCase {
  const [batch, vocabulary, features, hidden] = [32, 65, 64, 256];
  return trainingStep({
    name,
    work: { kind: "train", model: "lstm", optimizer: "adam", sizes: { vocabulary, features, hidden } },
    forwardFlops: 2 * batch * length * (4 * hidden * (features + hidden) + hidden * vocabulary),
    model: () => new CharLstm(vocabulary, features, hidden),
    input: () => randint(0, vocabulary, [batch, length]),
    target: () => randint(0, vocabulary, [batch * length]),
    optimizer: (model) => new Adam(model.parameters(), { lr: 1e-3 }),
  });
}

export const steps: readonly BenchCase[] = [
  trainingStep({
    name: "mlp-adam",
    work: { kind: "train", model: "mlp", optimizer: "adam" },
    ...mlp,
    optimizer: (model) => new Adam(model.parameters(), { lr: 1e-3 }),
  }),
  trainingStep({
    name: "lenet5-sgd",
    work: { kind: "train", model: "lenet5", optimizer: "sgd" },
    forwardFlops: 2 * 64 * (28 * 28 * 6 * 25 + 10 * 10 * 16 * 150 + 400 * 120 + 120 * 84 + 84 * 10),
    model: () => new LeNet5(),
    input: () => randn([64, 1, 28, 28]),
    target: () => randint(0, 10, [64]),
    optimizer: (model) => new SGD(model.parameters(), { lr: 0.1 }),
  }),
  trainingStep({
    name: "resnet20-sgd",
    work: { kind: "train", model: "resnet20", optimizer: "momentum" },
    ...resnet20,
    optimizer: (model) => new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 }),
  }),
  inference({ name: "resnet20-infer", work: { kind: "infer", model: "resnet20" }, ...resnet20 }),
  lstm("lstm256-adam", 64),
  gpt("nanogpt-adamw", 12, { layers: 4, width: 128, heads: 4, vocabulary: 65, length: 64 }),
  gpt("gpt6x384-adamw", 8, { layers: 6, width: 384, heads: 6, vocabulary: 65, length: 256 }),
  gradients({ name: "mlp-value-grad", work: { kind: "gradients", model: "mlp" }, ...mlp }),
];
