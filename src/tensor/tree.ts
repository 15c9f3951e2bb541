import type { Value } from "../ir/graph.js";
import { Tensor } from "./tensor.js";

/** Whether a value is an object literal, whose properties are looked into. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The tensors in nested arrays and object literals, in order. */
export function tensorsOf(tree: unknown, into: Tensor[] = []): Tensor[] {
  if (tree instanceof Tensor) into.push(tree);
  else if (Array.isArray(tree)) for (const item of tree) tensorsOf(item, into);
  else if (isRecord(tree)) for (const key of Object.keys(tree)) tensorsOf(tree[key], into);
  return into;
}

/** A copy of nested arrays and object literals in which every tensor is replaced; what is neither stays as it is. */
export function mapTensors<T>(tree: T, replace: (tensor: Tensor) => unknown): T;
export function mapTensors(tree: unknown, replace: (tensor: Tensor) => unknown): unknown {
  if (tree instanceof Tensor) return replace(tree);
  if (Array.isArray(tree)) return tree.map((item: unknown) => mapTensors(item, replace));
  if (!isRecord(tree)) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, item]) => [key, mapTensors(item, replace)]));
}

/** The tree with other tensors in its places. */
export function filled<T>(tree: T, values: readonly Value[]): T {
  let next = 0;
  return mapTensors(tree, (tensor) => {
    const value = values[next++];
    return value ? new Tensor(value) : tensor;
  });
}
