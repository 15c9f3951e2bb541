import { IndexError } from "../core/errors.js";
import type { Tensor } from "../tensor/index.js";
import { AnyModule } from "./any-module.js";
import { Module } from "./module.js";

/** Layers by name, in the order in which they are applied. */
export type NamedLayers = { readonly [name: string]: Module<Tensor, Tensor> };

/** Applies modules one after another. They are named "0", "1", … or, given as one object, by its keys. */
export class Sequential extends Module<Tensor, Tensor> {
  constructor(layers: NamedLayers);
  constructor(...layers: readonly Module<Tensor, Tensor>[]);
  constructor(...layers: readonly [NamedLayers] | readonly Module<Tensor, Tensor>[]) {
    super();
    const [first] = layers;
    Object.assign(this, layers.length === 1 && first && !(first instanceof Module) ? first : layers);
  }

  /** The keys as they were given. */
  override stateName(field: string): string {
    return field;
  }

  forward(x: Tensor): Tensor {
    return layersOf(this).reduce((input, layer) => layer.forward(input), x);
  }

  /** How many modules there are. */
  get length(): number {
    return layersOf(this).length;
  }

  /** The module at a position; negative ones count from the end. Throws IndexError. */
  at(position: number): Module<Tensor, Tensor> {
    return memberAt("Sequential", layersOf(this), position);
  }

  [Symbol.iterator](): IterableIterator<Module<Tensor, Tensor>> {
    return layersOf(this).values();
  }
}

function layersOf(module: Sequential): Module<Tensor, Tensor>[] {
  return Object.values(module).filter((value): value is Module<Tensor, Tensor> => value instanceof Module);
}

/** A list of modules named "0", "1", …, for a `forward` to use as it likes. It has no `forward` of its own. */
export class ModuleList<M extends AnyModule = Module<Tensor, Tensor>> extends Module<never, never> {
  constructor(modules: Iterable<M> = []) {
    super();
    Object.assign(this, [...modules]);
  }

  /** Throws IndexError: a list does not say how its modules are joined. */
  forward(): never {
    throw new IndexError("[ModuleList] a list has no forward: call its modules one by one, or use Sequential");
  }

  /** How many modules there are. */
  get length(): number {
    return Object.keys(this).length;
  }

  /** The module at a position; negative ones count from the end. Throws IndexError. */
  at(position: number): M {
    return memberAt("ModuleList", [...this], position);
  }

  /** Adds a module at the end. */
  push(module: M): this {
    return Object.assign(this, { [this.length]: module });
  }

  [Symbol.iterator](): IterableIterator<M> {
    return (Object.values(this) as M[]).values();
  }
}

function memberAt<M>(list: string, modules: readonly M[], position: number): M {
  const module = modules.at(position);
  if (!module) throw new IndexError(`[${list}] there is no module ${position} among ${modules.length}`);
  return module;
}
