import { sizeOf } from "../core/shape.js";
import type { ComputeType, Stmt } from "../ir/loop.js";
import type { Draft } from "./draft.js";
import { stridesIn } from "./reader.js";
import { placeOf, spansOf, type Window, type WindowBlock } from "./window.js";

/** Copies what a block needs of the source into scratch memory, in the window's order of axes; beyond the source's edges are zeros. */
export function spreadWindow(draft: Draft, window: Window, type: ComputeType, scratch: number, at: WindowBlock): readonly Stmt[] {
  const { b } = draft;
  const spans = spansOf(window, at.own, at.steps);
  const strides = stridesIn(spans, window.order);
  const { first, lengths } = placeOf(b, window, at);
  const variables = spans.map((size, dim) => (size === 1 ? undefined : b.counter(`s${dim}`, size)));
  const local = variables.map((v) => (v ? b.ref(v) : b.index(0)));
  const from = first.map((start, dim) => b.add(start, local[dim] ?? b.index(0)));
  const to = local.reduce((e, l, dim) => b.add(e, b.mul(l, b.index(strides[dim] ?? 0))), b.index(0));
  let body: readonly Stmt[] = [{ kind: "store", buffer: scratch, index: to, value: b.cast(draft.memory(window.argument)(from), type) }];
  const innermost = [...window.order].reverse().find((dim) => variables[dim]);
  for (const dim of [...window.order].reverse()) {
    const [variable, start] = [variables[dim], first[dim] ?? b.index(0)];
    let [begin, end] = [b.index(0), lengths[dim] ?? b.index(1)];
    for (const bound of window.bounds) {
      if (bound.dim !== dim) continue;
      if (bound.sign < 0) begin = b.max(begin, b.sub(b.index(bound.add + 1), start));
      else end = b.min(end, b.sub(b.index(-bound.add), start));
    }
    if (variable) body = [{ kind: "for", variable, begin, end, step: 1, body, vectorize: dim === innermost }];
    else if (begin.max > 0 || end.min < 1) body = [{ kind: "if", condition: b.and(b.le(begin, b.index(0)), b.lt(b.index(0), end)), then: body, otherwise: [] }];
  }
  if (window.bounds.length === 0) return body;
  const zero = b.counter("z", sizeOf(spans));
  const clear: Stmt = { kind: "store", buffer: scratch, index: b.ref(zero), value: b.const(0, type) };
  return [{ kind: "for", variable: zero, begin: b.index(0), end: b.index(sizeOf(spans)), step: 1, body: [clear], vectorize: true }, ...body];
}
