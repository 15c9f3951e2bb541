import type { DType, TypedArray } from "../core/dtype.js";
import { formatShape, stridesOf, type Shape } from "../core/shape.js";

const edge = 3;
const summarizeAbove = 1000;

/** `tensor([1, 2, 3], float32[3])`: what a tensor is, and its values where they are at hand. */
export function formatTensor(shape: Shape, dtype: DType, data: TypedArray | undefined, note = ""): string {
  const type = `${dtype}${formatShape(shape)}${note}`;
  if (!data) return `tensor(${type})`;
  const strides = stridesOf(shape);
  const summarize = data.length > summarizeAbove;
  const lines = (axis: number, offset: number): string => {
    if (axis === shape.length) return formatNumber(data[offset] ?? NaN, dtype);
    const size = shape[axis] ?? 0;
    const parts: string[] = [];
    for (let i = 0; i < size; i++) {
      if (summarize && i === edge && size > 2 * edge) {
        parts.push("…");
        i = size - edge;
      }
      parts.push(lines(axis + 1, offset + i * (strides[axis] ?? 1)));
    }
    const depth = shape.length - axis;
    const separator = depth === 1 ? ", " : `,${"\n".repeat(depth - 1)}${" ".repeat("tensor(".length + axis + 1)}`;
    return `[${parts.join(separator)}]`;
  };
  return `tensor(${lines(0, 0)}, ${type})`;
}

function formatNumber(x: number, dtype: DType): string {
  if (dtype === "bool") return x ? "true" : "false";
  if (Number.isInteger(x) || !Number.isFinite(x)) return String(x);
  return String(Number(x.toPrecision(dtype === "float64" ? 8 : 5)));
}
