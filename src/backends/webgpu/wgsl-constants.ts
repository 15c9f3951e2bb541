import type { ComputeType } from "../../ir/loop.js";
import { unknownFloat } from "./wgsl-arithmetic.js";
import { fromBits, scalarType } from "./wgsl-prelude.js";

const bits = new DataView(new ArrayBuffer(4));

/** A scalar constant. Numbers that decimal digits may not keep, and those that WGSL does not let a constant be, are given by their bits. */
export function constantText(value: number, type: ComputeType): string {
  switch (type) {
    case "float32": {
      bits.setFloat32(0, value);
      const hex = `0x${bits.getUint32(0).toString(16)}u`;
      if (!Number.isFinite(value)) return unknownFloat(hex);
      if (Object.is(value, -0) || (value !== 0 && Math.abs(value) < 2 ** -126)) return fromBits(hex);
      const text = String(value);
      return value < 0 ? `(${text}f)` : `${text}f`;
    }
    case "uint32":
      return `${value}u`;
    case "bool":
      return value ? "true" : "false";
    default:
      scalarType(type);
      if (value === -(2 ** 31)) return "i32(-2147483648)";
      return value < 0 ? `(${value}i)` : `${value}i`;
  }
}
