import { ArgumentError, DTypeError, ShapeError } from "../core/errors.js";
import { formatShape, sameShape } from "../core/shape.js";
import { apply, type Op, type ScanLoop, type TensorType, type Value } from "../ir/graph.js";
import { constant } from "./constant.js";
import { at, range } from "./indexing.js";
import { batchScan } from "./scan-batching.js";
import { scanVjp } from "./scan-gradient.js";
import { computedAtOnce } from "./scan-slices.js";

function describe({ shape, dtype }: TensorType): string {
  return `${dtype}${formatShape(shape)}`;
}

function checkSame(what: string, given: TensorType, expected: TensorType): void {
  if (given.dtype !== expected.dtype) throw new DTypeError(`[scan] ${what} is ${describe(given)}, expected ${describe(expected)}`);
  if (!sameShape(given.shape, expected.shape)) throw new ShapeError(`[scan] ${what} is ${describe(given)}, expected ${describe(expected)}`);
}

/** The type of `length` slices one after the other. */
function stackedType({ shape, dtype }: TensorType, length: number): TensorType {
  return { shape: [length, ...shape], dtype };
}

export const scanOp: Op<ScanLoop> = {
  name: "scan",
  infer: (inputs, { body, consts, carries, length }) => {
    if (!Number.isInteger(length) || length < 1) throw new ArgumentError(`[scan] length ${length} must be a whole number of 1 or more`);
    if (inputs.length !== body.inputs.length || body.inputs.length < consts + carries || body.outputs.length < carries) {
      throw new ArgumentError(`[scan] a body of ${body.inputs.length} inputs and ${body.outputs.length} outputs was given ${inputs.length} inputs, ${consts} of them constants, and ${carries} carries`);
    }
    body.inputs.forEach((type, k) => {
      checkSame(`input ${k}`, at(inputs, k), k < consts + carries ? type : stackedType(type, length));
    });
    for (const k of range(carries)) checkSame(`the next carry ${k}`, at(body.outputs, k), at(body.inputs, consts + k));
    return body.outputs.map((type, k) => (k < carries ? { shape: type.shape, dtype: type.dtype } : stackedType(type, length)));
  },
  vjp: scanVjp,
  batch: (examples) => batchScan(examples, scan),
  lower: { kind: "scan", loop: (attrs) => attrs },
};

/**
 * Runs `body` for each of `length` steps: from `consts` values that stay the same, `carries` values that each step passes to the
 * next, and slices of stacked inputs, it computes the next carries and slices of stacked outputs. Gives the last carries
 * and the stacked outputs; for no steps, the first carries and nothing stacked. Throws ShapeError, DTypeError, ArgumentError.
 */
export function scan(inputs: readonly Value[], loop: ScanLoop): readonly Value[] {
  const { body, consts, carries, length } = loop;
  if (length === 0) return body.outputs.map((type, k) => (k < carries ? at(inputs, consts + k) : constant(0, type.dtype, [0, ...type.shape])));
  scanOp.infer(inputs, loop);
  const rest = computedAtOnce(inputs, loop);
  const results = rest.loop.body.outputs.length > 0 ? apply(scanOp, rest.inputs, rest.loop) : [];
  return rest.outputs.map((found) => (typeof found === "number" ? at(results, found) : found));
}
