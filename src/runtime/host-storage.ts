import type { DeviceTag, Storage, Value } from "../ir/graph.js";
import { input, type TensorType } from "../ir/graph.js";

const host: DeviceTag = { name: "host" };

/** A few bytes in JavaScript's own memory (random state), copied to whichever device computes with them. */
export class HostStorage implements Storage {
  readonly device = host;
  readonly data: Uint8Array;

  constructor(data: Uint8Array) {
    this.data = data;
  }

  get bytes(): number {
    return this.data.byteLength;
  }
}

/** A leaf over host memory; it is tied to no device. */
export function hostLeaf(type: TensorType, data: Uint8Array): Value {
  const value = input(type);
  value.storage = new HostStorage(data);
  return value;
}
