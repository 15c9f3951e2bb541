import { ArgumentError } from "../core/errors.js";
import { tracing } from "../runtime/cell.js";
import { Tensor } from "../tensor/index.js";
import { gradientsWithin } from "../tensor/transforms.js";
import { mapTensors } from "../tensor/tree.js";
import { observeCalls, type AnyModule } from "./any-module.js";

/** Tensors by the names of the modules that gave them. */
export type NamedTensors<Name extends string = string> = { readonly [K in Name]: Tensor };

/**
 * Runs a function and gives, beside its result, what the named modules inside `model` returned meanwhile (of several
 * tensors the first; of several calls the last):
 *
 * ```ts
 * const { result, activations } = captureActivations(model, ["features.3"], () => model.forward(x));
 * ```
 *
 * Works in plain and in compiled functions; what is captured in a compiled function must be captured inside of it. Throws
 * ArgumentError for a name that the model lacks and for a module that did not run.
 */
export function captureActivations<R, const Name extends string>(
  model: AnyModule,
  names: readonly Name[],
  fn: () => R,
): { readonly result: R; readonly activations: NamedTensors<Name> } {
  return captured("captureActivations", model, names, fn, (output) => output);
}

/**
 * Runs a function that returns a scalar made by `model` and gives, beside its value, what the named modules returned and
 * the gradients of the scalar with respect to that; parameters may be frozen and gradients switched off. What Grad-CAM
 * (Selvaraju et al. 2017) needs:
 *
 * ```ts
 * const { activations, gradients } = captureGradients(model, ["layer4"], () => model.forward(x).at(0, label));
 * ```
 *
 * Works in plain and in compiled functions as `captureActivations` does. Throws ArgumentError as that does, GradientError
 * where the function does not return a scalar.
 */
export function captureGradients<const Name extends string>(
  model: AnyModule,
  names: readonly Name[],
  fn: () => Tensor,
): { readonly result: Tensor; readonly activations: NamedTensors<Name>; readonly gradients: NamedTensors<Name> } {
  const places = new Map<Tensor, number>();
  let activations: NamedTensors<Name> | undefined;
  const { value, gradients } = gradientsWithin((variableFor) => {
    const run = captured("captureGradients", model, names, fn, (output) => {
      places.set(output, places.size);
      return variableFor(output);
    });
    activations = run.activations;
    return run.result;
  });
  const found = activations ?? ({} as NamedTensors<Name>);
  const entries = names.map((name) => [name, gradients[places.get(found[name]) ?? -1]] as const);
  return { result: value, activations: found, gradients: Object.fromEntries(entries) as NamedTensors<Name> };
}

/** Runs a function; what the named modules give is kept, and what `replace` makes of it goes on. */
function captured<R, Name extends string>(
  label: string,
  model: AnyModule,
  names: readonly Name[],
  fn: () => R,
  replace: (output: Tensor) => Tensor,
): { result: R; activations: NamedTensors<Name> } {
  const modules = new Map(model.namedModules());
  const wanted = new Map<AnyModule, Name>();
  for (const name of names) {
    const module = modules.get(name);
    if (!module)
      throw new ArgumentError(`[${label}] the model has no module "${name}": its names are ${[...modules.keys()].slice(1).join(", ")}`);
    wanted.set(module, name);
  }
  const outputs = new Map<Name, Tensor>();
  const trace = tracing.current;
  const leave = (module: AnyModule, output: unknown): unknown => {
    const name = wanted.get(module);
    // Tensors of a compiled function that runs inside mean nothing here.
    if (name === undefined || tracing.current !== trace) return output;
    let isFirst = true;
    return mapTensors(output, (tensor) => {
      if (!isFirst) return tensor;
      isFirst = false;
      outputs.set(name, tensor);
      return replace(tensor);
    });
  };
  const result = observeCalls({ leave }, fn);
  const silent = names.filter((name) => !outputs.has(name));
  if (silent.length > 0) {
    throw new ArgumentError(
      `[${label}] ${silent.map((name) => `"${name}"`).join(", ")} did not run: call the model in the function, and ` +
        "capture inside a compiled function, not around it",
    );
  }
  return { result, activations: Object.fromEntries(outputs) as NamedTensors<Name> };
}
