import { promoteTypes } from "../../core/dtype.js";
import { ArgumentError, ShapeError } from "../../core/errors.js";
import { formatShape } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { permute, reshape } from "./movement.js";
import { toDType } from "./operands.js";
import { accumulator, sum } from "./reduction.js";
import { diagonal } from "./triangle.js";

/** A tensor whose axes are named. */
interface Labelled {
  readonly value: Value;
  readonly labels: readonly string[];
}

type Sizes = ReadonlyMap<string, number>;

/**
 * Einstein summation, e.g. `einsum("bij,bjk->bik", x, y)`. Letters name axes: those missing from the right side are
 * summed,
 * and one that a term repeats takes its diagonal; `...` stands for axes that broadcast. Without `->` the result has the
 * broadcast axes and then, in alphabetical order, the letters that occur once. Several operands are contracted
 * pairwise,
 * the cheapest pair first. Throws ArgumentError for an equation that cannot be read, ShapeError for shapes that do not
 * fit it. Source: NumPy's `einsum`.
 */
export function einsum(equation: string, ...operands: readonly Value[]): Value {
  if (operands.length === 0) throw new ArgumentError("[einsum] needs at least one tensor");
  const { terms, output } = parseEquation(equation, operands);
  const sizes = labelSizes(equation, terms);
  const dtype = accumulator(operands.map((x) => x.dtype).reduce(promoteTypes));
  const inputs = terms.map(({ value, labels }) => distinct({ value: toDType(value, dtype), labels }, sizes));
  let list = inputs.map((term) =>
    sumOut(
      term,
      (label) => output.includes(label) || inputs.some((other) => other !== term && other.labels.includes(label)),
    ),
  );
  while (list.length > 1) list = contractCheapest(list, output, sizes);
  const { value, labels } = list.reduce((_, term) => term);
  return permute(
    value,
    output.map((label) => labels.indexOf(label)),
  );
}

function parseEquation(equation: string, operands: readonly Value[]): { terms: Labelled[]; output: string[] } {
  const [left = "", right, ...more] = equation.replaceAll(" ", "").split("->");
  const parts = left.split(",");
  const unreadable = (why: string): ArgumentError => new ArgumentError(`[einsum] "${equation}" ${why}`);
  for (const part of [...parts, right ?? ""]) {
    if (more.length > 0 || !/^[a-zA-Z]*(\.\.\.)?[a-zA-Z]*$/.test(part))
      throw unreadable(`cannot be read: expected letters and "..." in terms like "ij,jk->ik"`);
  }
  if (parts.length !== operands.length) throw unreadable(`has ${parts.length} terms for ${operands.length} tensors`);
  const terms = operands.map((value, i): Labelled => {
    const part = parts[i] ?? "";
    const letters = part.replace("...", "").length;
    const spare = value.shape.length - letters;
    if (spare < 0 || (spare > 0 && !part.includes("..."))) {
      throw new ShapeError(
        `[einsum] term "${part}" of "${equation}" names ${letters} axes, and its tensor ` +
          `${formatShape(value.shape)} has ${value.shape.length}`,
      );
    }
    return { value, labels: expandTerm(part, spare) };
  });
  const spread = Math.max(...terms.map(({ labels }) => labels.filter((label) => label.startsWith("...")).length));
  const all = terms.flatMap(({ labels }) => labels);
  const once = [...new Set(all)]
    .filter((label) => !label.startsWith("...") && all.indexOf(label) === all.lastIndexOf(label))
    .sort();
  const output = right === undefined ? expandTerm(`...${once.join("")}`, spread) : expandTerm(right, spread);
  for (const label of output) {
    if (!all.includes(label)) throw unreadable(`has "${label}" on the right only`);
    if (output.indexOf(label) !== output.lastIndexOf(label)) throw unreadable(`has "${label}" twice on the right`);
  }
  return { terms, output };
}

/**
 * Letters as labels; the axes of `...` are labelled by their distance from its end, so that they meet aligned to the
 * right.
 */
function expandTerm(term: string, spread: number): string[] {
  const [before = "", after] = term.split("...");
  if (after === undefined) return [...before];
  return [...before, ...Array.from({ length: spread }, (_, i) => `...${spread - 1 - i}`), ...after];
}

function labelSizes(equation: string, terms: readonly Labelled[]): Sizes {
  const sizes = new Map<string, number>();
  for (const { value, labels } of terms) {
    labels.forEach((label, axis) => {
      const size = value.shape[axis] ?? 1;
      const have = sizes.get(label) ?? 1;
      if (have !== 1 && size !== 1 && have !== size) {
        const shapes = terms.map((term) => formatShape(term.value.shape)).join(" and ");
        throw new ShapeError(
          `[einsum] "${equation}" with shapes ${shapes}: axis "${label}" has sizes ${have} and ${size}`,
        );
      }
      sizes.set(label, have === 1 ? size : have);
    });
  }
  return sizes;
}

/** Takes diagonals until each label names one axis, and drops axes of size 1 that broadcast. */
function distinct({ value, labels }: Labelled, sizes: Sizes): Labelled {
  const again = labels.findIndex((label, axis) => labels.indexOf(label) < axis);
  if (again >= 0) {
    const label = labels[again] ?? "";
    const first = labels.indexOf(label);
    if (value.shape[first] !== value.shape[again]) {
      throw new ShapeError(
        `[einsum] axis "${label}" is repeated in a tensor of shape ${formatShape(value.shape)}, where its sizes differ`,
      );
    }
    const rest = labels.filter((_, axis) => axis !== first && axis !== again);
    return distinct({ value: diagonal(value, { axis1: first, axis2: again }), labels: [...rest, label] }, sizes);
  }
  const kept = labels.filter((label, axis) => value.shape[axis] === sizes.get(label));
  return {
    value: reshape(
      value,
      kept.map((label) => sizes.get(label) ?? 1),
    ),
    labels: kept,
  };
}

function sumOut({ value, labels }: Labelled, isKept: (label: string) => boolean): Labelled {
  const axes = labels.flatMap((label, axis) => (isKept(label) ? [] : [axis]));
  return axes.length === 0 ? { value, labels } : { value: sum(value, axes), labels: labels.filter(isKept) };
}

/** Replaces the two tensors whose product takes the fewest multiplications by that product. */
function contractCheapest(list: readonly Labelled[], output: readonly string[], sizes: Sizes): Labelled[] {
  let best: { a: Labelled; b: Labelled; cost: number } | undefined;
  for (const [i, a] of list.entries()) {
    for (const b of list.slice(i + 1)) {
      const cost = [...new Set([...a.labels, ...b.labels])].reduce(
        (product, label) => product * (sizes.get(label) ?? 1),
        1,
      );
      if (best === undefined || cost < best.cost) best = { a, b, cost };
    }
  }
  if (!best) return [...list];
  const { a, b } = best;
  const rest = list.filter((term) => term !== a && term !== b);
  return [
    multiply(a, b, (label) => output.includes(label) || rest.some((term) => term.labels.includes(label)), sizes),
    ...rest,
  ];
}

function multiply(a: Labelled, b: Labelled, isKept: (label: string) => boolean, sizes: Sizes): Labelled {
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter(isKept);
  const contracted = shared.filter((label) => !isKept(label));
  const labels = [
    ...batch,
    ...a.labels.filter((label) => !shared.includes(label)),
    ...b.labels.filter((label) => !shared.includes(label)),
  ];
  const axesIn = (term: Labelled, names: readonly string[]): number[] =>
    names.map((label) => term.labels.indexOf(label));
  if (contracted.length > 0) {
    const value = ops.dot(a.value, b.value, {
      batchA: axesIn(a, batch),
      batchB: axesIn(b, batch),
      contractA: axesIn(a, contracted),
      contractB: axesIn(b, contracted),
    });
    return { value, labels };
  }
  const shape = labels.map((label) => sizes.get(label) ?? 1);
  const spread = (term: Labelled): Value => {
    const order = labels.filter((label) => term.labels.includes(label));
    return ops.broadcast(
      permute(term.value, axesIn(term, order)),
      shape,
      order.map((label) => labels.indexOf(label)),
    );
  };
  return { value: ops.mul(spread(a), spread(b)), labels };
}
