import type { Settings } from "../../labs/neuron/settings.js";

/** What each chapter begins with, beside the lab's defaults. */
export const presets = {
  neuron: { points: "clusters", noise: 0.1, hidden: [], lr: 0.03, batch: 10 },
  perceptron: { points: "clusters", noise: 0, model: "perceptron", hidden: [], lr: 0.1 },
  hiddenLayer: { points: "xor", noise: 0, hidden: [4], activation: "relu", initialization: "he", optimizer: "adam", lr: 0.03 },
  activations: { points: "circle", noise: 0.1, hidden: [4, 4], activation: "tanh", lr: 0.1, batch: 10 },
  batches: { points: "circle", noise: 0.1, hidden: [4, 4], activation: "tanh", lr: 0.03, batch: 1 },
  learningRate: { problem: "regression", points: "plane", noise: 0.1, hidden: [], lr: 0.001, batch: 0 },
  momentum: { points: "moons", noise: 0.05, hidden: [6], activation: "tanh", lr: 0.03, batch: 0 },
  depth: { points: "circle", noise: 0.05, hidden: [6, 6, 6, 6, 6, 6, 6, 6], activation: "sigmoid", initialization: "xavier", lr: 0.1, batch: 20 },
  overfitting: { points: "moons", noise: 0.3, count: 100, hidden: [16, 16], activation: "relu", initialization: "he", optimizer: "adam", lr: 0.01, batch: 10, seed: 2 },
  spirals: { points: "spirals", noise: 0, hidden: [16, 16], activation: "gelu", initialization: "he", optimizer: "adam", lr: 0.03, batch: 50 },
} as const satisfies Readonly<Record<string, Partial<Settings>>>;
