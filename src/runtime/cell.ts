import { DeviceError, DisposedError, DTypeError, ShapeError } from "../core/errors.js";
import { formatShape, sameShape, type Shape } from "../core/shape.js";
import type { DType } from "../core/dtype.js";
import { input, Node, Value, type DeviceTag, type Storage, type TensorType } from "../ir/graph.js";
import { constant, stopGradient } from "../ops/index.js";
import type { Backend } from "./backend.js";
import { backendOf } from "./devices.js";
import { HostStorage } from "./host-storage.js";
import { modeChanged } from "./modes.js";

/** What a running trace wants to know of mutable state and random numbers. */
export interface StateTrace {
  draw(generator: RandomStream): Value;
  readCell(cell: Cell): Value;
  assignCell(cell: Cell, value: Value): void;
  readGradient(slot: GradSlot): Value | null;
  writeGradient(slot: GradSlot, value: Value | null): void;
}

/** A counted stream of draws. */
export interface RandomStream {
  counter: number;
  bytesAt(counter: number): Uint8Array;
}

/** The trace that is running, if one is. */
export const tracing: { current: StateTrace | undefined } = { current: undefined };

/** Cells whose newest version has yet to be computed. */
export const pendingCells = new Set<Cell>();

/** First versions of cells that recorded graphs use and that have yet to be computed. */
export const initialVersions = new Set<Value>();

const slots = new WeakMap<Value, GradSlot>();

/** Where the gradient of a leaf accumulates, if it is wanted. */
export function gradSlotOf(value: Value): GradSlot | undefined {
  return slots.get(value);
}

/** Makes `backward` accumulate the gradient of a leaf into a slot. */
export function attachGradSlot(value: Value, slot: GradSlot): void {
  value.requiresGrad = true;
  slots.set(value, slot);
}

/** A leaf over memory that exists. */
export function storedLeaf(type: TensorType, storage: Storage, device: DeviceTag | undefined): Value {
  const value = input(type, device);
  value.storage = storage;
  return value;
}

/** The same value without history, bound to a device. */
export function tie(value: Value, device: Backend): Value {
  if (value.device && value.device !== device) {
    throw new DeviceError(`[device] the value is on ${value.device.name}, not on ${device.name}: move it with .to("${device.name}")`);
  }
  const [tied] = new Node(identityOp, [value], {}, [value], device).outputs;
  if (!tied) throw new TypeError("stopGradient has one output");
  return tied;
}

const identityOp = stopGradient(constant(0, "float32", [])).node.op;
let nextCellId = 0;

export interface CellOptions {
  readonly requiresGrad?: boolean | undefined;
  readonly device?: Backend | undefined;
}

/**
 * Mutable state: a parameter, a buffer, a moment, a gradient. It holds one immutable version at a time; assigning puts
 * another in its place, which is computed with the next evaluation of its device.
 */
export class Cell implements TensorType {
  readonly id = nextCellId++;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly slot = new GradSlot();
  /** Whether a recorded graph or a handle may have seen the memory of this version: then it is not overwritten. */
  shared = false;
  #device: Backend | undefined;
  #requiresGrad: boolean;
  /** The version as a leaf of recorded graphs, made when it is first read. */
  #leaf: Value | undefined;
  /** The version as it was assigned, until it is computed. */
  #source: Value | undefined;
  #storage: Storage | undefined;
  #isInitial = true;

  /** A value makes the first version; a type alone leaves the cell empty until it is assigned. */
  constructor(initial: Value | TensorType, { requiresGrad = false, device }: CellOptions = {}) {
    this.shape = initial.shape;
    this.dtype = initial.dtype;
    this.#requiresGrad = requiresGrad;
    this.#device = device ?? (initial instanceof Value && initial.device ? backendOf(initial.device) : undefined);
    if (!(initial instanceof Value)) return;
    if (tracing.current) tracing.current.assignCell(this, initial);
    else this.#take(initial);
  }

  get device(): Backend {
    this.#device ??= backendOf(undefined);
    return this.#device;
  }

  get requiresGrad(): boolean {
    return this.#requiresGrad;
  }

  set requiresGrad(on: boolean) {
    if (on === this.#requiresGrad) return;
    this.#requiresGrad = on;
    this.#storage ??= this.#leaf?.storage;
    if (this.#storage) this.#leaf = undefined;
    else if (this.#leaf) this.#leaf = this.#present(this.#leaf);
    modeChanged();
  }

  /** The memory of the current version; undefined while it has yet to be computed. */
  get storage(): Storage | undefined {
    return this.#storage;
  }

  /** What an evaluation has to compute for this cell, if anything. */
  get pending(): Value | undefined {
    return this.#storage ? undefined : (this.#leaf ?? this.#source);
  }

  /** The current version as a leaf of a graph. */
  read(): Value {
    if (tracing.current) return tracing.current.readCell(this);
    this.shared = true;
    if (this.#leaf) return this.#leaf;
    if (this.#storage) {
      this.#leaf = storedLeaf(this, this.#storage, this.device);
      if (this.#requiresGrad) attachGradSlot(this.#leaf, this.slot);
    } else {
      if (!this.#source) throw new DisposedError("[read] this state was disposed or never given a value: assign one first");
      this.#leaf = this.#present(this.#source);
      if (this.#isInitial) initialVersions.add(this.#leaf);
      pendingCells.add(this);
    }
    return this.#leaf;
  }

  /** Puts another version in place; its history is cut. Throws ShapeError, DTypeError and DeviceError where it does not fit. */
  assign(value: Value): void {
    if (!sameShape(value.shape, this.shape)) {
      throw new ShapeError(`[assign] ${formatShape(value.shape)} does not fit state of shape ${formatShape(this.shape)}`);
    }
    if (value.dtype !== this.dtype) {
      throw new DTypeError(`[assign] ${value.dtype} does not fit state of ${this.dtype}: convert it with .astype("${this.dtype}")`);
    }
    if (value.device && value.device !== this.device) {
      throw new DeviceError(`[assign] the value is on ${value.device.name}, the state on ${this.device.name}: move it with .to("${this.device.name}")`);
    }
    if (tracing.current) {
      tracing.current.assignCell(this, value);
      return;
    }
    this.#isInitial = false;
    this.#take(value);
    if (!this.#storage) pendingCells.add(this);
  }

  /** Asks for the newest version to be computed with the next evaluation. */
  request(): void {
    if (this.#storage) return;
    if (!this.pending) throw new DisposedError("[read] this state was disposed or never given a value: assign one first");
    pendingCells.add(this);
  }

  /** Takes the memory of the version that an evaluation has computed. */
  settle(): void {
    const computed = this.pending?.storage;
    if (!computed) return;
    this.#storage = computed;
    this.#source = undefined;
    this.shared = true;
    pendingCells.delete(this);
  }

  /** Takes memory that a compiled call has written and nobody else knows. */
  commit(storage: Storage, shared: boolean): void {
    this.#storage = storage;
    this.#leaf = undefined;
    this.#source = undefined;
    this.shared = shared;
    pendingCells.delete(this);
  }

  /** Forgets the version and its memory. */
  clear(): void {
    this.#storage = undefined;
    this.#leaf = undefined;
    this.#source = undefined;
    pendingCells.delete(this);
  }

  /** Moves to another device before anything was computed; false if it is too late for that. */
  moveUncomputed(device: Backend): boolean {
    if (this.#storage || this.#leaf || this.#source?.device) return false;
    this.#device = device;
    return true;
  }

  /** Takes a version that lives on another device. */
  moveTo(device: Backend, value: Value): void {
    this.#device = device;
    this.#take(value);
    modeChanged();
  }

  #take(value: Value): void {
    pendingCells.delete(this);
    this.#leaf = undefined;
    this.shared = true;
    const { storage } = value;
    this.#storage = storage instanceof HostStorage ? this.device.upload(storage.data) : storage;
    this.#source = storage ? undefined : value;
  }

  /** A leaf of recorded graphs that will have the memory of `source`. */
  #present(source: Value): Value {
    const leaf = tie(source, this.device);
    if (this.#requiresGrad) attachGradSlot(leaf, this.slot);
    return leaf;
  }
}

/** The gradient of one leaf: absent, or a cell. */
export class GradSlot {
  #cell: Cell | undefined;
  #exists = false;

  /** Whether there is a gradient. A mode that traces are guarded by. */
  get exists(): boolean {
    return this.#exists;
  }

  /** The cell that holds the gradient, if there is one. */
  get current(): Cell | undefined {
    return this.#exists ? this.#cell : undefined;
  }

  /** The cell for a gradient of this type. */
  cell(type: TensorType, device: Backend): Cell {
    if (this.#cell?.device !== device) this.#cell = new Cell({ shape: type.shape, dtype: type.dtype }, { device });
    return this.#cell;
  }

  get(): Value | null {
    if (tracing.current) return tracing.current.readGradient(this);
    return this.current?.read() ?? null;
  }

  set(value: Value | null): void {
    if (tracing.current) {
      tracing.current.writeGradient(this, value);
      return;
    }
    if (value) this.cell(value, backendOf(value.device)).assign(value);
    else this.#cell?.clear();
    this.mark(value !== null);
  }

  /** Says whether there is a gradient now. */
  mark(exists: boolean): void {
    if (!exists) this.#cell?.clear();
    if (exists === this.#exists) return;
    this.#exists = exists;
    modeChanged();
  }
}
