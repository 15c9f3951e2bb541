import { ArgumentError, IndexError } from "../core/errors.js";
import { modeChanged, readMode, type Tensor } from "../tensor/index.js";
import { AnyModule } from "./any-module.js";
import { Module } from "./module.js";

/** Layers by name, in the order in which they are applied. */
export type NamedLayers = { readonly [name: string]: Module<Tensor, Tensor> };

/** A module and the name that it was given, if any. */
type Entry = readonly [name: string | undefined, module: AnyModule];

/** Modules in an order: fields of this one, "0", "1", … unless they were given names. */
abstract class ModuleSequence<M extends AnyModule, In, Out> extends Module<In, Out> {
  /** The keys as they were given. */
  override stateName(field: string): string {
    return field;
  }

  /** How many modules there are. */
  get length(): number {
    return entriesOf(this).length;
  }

  /** The names and modules in order. Compiled functions that have read them trace again when they change. */
  entries(): [name: string, module: M][] {
    const entries = entriesOf(this) as [string, M][];
    readMode(this, "length", entries.length);
    return entries.map(([name, module]) => [name, readMode(this, name, module)]);
  }

  /** The module at a position; negative ones count from the end. Throws IndexError. */
  at(position: number): M {
    const entries = this.entries();
    return (entries[this.placeOf(position, entries.length)] ?? missing(this, position))[1];
  }

  /** Puts a module in another's place, under its name. Throws IndexError. */
  set(position: number, module: M): this {
    const entries = this.entries();
    const [name] = entries[this.placeOf(position, entries.length)] ?? missing(this, position);
    Reflect.set(this, name, module);
    modeChanged();
    return this;
  }

  /** Takes the module at a position away, the last if not given, and gives it. Throws IndexError. */
  pop(position = -1): M {
    const entries = this.entries();
    const place = this.placeOf(position, entries.length);
    rearrange(this, withoutNumbers(entries).filter((_, i) => i !== place));
    return (entries[place] ?? missing(this, position))[1];
  }

  protected put(position: number, added: readonly Entry[]): this {
    const entries = withoutNumbers(this.entries());
    const place = position < 0 ? position + entries.length : position;
    if (!Number.isInteger(place) || place < 0 || place > entries.length) return missing(this, position);
    rearrange(this, [...entries.slice(0, place), ...added, ...entries.slice(place)]);
    return this;
  }

  private placeOf(position: number, length: number): number {
    const place = position < 0 ? position + length : position;
    return Number.isInteger(place) && place >= 0 && place < length ? place : missing(this, position);
  }

  [Symbol.iterator](): IterableIterator<M> {
    return this.entries()
      .map(([, module]) => module)
      .values();
  }
}

/**
 * Applies modules one after another. They are named "0", "1", … or, given as one object, by its keys; what is added to
 * named ones must be named too. Taking from numbered ones numbers the rest anew.
 */
export class Sequential extends ModuleSequence<Module<Tensor, Tensor>, Tensor, Tensor> {
  /** Throws ArgumentError for a name that the class uses, such as "forward". */
  constructor(layers: NamedLayers);
  constructor(...layers: readonly Module<Tensor, Tensor>[]);
  constructor(...layers: readonly [NamedLayers] | readonly Module<Tensor, Tensor>[]) {
    super();
    this.put(0, layers.flatMap((layer) => namedLayers(layer)));
  }

  forward(x: Tensor): Tensor {
    return this.entries().reduce((input, [, layer]) => layer.forward(input), x);
  }

  /** Adds a layer, or several with names, at the end. Throws ArgumentError for a name that is taken. */
  append(layer: Module<Tensor, Tensor> | NamedLayers): this {
    return this.put(this.length, namedLayers(layer));
  }

  /** Adds a layer, or several with names, before a position. Throws IndexError, ArgumentError for a name that is taken. */
  insert(position: number, layer: Module<Tensor, Tensor> | NamedLayers): this {
    return this.put(position, namedLayers(layer));
  }

  /** Adds the layers of a list, or of another Sequential, at the end. Throws ArgumentError for a name that is taken. */
  extend(layers: Iterable<Module<Tensor, Tensor>>): this {
    return this.put(this.length, layers instanceof Sequential ? withoutNumbers(layers.entries()) : [...layers].flatMap(namedLayers));
  }

  /** The same layers from `start` up to `end`, as `Array.slice` counts, in a Sequential of their own. */
  slice(start?: number, end?: number): Sequential {
    return new Sequential().put(0, withoutNumbers(this.entries()).slice(start, end));
  }
}

/** A list of modules named "0", "1", …, for a `forward` to use as it likes. It has no `forward` of its own. */
export class ModuleList<M extends AnyModule = Module<Tensor, Tensor>> extends ModuleSequence<M, never, never> {
  constructor(modules: Iterable<M> = []) {
    super();
    this.extend(modules);
  }

  /** Throws IndexError: a list does not say how its modules are joined. */
  forward(): never {
    throw new IndexError("[ModuleList] a list has no forward: call its modules one by one, or use Sequential");
  }

  /** Adds a module at the end. */
  append(module: M): this {
    return this.insert(this.length, module);
  }

  /** Adds a module at the end, as arrays name it. */
  push(module: M): this {
    return this.append(module);
  }

  /** Adds a module before a position. Throws IndexError. */
  insert(position: number, module: M): this {
    return this.put(position, [[undefined, module]]);
  }

  /** Adds modules at the end. */
  extend(modules: Iterable<M>): this {
    return this.put(this.length, [...modules].map((module) => [undefined, module] as const));
  }

  /** The same modules from `start` up to `end`, as `Array.slice` counts, in a list of their own. */
  slice(start?: number, end?: number): ModuleList<M> {
    return new ModuleList([...this].slice(start, end));
  }
}

function entriesOf(module: AnyModule): [string, AnyModule][] {
  return Object.entries(module).filter((entry): entry is [string, AnyModule] => entry[1] instanceof AnyModule);
}

function namedLayers(layer: Module<Tensor, Tensor> | NamedLayers): Entry[] {
  return layer instanceof Module ? [[undefined, layer]] : Object.entries(layer);
}

/** Modules that are named 0, 1, … have only places, no names. */
function withoutNumbers(entries: readonly (readonly [string, AnyModule])[]): Entry[] {
  const areNumbered = entries.every(([name], i) => name === String(i));
  return entries.map(([name, module]) => [areNumbered ? undefined : name, module]);
}

/** Makes these a module's only modules, numbered from 0 if they have no names. */
function rearrange(module: AnyModule, entries: readonly Entry[]): void {
  const label = module.constructor.name;
  const unnamed = entries.filter(([name]) => name === undefined).length;
  // Fields that are numbers come before all others, whenever they were set.
  if (unnamed > 0 && unnamed < entries.length)
    throw new ArgumentError(`[${label}] some modules have names and some not: pass { name: module } for each or for none`);
  const named = entries.map(([name, item], i) => [name ?? String(i), item] as const);
  const before = entriesOf(module).map(([name]) => name);
  const seen = new Set<string>();
  for (const [name] of named) {
    if (seen.has(name) || (name in module && !before.includes(name)))
      throw new ArgumentError(`[${label}] the name "${name}" is taken: choose another`);
    seen.add(name);
  }
  for (const name of before) Reflect.deleteProperty(module, name);
  for (const [name, item] of named) Reflect.set(module, name, item);
  modeChanged();
}

function missing(list: AnyModule, position: number): never {
  throw new IndexError(`[${list.constructor.name}] there is no module ${position} among ${entriesOf(list).length}`);
}
