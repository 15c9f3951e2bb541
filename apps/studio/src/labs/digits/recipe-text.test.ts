import { defineRecipe, nn, zeros, type Recipe } from "gradus";
import { expect, it } from "vitest";
import { digitsNetwork, type NetworkSetting } from "./network.js";
import { recipeText } from "./recipe-text.js";
import { defaultSetting, namedNetworks } from "./setting.js";

const size = { height: 28, width: 28, classes: 10 };
const networks: Readonly<Record<string, NetworkSetting>> = {
  ...namedNetworks,
  "a CNN of one convolution without hidden layers": { kind: "cnn", maps: [3], hidden: [], activation: "gelu", dropout: 0.5 },
  "an MLP with dropout": { kind: "mlp", maps: [6], hidden: [16, 8, 4], activation: "leakyRelu", dropout: 0.3 },
  "a CNN with dropout": { kind: "cnn", maps: [2, 4], hidden: [8], activation: "sigmoid", dropout: 0.1 },
};

it.each(Object.entries(networks))("writes %s as the lab makes it", (_, network) => {
  const text = recipeText({ setting: { ...defaultSetting, network }, data: { name: "digits", train: { ...size, count: 10_000, images: new Uint8Array(), labels: new Uint8Array() } }, images: { count: 10_000 } });
  // As a module it needs an installed gradus; test/browser runs one with the command line.
  const body = text.replace(/^import.*$/m, "").replace("export const recipe =", "return");
  const recipe = new Function("defineRecipe", "nn", body)(defineRecipe, nn) as Recipe;
  const written = recipe.model({ ...size, channels: 1 }) as nn.Sequential;
  const made = digitsNetwork(network, size);
  const layersOf = (model: nn.Sequential): string[] => model.entries().map(([name, layer]) => `${name} ${layer.constructor.name} ${layer.describe()}`);
  expect(layersOf(written)).toEqual(layersOf(made));
  expect(written.forward(zeros([2, 1, 28, 28])).shape).toEqual([2, 10]);
  expect(recipe).toMatchObject({ data: "digits", defaults: { optimizer: "adam", lr: 0.002, batchSize: 32, schedule: "constant" } });
});
