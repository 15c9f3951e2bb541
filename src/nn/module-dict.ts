import { ArgumentError, IndexError } from "../core/errors.js";
import { modeChanged, readMode, type Tensor } from "../tensor/index.js";
import { AnyModule } from "./any-module.js";
import { Module } from "./module.js";

/**
 * Modules by name, for a `forward` to use as it likes; it has no `forward` of its own. As in any object, names that are
 * whole numbers come first. Compiled functions that have read a module trace again when it changes.
 */
export class ModuleDict<M extends AnyModule = Module<Tensor, Tensor>> extends Module<never, never> {
  /** Throws ArgumentError for a name that the class uses, such as "forward". */
  constructor(modules: { readonly [name: string]: M } = {}) {
    super();
    this.update(modules);
  }

  /** The keys as they were given. */
  override stateName(field: string): string {
    return field;
  }

  /** Throws IndexError: a dictionary does not say how its modules are joined. */
  forward(): never {
    throw new IndexError("[ModuleDict] a dictionary has no forward: call its modules by name");
  }

  /** How many modules there are. */
  get size(): number {
    return this.keys().length;
  }

  /** The names in order. */
  keys(): string[] {
    const keys = Object.keys(this).filter((name) => this.has(name));
    readMode(this, "size", keys.length);
    return keys;
  }

  /** The modules in order. */
  values(): M[] {
    return this.keys().map((name) => this.get(name));
  }

  /** Names and modules in order. */
  entries(): [name: string, module: M][] {
    return this.keys().map((name) => [name, this.get(name)]);
  }

  /** Whether there is a module of this name. */
  has(name: string): boolean {
    return Object.hasOwn(this, name) && Reflect.get(this, name) instanceof AnyModule;
  }

  /** The module of this name. Throws IndexError, naming those there are. */
  get(name: string): M {
    if (!this.has(name))
      throw new IndexError(`[ModuleDict] there is no module "${name}": the names are ${this.keys().join(", ") || "none"}`);
    return readMode(this, name, Reflect.get(this, name) as M);
  }

  /** Adds a module, or puts it in another's place. Throws ArgumentError for a name that the class uses. */
  set(name: string, module: M): this {
    if (name in this && !this.has(name)) throw new ArgumentError(`[ModuleDict] the name "${name}" is taken: choose another`);
    Reflect.set(this, name, module);
    modeChanged();
    return this;
  }

  /** Adds or replaces several. Throws ArgumentError for a name that the class uses. */
  update(modules: { readonly [name: string]: M } | ModuleDict<M>): this {
    for (const [name, module] of modules instanceof ModuleDict ? modules.entries() : Object.entries(modules)) this.set(name, module);
    return this;
  }

  /** Takes a module away and gives it. Throws IndexError. */
  delete(name: string): M {
    const module = this.get(name);
    Reflect.deleteProperty(this, name);
    modeChanged();
    return module;
  }

  /** Names and modules in order. */
  [Symbol.iterator](): IterableIterator<[name: string, module: M]> {
    return this.entries().values();
  }
}
