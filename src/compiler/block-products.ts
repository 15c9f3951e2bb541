import { byteSize } from "../core/dtype.js";
import type { LoopsContext, Scratch, SharedType } from "../ir/graph.js";
import type { Draft } from "./draft.js";
import { tileAcross, tilesAcross } from "./register-tiles.js";
import type { Target } from "./target.js";

/** Scratch memory, and products of matrices in it by register tiles, for operators that bring their own loops. */
export function blockProducts(draft: Draft, target: Target): Pick<LoopsContext<never>, "scratch" | "tileColumns" | "product"> {
  const { b } = draft;
  const lanesOf = (type: "float32" | "float64"): number => Math.max(1, Math.floor(target.vectorBytes / byteSize(type)));
  const tileOf = (type: "float32" | "float64", rows: number, columns: number): { mr: number; nr: number } =>
    tileAcross(rows, columns, lanesOf(type), target.vectorRegisters);
  return {
    scratch: (type, size) => memoryAt(draft, draft.scratch(type, size), type),
    tileColumns: (type, rows, columns) => tileOf(type, rows, columns).nr,
    product: ({ a, b: right, c, rows, columns, steps, adds }) => {
      const lanes = lanesOf(c.type);
      const { mr, nr } = tileOf(c.type, rows.most, columns.most);
      const blocks = {
        type: c.type,
        dtype: c.type,
        lanes,
        a: a.slot,
        b: right.slot,
        c: c.slot,
        bBase: b.index(0),
        rows: [{ count: rows.count, most: rows.most, operand: rows.a, result: rows.c }],
        column: { ...columns, operand: 1, result: 1 },
        steps: [steps],
        first: !adds,
        lost: undefined,
      };
      return tilesAcross(b, blocks, { axis: 0, count: mr }, nr / lanes);
    },
  };
}

/** A buffer of the kernel's own, as operators see it. */
export function memoryAt<T extends SharedType>(draft: Draft, slot: number, type: T): Scratch<T> {
  return { slot, type, load: (index) => draft.load(slot, index), store: (index, value) => ({ kind: "store", buffer: slot, index, value }) };
}
