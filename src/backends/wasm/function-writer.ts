import * as wasm from "./opcodes.js";
import { indexed, type Instruction, type ValueType } from "./wasm-module.js";

interface Scope {
  readonly code: Instruction[];
  /** Locals that hold a value for the rest of this scope, by what they hold. */
  readonly known: Map<string, number>;
  readonly owned: number[];
}

/**
 * Instructions of one function in nested scopes: 0 is the function's entry, 1 the loop over items, and so on. Code can be
 * written into an enclosing scope while an inner one is open; it then stands just before the inner block.
 */
export class FunctionWriter {
  readonly #parameters: readonly ValueType[];
  readonly locals: ValueType[] = [];
  #scopes: Scope[] = [{ code: [], known: new Map(), owned: [] }];
  readonly #free = new Map<ValueType, number[]>();
  /** Open scopes that are out of sight while code is written into a scope around them. */
  #setAside = 0;

  constructor(parameters: readonly ValueType[]) {
    this.#parameters = parameters;
  }

  get depth(): number {
    return this.#scopes.length - 1;
  }

  get #top(): Scope {
    return this.#scope(this.depth);
  }

  #scope(depth: number): Scope {
    const scope = this.#scopes[depth];
    if (!scope) throw new RangeError(`no scope ${depth}`);
    return scope;
  }

  #typeOf(local: number): ValueType {
    const type =
      local < this.#parameters.length ? this.#parameters[local] : this.locals[local - this.#parameters.length];
    if (!type) throw new RangeError(`no local ${local}`);
    return type;
  }

  emit(...instructions: readonly Instruction[]): void {
    this.#top.code.push(...instructions);
  }

  append(instructions: readonly Instruction[]): void {
    const { code } = this.#top;
    for (const i of instructions) code.push(i);
  }

  /** A local that lives until `release`. */
  acquire(type: ValueType): number {
    return this.#free.get(type)?.pop() ?? this.#fresh(type);
  }

  #fresh(type: ValueType): number {
    return this.#parameters.length + this.locals.push(type) - 1;
  }

  release(local: number): void {
    const type = this.#typeOf(local);
    const list = this.#free.get(type);
    if (list) list.push(local);
    else this.#free.set(type, [local]);
  }

  /** A local that lives until the innermost scope closes. */
  local(type: ValueType): number {
    const local = this.acquire(type);
    this.#top.owned.push(local);
    return local;
  }

  /** The instructions that `write` emits, in a scope of their own. */
  inScope(write: () => void): readonly Instruction[] {
    const scope: Scope = { code: [], known: new Map(), owned: [] };
    this.#scopes.push(scope);
    write();
    this.#scopes.pop();
    for (const local of scope.owned) this.release(local);
    return scope.code;
  }

  /**
   * The local that holds what `write` leaves on the stack, computed once in the scope at `depth`. It must depend on
   * nothing that changes within that scope. A local of an outer scope is always a new one: a used one may be
   * overwritten by code that stands earlier in the inner scope.
   */
  once(depth: number, key: string, type: ValueType, write: () => void): number {
    const scope = this.#scope(depth);
    const have = scope.known.get(key);
    if (have !== undefined) return have;
    const inner = this.#scopes.splice(depth + 1);
    this.#setAside += inner.length;
    write();
    const local = this.#setAside === 0 ? this.acquire(type) : this.#fresh(type);
    this.#setAside -= inner.length;
    this.emit(indexed(wasm.localSet, local));
    this.#scopes.push(...inner);
    scope.owned.push(local);
    scope.known.set(key, local);
    return local;
  }

  finish(): readonly Instruction[] {
    return this.#top.code;
  }
}
