import { ArgumentError, IndexError } from "../core/errors.js";
import { modeChanged, Parameter } from "../tensor/index.js";
import { Module } from "./module.js";

/** A list of parameters named "0", "1", …, for a `forward` to use as it likes. It has no `forward` of its own. */
export class ParameterList extends Module<never, never> {
  constructor(parameters: Iterable<Parameter> = []) {
    super();
    this.extend(parameters);
  }

  /** Throws IndexError: parameters compute nothing by themselves. */
  forward(): never {
    throw new IndexError("[ParameterList] a list has no forward: use its parameters in that of another module");
  }

  /** How many parameters there are. */
  get length(): number {
    return Object.keys(this).length;
  }

  /** The parameter at a position; negative ones count from the end. Throws IndexError. */
  at(position: number): Parameter {
    const parameter = [...this].at(position);
    if (!parameter) throw new IndexError(`[ParameterList] there is no parameter ${position} among ${this.length}`);
    return parameter;
  }

  /** Adds a parameter at the end. */
  append(parameter: Parameter): this {
    Reflect.set(this, String(this.length), parameter);
    modeChanged();
    return this;
  }

  /** Adds parameters at the end. */
  extend(parameters: Iterable<Parameter>): this {
    for (const parameter of parameters) this.append(parameter);
    return this;
  }

  /** The parameters in order. */
  [Symbol.iterator](): IterableIterator<Parameter> {
    return (Object.values(this) as Parameter[]).values();
  }
}

/** Parameters by name, for a `forward` to use as it likes. It has no `forward` of its own. */
export class ParameterDict extends Module<never, never> {
  /** Throws ArgumentError for a name that the class uses, such as "forward". */
  constructor(parameters: { readonly [name: string]: Parameter } = {}) {
    super();
    for (const [name, parameter] of Object.entries(parameters)) this.set(name, parameter);
  }

  /** The keys as they were given. */
  override stateName(field: string): string {
    return field;
  }

  /** Throws IndexError: parameters compute nothing by themselves. */
  forward(): never {
    throw new IndexError("[ParameterDict] a dictionary has no forward: use its parameters in that of another module");
  }

  /** The names in order. */
  keys(): string[] {
    return Object.keys(this);
  }

  /** The parameter of this name. Throws IndexError, naming those there are. */
  get(name: string): Parameter {
    const parameter: unknown = Object.hasOwn(this, name) ? Reflect.get(this, name) : undefined;
    // Within functionalCall it is another tensor.
    if (parameter === undefined || typeof parameter === "function")
      throw new IndexError(`[ParameterDict] there is no parameter "${name}": the names are ${this.keys().join(", ") || "none"}`);
    return parameter as Parameter;
  }

  /** Adds a parameter, or puts it in another's place. Throws ArgumentError for a name that the class uses. */
  set(name: string, parameter: Parameter): this {
    if (name in this && !Object.keys(this).includes(name))
      throw new ArgumentError(`[ParameterDict] the name "${name}" is taken: choose another`);
    Reflect.set(this, name, parameter);
    modeChanged();
    return this;
  }

  /** Names and parameters in order. */
  [Symbol.iterator](): IterableIterator<[name: string, parameter: Parameter]> {
    return (Object.entries(this) as [string, Parameter][]).values();
  }
}
