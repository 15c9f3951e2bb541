import type { Contraction, Value } from "../ir/graph.js";
import type { Draft } from "./draft.js";
import { factorOf } from "./loops.js";
import { counters } from "./reader.js";

/** The same contraction with its operands in each other's place. */
export function swapped(spec: Contraction): Contraction {
  return {
    batch: spec.batch,
    m: spec.n,
    n: spec.m,
    k: spec.k,
    lhs: (batch, m, k) => spec.rhs(batch, k, m),
    rhs: (batch, k, n) => spec.lhs(batch, n, k),
    out: (batch, m, n) => spec.out(batch, n, m),
  };
}

/** Whether the result's neighbours in memory are rows of the contraction, not columns. */
export function columnsAreFar(draft: Draft, written: Value, spec: Contraction): boolean {
  const { b } = draft;
  const m = counters(b, "m", spec.m);
  const address = draft.address(written, spec.out(counters(b, "b", spec.batch), m, counters(b, "n", spec.n)));
  const last = [...m].reverse().find((e) => e.kind === "var");
  return last?.kind === "var" && factorOf(b, address, last.variable) === 1;
}
