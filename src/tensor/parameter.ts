import { GradientError } from "../core/errors.js";
import { isFloat } from "../core/dtype.js";
import { constant } from "../ops/index.js";
import { Cell } from "../runtime/cell.js";
import { resolveDevice, type Backend } from "../runtime/devices.js";
import { Tensor } from "./tensor.js";

export interface StateOptions {
  /** Whether gradients are wanted. */
  readonly requiresGrad?: boolean | undefined;
  /** Where it lives; the device of the initial value, or the default one. */
  readonly device?: Backend | string | undefined;
}

function cellOf(initial: Tensor, requiresGrad: boolean, device: Backend | string | undefined): Cell {
  if (requiresGrad && !isFloat(initial.dtype)) {
    throw new GradientError(`[parameter] ${initial.dtype} has no gradient: make it float, or pass { requiresGrad: false }`);
  }
  const value = initial.valueFor("parameter");
  value.holders++;
  return new Cell(value, { requiresGrad, device: device === undefined ? undefined : resolveDevice(device) });
}

/**
 * A tensor whose value can be replaced: the state of a model or optimizer. Its first value may be an unread computation
 * (random weights): it is computed at first use. Compiled functions read and write it without being told.
 */
export class StateTensor extends Tensor {
  /** The cell that holds the value. */
  readonly state: Cell;

  constructor(initial: Tensor, requiresGrad: boolean, device: Backend | string | undefined) {
    const cell = cellOf(initial, requiresGrad, device);
    super(cell);
    this.state = cell;
  }

  /**
   * Replaces the value; the new one's history is cut. Throws ShapeError, DTypeError and DeviceError where it does not fit.
   */
  assign(value: Tensor | number): void {
    const next = typeof value === "number" ? constant(value, this.dtype, this.shape) : value.valueFor("assign");
    next.holders++;
    this.state.assign(next);
  }

  /** Moves the state to another device; a gradient is dropped. Throws DeviceError where this device cannot be read without waiting. */
  moveTo(target: Backend | string): void {
    const device = resolveDevice(target);
    if (device === this.device || this.state.moveUncomputed(device)) return;
    const moved = this.detach().to(device).valueFor("moveTo");
    moved.holders++;
    this.state.slot.set(null);
    this.state.moveTo(device, moved);
  }
}

/** A trainable tensor of a model. */
export class Parameter extends StateTensor {
  /** Begins with the value of a tensor. Throws GradientError for a dtype that has no gradient. */
  constructor(initial: Tensor, { requiresGrad = true, device }: StateOptions = {}) {
    super(initial, requiresGrad, device);
  }
}

/** A tensor of a model or optimizer that is kept and saved, but not trained. */
export class Buffer extends StateTensor {
  /** Begins with the value of a tensor. */
  constructor(initial: Tensor, { requiresGrad = false, device }: StateOptions = {}) {
    super(initial, requiresGrad, device);
  }
}
