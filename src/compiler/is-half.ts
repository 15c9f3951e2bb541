import type { DType } from "../core/dtype.js";
import type { Expr, Variable } from "../ir/loop.js";

/** Whether float16 can hold a number because it was read from there, or is 0. `valueOf` gives what a variable stands for, where it is known. */
export function isHalf(e: Expr, dtypeOf: (buffer: number) => DType, valueOf: (variable: Variable) => Expr | undefined = () => undefined): boolean {
  if (e.kind === "load") return dtypeOf(e.buffer) === "float16";
  if (e.kind === "guard") return isHalf(e.value, dtypeOf, valueOf) && isHalf(e.other, dtypeOf, valueOf);
  if (e.kind !== "var") return e.kind === "const" && e.value === 0;
  const value = valueOf(e.variable);
  return value !== undefined && isHalf(value, dtypeOf, valueOf);
}
