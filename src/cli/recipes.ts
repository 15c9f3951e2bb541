import type { Recipe } from "../train/recipe.js";

/** The recipes that `gradus train` knows by name. Models are loaded when asked for, so that the help comes at once. */
export const recipes: readonly Recipe[] = [
  {
    name: "mlp",
    summary: "multi-layer perceptron 784-128-64-10 with ReLU; 109,386 parameters",
    model: async (images) => new (await import("../models/mlp.js")).Mlp(images),
    defaults: { epochs: 10, batchSize: 64, optimizer: "adam", lr: 2e-3, schedule: "one-cycle" },
  },
  {
    name: "softmax-regression",
    summary: "one linear layer 784-10, the simplest classifier; 7,850 parameters",
    model: async (images) => new (await import("../models/softmax-regression.js")).SoftmaxRegression(images),
    defaults: { epochs: 8, batchSize: 128, optimizer: "adam", lr: 1e-3, schedule: "cosine" },
  },
  {
    name: "lenet",
    summary: "convolutional network LeNet-5; 61,706 parameters",
    model: async (images) => new (await import("../models/lenet.js")).LeNet(images),
    defaults: { epochs: 6, batchSize: 32, optimizer: "adamw", lr: 2e-3, schedule: "one-cycle" },
  },
];
