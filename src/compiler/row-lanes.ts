import { sizeOf } from "../core/shape.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import type { Expr, Stmt } from "../ir/loop.js";
import { decodeItem } from "./loops.js";
import type { RowLanes } from "./machine.js";
import type { GroupTarget } from "./target.js";

/**
 * Rows of at least so many elements are work for a group. Where rows are neighbours in memory, one invocation for each reads what lies
 * together, and a group along a row does not: these have to be longer, and not so many that they occupy the machine by themselves.
 */
const groupRow = 64;
const groupNeighbour = 128;
const manyRows = 1024;

/** Elements of a row that each invocation of a group should have at least. */
const fewestPerLane = 4;

/** The group of invocations that runs a row, or undefined where one invocation does. */
export function rowLanes(b: ExprBuilder, length: number, rows: number, areNeighbours: boolean, { invocations, sharedBytes }: GroupTarget): RowLanes | undefined {
  if (length < groupRow || (areNeighbours && (length < groupNeighbour || rows >= manyRows))) return undefined;
  const size = Math.min(invocations, Math.max(groupRow, 2 ** Math.ceil(Math.log2(length / fewestPerLane))));
  const lane = b.counter("lane", size);
  /** A loop from this lane's place on, by as many as there are lanes. */
  const dealt = (begin: Expr, end: Expr, most: number, body: (at: Expr) => readonly Stmt[]): Stmt => {
    const variable = b.counter("at", most);
    return { kind: "for", variable, begin, end, step: size, body: body(b.ref(variable)), vectorize: false };
  };
  return {
    size,
    lane,
    fitting: (values, bytesOf) => {
      let room = sharedBytes;
      return values.filter((value) => {
        const bytes = bytesOf(value);
        if (bytes > room) return false;
        room -= bytes;
        return true;
      });
    },
    loops: ({ sizes, variables }, body) => {
      const total = sizeOf(sizes);
      return [dealt(b.ref(lane), b.index(total), total, (at) => [...decodeItem(b, at, sizes, variables), ...body])];
    },
    blocks: ({ sizes, variables }, block, around, body) => {
      const total = sizeOf(sizes);
      const start = b.counter("block", total);
      const begin = b.add(b.ref(start), b.ref(lane));
      const end = b.min(b.add(b.ref(start), b.index(block * size)), b.index(total));
      const loop = dealt(begin, end, total, (at) => [...decodeItem(b, at, sizes, variables), ...body]);
      return { kind: "for", variable: start, begin: b.index(0), end: b.index(total), step: block * size, body: around(loop), vectorize: false };
    },
  };
}
