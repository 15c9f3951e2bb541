import { ArgumentError, ShapeError } from "../core/errors.js";
import { formatShape, sameShape } from "../core/shape.js";
import type { StateTensor, Tensor } from "../tensor/index.js";
import { namedStates } from "./any-module.js";
import type { Inputs, Module } from "./module.js";
import type { StateDict } from "../tensor/state-dict.js";

/**
 * `model.forward(...inputs)` with other tensors in place of the named parameters and buffers, so that it can be
 * differentiated with respect to them: `grad((p) => functionalCall(model, p, x).mean())(model.stateDict())`. A
 * parameter that
 * is shared is replaced everywhere. Throws ArgumentError for a name that the model lacks, ShapeError for another shape.
 */
export function functionalCall<In, Out>(model: Module<In, Out>, parameters: StateDict, ...inputs: Inputs<In>): Out {
  const places = namedStates(model);
  const replacements = new Map<StateTensor, Tensor>();
  for (const [name, tensor] of Object.entries(parameters)) {
    const state = places.find((place) => place.name === name)?.state;
    if (!state)
      throw new ArgumentError(
        `[functionalCall] the model has no "${name}": its names are ${places.map((place) => place.name).join(", ")}`,
      );
    if (!sameShape(state.shape, tensor.shape)) {
      throw new ShapeError(
        `[functionalCall] "${name}" is ${formatShape(tensor.shape)}, and the model has ${formatShape(state.shape)}`,
      );
    }
    replacements.set(state, tensor);
  }
  const replaced = places.filter(({ state }) => replacements.has(state));
  for (const { holder, key, state } of replaced) Reflect.set(holder, key, replacements.get(state));
  try {
    return model.forward(...inputs);
  } finally {
    for (const { holder, key, state } of replaced) Reflect.set(holder, key, state);
  }
}
