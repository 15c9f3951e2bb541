import { ArgumentError, ShapeError } from "../../core/errors.js";
import { formatShape } from "../../core/shape.js";
import type { Value } from "../../ir/graph.js";
import { permute, reshape } from "./movement.js";

function planeOf(op: string, x: Value, factor: number) {
  if (!Number.isInteger(factor) || factor < 1)
    throw new ArgumentError(`[${op}] factor ${factor} must be a whole number above 0`);
  if (x.shape.length < 3) throw new ShapeError(`[${op}] input ${formatShape(x.shape)} must be [..., C, H, W]`);
  const [channels = 0, height = 0, width = 0] = x.shape.slice(-3);
  return { lead: x.shape.slice(0, -3), channels, height, width };
}

/** The axes after those of `lead`, in another order. */
function reordered(x: Value, lead: number, order: readonly number[]): Value {
  return permute(x, [...Array.from({ length: lead }, (_, i) => i), ...order.map((axis) => axis + lead)]);
}

/**
 * [..., C·r², H, W] to [..., C, H·r, W·r]: each pixel's r² channels become a square. Shi et al. 2016. Throws ShapeError
 * where r² does not divide the channels, ArgumentError.
 */
export function pixelShuffle(x: Value, r: number): Value {
  const { lead, channels, height, width } = planeOf("pixelShuffle", x, r);
  if (channels % (r * r) !== 0) {
    throw new ShapeError(
      `[pixelShuffle] the ${channels} channels of ${formatShape(x.shape)} cannot be cut into groups of ${r * r}`,
    );
  }
  const split = reshape(x, [...lead, channels / (r * r), r, r, height, width]);
  return reshape(reordered(split, lead.length, [0, 3, 1, 4, 2]), [...lead, channels / (r * r), height * r, width * r]);
}

/**
 * [..., C, H·r, W·r] to [..., C·r², H, W], the inverse of `pixelShuffle`. Throws ShapeError where r does not divide
 * height and width, ArgumentError.
 */
export function pixelUnshuffle(x: Value, r: number): Value {
  const { lead, channels, height, width } = planeOf("pixelUnshuffle", x, r);
  if (height % r !== 0 || width % r !== 0)
    throw new ShapeError(`[pixelUnshuffle] height and width of ${formatShape(x.shape)} cannot be divided by ${r}`);
  const split = reshape(x, [...lead, channels, height / r, r, width / r, r]);
  return reshape(reordered(split, lead.length, [0, 2, 4, 1, 3]), [...lead, channels * r * r, height / r, width / r]);
}
