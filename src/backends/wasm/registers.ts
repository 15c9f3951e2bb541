import type { ComputeType } from "../../ir/loop.js";
import type { ValueType } from "./wasm-module.js";

/** Types as instructions see them: an index is a 32-bit integer. */
export type Kind = Exclude<ComputeType, "index">;

export const kindOf = (type: ComputeType): Kind => (type === "index" ? "int32" : type);

/** Lanes of a type in one register; bools are 32-bit masks. */
export const registerLanes = (type: ComputeType): number => (type === "float64" ? 2 : 4);

interface Typed {
  readonly type: ComputeType;
  readonly lanes: number;
}

/** Registers (or for a scalar, values) that hold an expression or a variable. */
export const registers = ({ type, lanes }: Typed): number => (lanes === 1 ? 1 : Math.ceil(lanes / registerLanes(type)));

/** Lanes in use in one of the registers. */
export const lanesIn = ({ type, lanes }: Typed, part: number): number =>
  Math.min(registerLanes(type), lanes - part * registerLanes(type));

export function valueType({ type, lanes }: Typed): ValueType {
  if (lanes > 1) return "v128";
  return type === "float32" ? "f32" : type === "float64" ? "f64" : "i32";
}

/** The bytes of a register with the given lanes; bools become masks. */
export function laneBytes(type: ComputeType, lanes: readonly number[]): readonly number[] {
  const view = new DataView(new ArrayBuffer(16));
  lanes.forEach((value, lane) => {
    if (type === "float32") view.setFloat32(4 * lane, value, true);
    else if (type === "float64") view.setFloat64(8 * lane, value, true);
    else view.setInt32(4 * lane, type === "bool" ? (value ? -1 : 0) : value, true);
  });
  return Array.from(new Uint8Array(view.buffer));
}
