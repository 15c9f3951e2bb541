import { isFloat, typedView } from "../core/dtype.js";
import { DeviceError, NonFiniteError } from "../core/errors.js";
import { formatShape, sizeOf } from "../core/shape.js";
import { isLeaf, topologicalOrder, type Value } from "../ir/graph.js";
import type { Backend } from "./backend.js";
import { HostStorage } from "./host-storage.js";

/**
 * Computes what `targets` need one operator at a time. Throws NonFiniteError naming the first operator whose inputs are
 * finite and whose result is not.
 */
export function checkEachNode(targets: readonly Value[], device: Backend, compute: (value: Value) => void): void {
  const finite = new Map<Value, boolean>();
  const isFinite = (value: Value): boolean => {
    let known = finite.get(value);
    if (known === undefined) finite.set(value, (known = allFinite(value, device)));
    return known;
  };
  for (const node of topologicalOrder(targets, (value) => value.storage !== undefined)) {
    for (const output of node.outputs) {
      if (output.storage || isLeaf(output)) continue;
      compute(output);
      if (node.inputs.length === 0 || isFinite(output) || !node.inputs.every(isFinite)) continue;
      const inputs = node.inputs.map((input) => `${input.dtype}${formatShape(input.shape)}`).join(", ");
      throw new NonFiniteError(
        `[${node.op.name}] is the first operation whose result is not finite: its inputs (${inputs}) are, its ${output.dtype}${formatShape(output.shape)} output holds NaN or Infinity`,
      );
    }
  }
}

function allFinite(value: Value, device: Backend): boolean {
  const { storage } = value;
  if (!storage || !isFloat(value.dtype) || storage instanceof HostStorage) return true;
  if (!device.readSync) throw new DeviceError(`[detectAnomaly] ${device.name} cannot be read without waiting: use another device to look for the operation`);
  const bytes = device.readSync(storage);
  const data = typedView(value.dtype, bytes.buffer, bytes.byteOffset, sizeOf(value.shape));
  const mask = value.dtype === "float16" ? 0x7c00 : value.dtype === "bfloat16" ? 0x7f80 : undefined;
  for (const x of data) if (mask === undefined ? !Number.isFinite(x) : (x & mask) === mask) return false;
  return true;
}
