import { ArgumentError } from "../../core/errors.js";
import { BatchSampler } from "../sampler.js";

export interface SplitOptions {
  /** The share for the test, from 0 to 1; 0.25 if not given. */
  readonly test?: number | undefined;
  /** The share for validation, of all examples; 0 if not given. */
  readonly validation?: number | undefined;
  /** A class of each example: every part gets the same shares of them, as far as they can be divided. */
  readonly stratify?: ArrayLike<number> | undefined;
  /** Of the choice; 0 if not given. */
  readonly seed?: number | undefined;
}

/** Positions of examples, shuffled; no example is in two parts, and each is in one. */
export interface Split {
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly test: Int32Array;
}

/**
 * Divides `count` examples at random. A share of a part that is no whole number is rounded up; with `stratify`, classes share
 * a part by the method of largest remainders. Throws ArgumentError for shares outside of [0, 1) or that leave nothing to train on.
 */
export function splitRows(count: number, { test = 0.25, validation = 0, stratify, seed = 0 }: SplitOptions = {}): Split {
  for (const [name, share] of Object.entries({ test, validation })) {
    if (!(share >= 0 && share < 1)) throw new ArgumentError(`[splitRows] ${name} ${share}: expected a share from 0 to below 1`);
  }
  if (stratify && stratify.length !== count) {
    throw new ArgumentError(`[splitRows] stratify has ${stratify.length} classes for ${count} examples: give one each`);
  }
  const tests = partSize(count, test);
  const validations = partSize(count, validation);
  if (tests + validations >= count) {
    throw new ArgumentError(`[splitRows] of ${count} examples, ${tests} for test and ${validations} for validation leave none to train on`);
  }
  const shuffled = new BatchSampler({ length: count, batchSize: 1, shuffle: true, dropLast: false, seed }).order(0);
  if (!stratify) {
    const rest = tests + validations;
    return { test: shuffled.slice(0, tests), validation: shuffled.slice(tests, rest), train: shuffled.slice(rest) };
  }
  const first = stratified(shuffled, tests, stratify);
  const second = stratified(first.rest, validations, stratify);
  return { test: first.part, validation: second.part, train: second.rest };
}

/** Share · count rounded up, but for what floating point adds. */
function partSize(count: number, share: number): number {
  return Math.ceil(share * count - 1e-9);
}

/** Takes `size` examples, of each class as many as its share is, the first that come. */
function stratified(order: Int32Array, size: number, classes: ArrayLike<number>): { readonly part: Int32Array; readonly rest: Int32Array } {
  const counts = new Map<number, number>();
  for (const position of order) counts.set(classes[position] ?? 0, (counts.get(classes[position] ?? 0) ?? 0) + 1);
  const left = largestRemainders(counts, size, order.length);
  const isPart = new Set<number>();
  for (const position of order) {
    const wanted = left.get(classes[position] ?? 0) ?? 0;
    if (wanted === 0) continue;
    left.set(classes[position] ?? 0, wanted - 1);
    isPart.add(position);
  }
  return { part: order.filter((position) => isPart.has(position)), rest: order.filter((position) => !isPart.has(position)) };
}

/** How many of each class a part of `size` gets: the whole part of its share, and one more for the largest remainders. */
function largestRemainders(counts: ReadonlyMap<number, number>, size: number, total: number): Map<number, number> {
  const shares = [...counts].sort(([a], [b]) => a - b).map(([label, count]) => ({ label, exact: (count * size) / total }));
  const whole = new Map(shares.map(({ label, exact }) => [label, Math.floor(exact)]));
  const missing = size - [...whole.values()].reduce((sum, n) => sum + n, 0);
  const byRemainder = [...shares].sort((a, b) => (b.exact % 1) - (a.exact % 1));
  for (const { label } of byRemainder.slice(0, missing)) whole.set(label, (whole.get(label) ?? 0) + 1);
  return whole;
}
