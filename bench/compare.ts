import { readFileSync, writeFileSync } from "node:fs";
import { decodeSafetensors, encodeSafetensors, type SafetensorsTensor, type TypedArray } from "../src/node.js";
import type { Named } from "./case.js";

/** Elements by name. */
export type Values = Readonly<Record<string, TypedArray>>;

/** Largest relative differences that count as agreement: results differ by rounding, states after several steps by more. */
const tolerance = { result: 1e-3, change: 5e-2 };

/** Writes tensors as a safetensors file; their elements are returned. */
export async function writeTensors(path: string, tensors: Named): Promise<Values> {
  const values: Record<string, TypedArray> = {};
  const entries = new Map<string, SafetensorsTensor>();
  for (const [name, tensor] of Object.entries(tensors)) {
    const data = await tensor.data();
    values[name] = data;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    entries.set(name, { dtype: tensor.dtype === "int32" ? "I32" : "F32", shape: tensor.shape, data: bytes });
  }
  writeFileSync(path, encodeSafetensors(entries));
  return values;
}

/** Reads a file of float32 tensors. */
export function readTensors(path: string): Values {
  const { tensors } = decodeSafetensors(new Uint8Array(readFileSync(path)));
  return Object.fromEntries([...tensors].map(([name, { data }]) => [name, new Float32Array(data.slice().buffer)]));
}

/**
 * Throws where results disagree: those whose first value was given by how they changed, all together, the others each by
 * ‖ours − theirs‖ / ‖theirs‖.
 */
export function requireAgreement(ours: Values, theirs: Values, given: Values): void {
  let changed = 0;
  let apart = 0;
  for (const [name, expected] of Object.entries(theirs)) {
    const own = ours[name];
    if (own?.length !== expected.length) throw new Error(`"${name}" has ${own?.length ?? "no"} elements, and the peer's has ${expected.length}`);
    const before = given[name];
    const difference = squaredDistance(own, expected);
    const size = squaredDistance(expected, before);
    if (before) {
      changed += size;
      apart += difference;
    } else {
      check(name, difference, size, tolerance.result);
    }
  }
  if (changed > 0) check("the state after the check's steps", apart, changed, tolerance.change);
}

function check(name: string, difference: number, size: number, limit: number): void {
  const relative = Math.sqrt(difference / size);
  if (!(relative <= limit)) throw new Error(`"${name}" differs from the peer's by ${relative.toExponential(1)} of its size (limit ${limit})`);
}

function squaredDistance(a: TypedArray, b: TypedArray | undefined): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? NaN) - (b ? (b[i] ?? NaN) : 0)) ** 2;
  return sum;
}
