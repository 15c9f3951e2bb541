import { FormatError } from "../core/errors.js";

/** What is no plain value: a global, or what one made. */
export interface PickleObject {
  readonly kind: "global" | "storage" | "tensor";
}

/** A class or function that the file may name; `call` makes what it would return. */
export class PickleGlobal implements PickleObject {
  readonly kind = "global";
  readonly name: string;
  readonly call: ((args: readonly PickleValue[]) => PickleValue) | undefined;

  constructor(name: string, call?: (args: readonly PickleValue[]) => PickleValue) {
    this.name = name;
    this.call = call;
  }
}

/** None, numbers, text and bytes; lists and tuples (arrays); dictionaries (maps); and what the allowed globals make. */
export type PickleValue = null | boolean | number | bigint | string | Uint8Array | PickleValue[] | Map<PickleValue, PickleValue> | PickleObject;

/** No file of weights needs more, and what is deeper could overflow the stack of whoever walks it. */
const maxDepth = 200;

export function damagedPickle(why: string): FormatError {
  return new FormatError(`pickle: ${why}; the file is damaged, truncated or made to do harm.`);
}

/** Sets an item of a dictionary. Throws FormatError for keys that have no like in a Map. */
export function setItem(dict: Map<PickleValue, PickleValue>, key: PickleValue, value: PickleValue): void {
  if (typeof key === "object" && key !== null) throw new FormatError("pickle: a dictionary whose key is no text, number or None; it is refused.");
  dict.set(key, value);
}

/** Throws FormatError for a container within itself, and for too many within each other. */
export function requireTree(root: PickleValue): void {
  const depths = new Map<PickleValue, number>();
  const open: { value: PickleValue; items: Iterator<PickleValue>; depth: number }[] = [];
  const enter = (value: PickleValue): void => {
    if (open.length > maxDepth) throw damagedPickle(`containers are nested deeper than ${maxDepth}`);
    depths.set(value, Infinity);
    open.push({ value, items: (value as PickleValue[] | Map<PickleValue, PickleValue>).values(), depth: 1 });
  };
  if (isContainer(root)) enter(root);
  for (let last = open.at(-1); last; last = open.at(-1)) {
    const { done, value } = last.items.next();
    if (done) {
      depths.set(last.value, last.depth);
      open.pop();
      const parent = open.at(-1);
      if (parent) parent.depth = Math.max(parent.depth, last.depth + 1);
    } else if (isContainer(value)) {
      const known = depths.get(value);
      if (known === undefined) enter(value);
      else if (known === Infinity) throw damagedPickle("a container holds itself");
      else last.depth = Math.max(last.depth, known + 1);
    }
    if (last.depth > maxDepth) throw damagedPickle(`containers are nested deeper than ${maxDepth}`);
  }
}

function isContainer(value: PickleValue): value is PickleValue[] | Map<PickleValue, PickleValue> {
  return Array.isArray(value) || value instanceof Map;
}
