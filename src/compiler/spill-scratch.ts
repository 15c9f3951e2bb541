import { byteSize } from "../core/dtype.js";
import { isPassed, type Expr, type KernelBuffer, type Stmt } from "../ir/loop.js";
import type { Argument, KernelCall, Temporary } from "./draft.js";
import type { GroupTarget } from "./target.js";
import { rebuild } from "./walk.js";

/**
 * Moves to the program's memory what invocations keep beyond what one may have of its own, or a group may share: the
 * largest buffers first. Neighbouring invocations have neighbouring elements.
 */
export function spillScratch(call: KernelCall, target: GroupTarget): KernelCall {
  const { kernel, builder: b, items } = call;
  const { item, group } = kernel;
  const invocations = items * (group?.size ?? 1);
  const spilled = new Set<number>();
  for (const [access, most] of [["scratch", target.privateBytes], ["shared", target.sharedBytes]] as const) {
    const own = kernel.buffers.flatMap((buffer, slot) => (buffer.access === access ? [{ slot, bytes: bytesOf(buffer) }] : []));
    let bytes = own.reduce((sum, buffer) => sum + buffer.bytes, 0);
    for (const buffer of own.sort((x, y) => y.bytes - x.bytes)) {
      if (bytes <= most) break;
      spilled.add(buffer.slot);
      bytes -= buffer.bytes;
    }
  }
  if (spilled.size === 0) return call;
  const given = [...call.buffers];
  const buffers: Argument[] = [];
  kernel.buffers.forEach((buffer, slot) => {
    const argument = isPassed(buffer) ? given.shift() : spilled.has(slot) ? temporaryOf(buffer, buffer.access === "shared" ? items : invocations) : undefined;
    if (argument) buffers.push(argument);
  });
  const place = (slot: number, index: Expr): Expr => {
    const buffer = kernel.buffers[slot];
    if (!buffer || !spilled.has(slot)) return index;
    if (buffer.access === "shared") return b.add(b.mul(b.ref(item), b.index(buffer.scratchSize)), index);
    const number = group ? b.add(b.mul(b.ref(item), b.index(group.size)), b.ref(group.lane)) : b.ref(item);
    return b.add(b.mul(index, b.index(invocations)), number);
  };
  const known = new Map<number, Expr>();
  const expr = (e: Expr): Expr => {
    const have = known.get(e.id);
    if (have) return have;
    const storage = (slot: number): KernelBuffer["dtype"] => kernel.buffers[slot]?.dtype ?? "float32";
    const made = e.kind === "load" ? b.load(e.buffer, storage(e.buffer), place(e.buffer, expr(e.index)), e.lanes) : rebuild(b, e, expr, storage);
    known.set(e.id, made);
    return made;
  };
  const stmts = (list: readonly Stmt[]): Stmt[] =>
    list.map((s): Stmt => {
      switch (s.kind) {
        case "barrier":
        case "combine":
          return s;
        case "store":
          return { ...s, index: place(s.buffer, expr(s.index)), value: expr(s.value) };
        case "if":
          return { ...s, condition: expr(s.condition), then: stmts(s.then), otherwise: stmts(s.otherwise) };
        case "for":
          return { ...s, begin: expr(s.begin), end: expr(s.end), body: stmts(s.body) };
        default:
          return { ...s, value: expr(s.value) };
      }
    });
  const own = kernel.buffers.map((buffer, slot): KernelBuffer => (spilled.has(slot) ? { ...buffer, access: "readwrite", scratchSize: 0 } : buffer));
  return { ...call, buffers, kernel: { ...kernel, buffers: own, body: stmts(kernel.body) } };
}

function bytesOf({ dtype, scratchSize }: KernelBuffer): number {
  return scratchSize * byteSize(dtype);
}

function temporaryOf({ dtype, scratchSize }: KernelBuffer, owners: number): Temporary {
  return { shape: [owners, scratchSize], dtype, temporary: true };
}
