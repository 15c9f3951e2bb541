import { hiddenOf, type Edge, type Unit } from "./diagram-layout.js";
import type { LayerWeights } from "./learner.js";
import { choices, outputsOf, type Settings } from "./settings.js";

/** What a feature, neuron or output is called. */
export function unitName(settings: Settings, { column, index }: Unit): string {
  if (column === 0) return choices.features[index]?.label ?? "";
  if (column <= hiddenOf(settings).length) return `neuron ${index + 1} of layer ${column}`;
  return outputsOf(settings) === 1 ? "the output" : `the output for class ${index}`;
}

/** What input `input` of a layer is called; layer 0 is the first that has weights. */
export function inputName(settings: Settings, layer: number, input: number): string {
  if (layer > 0) return unitName(settings, { column: layer, index: input });
  const name = settings.features[input];
  return choices.features.find(({ value }) => value === name)?.label ?? "";
}

/** The weight of a connection; undefined where the weights are those of another network. */
export function weightOf(weights: readonly LayerWeights[] | undefined, { layer, output, input }: Edge): number | undefined {
  const found = weights?.[layer];
  return found && input < found.inputs && output < found.outputs ? found.weights[output * found.inputs + input] : undefined;
}

/** A number in few digits with a minus sign. */
export function signed(value: number): string {
  const text = Math.abs(value) >= 1000 || (value !== 0 && Math.abs(value) < 0.001) ? value.toExponential(1) : value.toFixed(Math.abs(value) < 10 ? 2 : 1);
  return text.replaceAll("-", "−");
}
