import gradientSizes from "../../labs/neuron/gradient-sizes.ts?raw";
import network from "../../labs/neuron/network.ts?raw";
import activationCurve from "../../labs/neuron/activation-curve.ts?raw";
import networkLearner from "../../labs/neuron/network-learner.ts?raw";
import perceptronLearner from "../../labs/neuron/perceptron-learner.ts?raw";
import points from "../../labs/neuron/points.ts?raw";
import training from "../../labs/neuron/training.ts?raw";
import perceptron from "../../../../../src/models/perceptron.ts?raw";
import type { CodeFile } from "../code-files.js";

const lab = "apps/studio/src/labs/neuron";

/** The modules that the lab runs, as they are: these texts are the files. */
export const codeFiles = {
  network: { title: "The network", path: `${lab}/network.ts`, code: network },
  training: { title: "Losses, optimizers and a step of training", path: `${lab}/training.ts`, code: training },
  gradientSizes: { title: "The gradient’s size in each layer", path: `${lab}/gradient-sizes.ts`, code: gradientSizes },
  activationCurve: { title: "An activation and its slope", path: `${lab}/activation-curve.ts`, code: activationCurve },
  perceptron: { title: "Rosenblatt’s perceptron, of the library itself", path: "src/models/perceptron.ts", code: perceptron },
  points: { title: "The points", path: `${lab}/points.ts`, code: points },
  networkLearner: { title: "How the lab puts a network’s parts together", path: `${lab}/network-learner.ts`, code: networkLearner },
  perceptronLearner: { title: "How the lab runs it", path: `${lab}/perceptron-learner.ts`, code: perceptronLearner },
} satisfies Readonly<Record<string, CodeFile>>;
