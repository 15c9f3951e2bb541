import gradientSizes from "../../labs/neuron/gradient-sizes.ts?raw";
import network from "../../labs/neuron/network.ts?raw";
import activationCurve from "../../labs/neuron/activation-curve.ts?raw";
import training from "../../labs/neuron/training.ts?raw";
import perceptron from "../../../../../src/models/perceptron.ts?raw";
import type { CodeFile } from "./chapter-type.js";

const lab = "apps/studio/src/labs/neuron";

/** The modules that the lab runs, as they are: these texts are the files. */
export const codeFiles = {
  network: { title: "The network", path: `${lab}/network.ts`, code: network },
  training: { title: "Losses, optimizers and a step of training", path: `${lab}/training.ts`, code: training },
  gradientSizes: { title: "The gradient’s size in each layer", path: `${lab}/gradient-sizes.ts`, code: gradientSizes },
  activationCurve: { title: "An activation and its slope", path: `${lab}/activation-curve.ts`, code: activationCurve },
  perceptron: { title: "Rosenblatt’s perceptron, of the library itself", path: "src/models/perceptron.ts", code: perceptron },
} satisfies Readonly<Record<string, CodeFile>>;
