import { fileItemBytes, gatherStrided, type FileArray, type FileDType } from "./file-array.js";
import type { PickleObject } from "./pickle-value.js";

/** Memory that tensors share. */
export class TorchStorage implements PickleObject {
  readonly kind = "storage";
  readonly dtype: FileDType;
  readonly key: string;
  /** Elements. */
  readonly count: number;
  /** Set once the file's data have been read. */
  bytes: Uint8Array | undefined;

  constructor(dtype: FileDType, key: string, count: number) {
    this.dtype = dtype;
    this.key = key;
    this.count = count;
  }
}

/** A piece of a storage that a file treats as a storage of its own. */
export class StoragePart implements PickleObject {
  readonly kind = "storage";
  readonly storage: TorchStorage;
  readonly start: number;
  readonly count: number;

  constructor(storage: TorchStorage, start: number, count: number) {
    this.storage = storage;
    this.start = start;
    this.count = count;
  }
}

/** A tensor of a PyTorch file. */
export class TorchTensor implements PickleObject, FileArray {
  readonly kind = "tensor";
  readonly dtype: FileDType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  private readonly storage: TorchStorage;
  /** In elements of the tensor. */
  private readonly offset: number;
  private gathered: Uint8Array | undefined;

  constructor(part: StoragePart, dtype: FileDType, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = part.storage;
    this.dtype = dtype;
    this.shape = shape;
    this.strides = strides;
    this.offset = offset + (part.start * fileItemBytes(part.storage.dtype)) / fileItemBytes(dtype);
  }

  /** Row-major elements. */
  get data(): Uint8Array {
    this.gathered ??= gatherStrided(this.storage.bytes ?? new Uint8Array(), fileItemBytes(this.dtype), this.shape, this.strides, this.offset);
    return this.gathered;
  }
}
