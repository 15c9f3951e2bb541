import { ArgumentError } from "../core/errors.js";
import type { PadMode } from "../tensor/composite/padding.js";
import { pad, type Tensor } from "../tensor/index.js";
import { Module } from "./module.js";

/** How far to pad every side, or PyTorch's order: [left, right], [left, right, top, bottom], […, front, back]. */
export type Padding = number | readonly number[];

/** A layer that widens the last `spatial` axes. */
abstract class Pad extends Module<Tensor, Tensor> {
  readonly mode: PadMode;
  readonly value: number;
  /** [before, after] for each axis, the last axis last. */
  readonly widths: readonly (readonly [number, number])[];

  constructor(spatial: number, padding: Padding, mode: PadMode, value = 0) {
    super();
    const flat = typeof padding === "number" ? new Array<number>(2 * spatial).fill(padding) : padding;
    if (flat.length !== 2 * spatial) {
      throw new ArgumentError(
        `[${new.target.name}] padding ${JSON.stringify(padding)} must be a number, or ${2 * spatial} numbers, two for ` +
          "each axis from the last to the first",
      );
    }
    this.mode = mode;
    this.value = value;
    this.widths = Array.from({ length: spatial }, (_, i): [number, number] => {
      const at = 2 * (spatial - 1 - i);
      return [flat[at] ?? 0, flat[at + 1] ?? 0];
    });
  }

  /** Throws ShapeError for a border that cannot be filled from the input. */
  forward(x: Tensor): Tensor {
    return pad(x, this.widths, { mode: this.mode, value: this.value });
  }

  override describe(): string {
    const widths = [...this.widths].reverse().flat().join(", ");
    return `[${widths}]${this.mode === "constant" ? `, value: ${this.value}` : ""}`;
  }
}

/** Zeros around the last axis. */
export class ZeroPad1d extends Pad {
  /** Throws ArgumentError. */
  constructor(padding: Padding) {
    super(1, padding, "constant");
  }
}

/** Zeros around the last two axes. */
export class ZeroPad2d extends Pad {
  /** Throws ArgumentError. */
  constructor(padding: Padding) {
    super(2, padding, "constant");
  }
}

/** Zeros around the last three axes. */
export class ZeroPad3d extends Pad {
  /** Throws ArgumentError. */
  constructor(padding: Padding) {
    super(3, padding, "constant");
  }
}

/** The mirror image, without the edge, around the last axis. */
export class ReflectionPad1d extends Pad {
  /** Throws ArgumentError. */
  constructor(padding: Padding) {
    super(1, padding, "reflect");
  }
}

/** The mirror image, without the edge, around the last two axes. */
export class ReflectionPad2d extends Pad {
  /** Throws ArgumentError. */
  constructor(padding: Padding) {
    super(2, padding, "reflect");
  }
}

/** The mirror image, without the edge, around the last three axes. */
export class ReflectionPad3d extends Pad {
  /** Throws ArgumentError. */
  constructor(padding: Padding) {
    super(3, padding, "reflect");
  }
}

/** The edge, repeated, around the last axis. */
export class ReplicationPad1d extends Pad {
  /** Throws ArgumentError. */
  constructor(padding: Padding) {
    super(1, padding, "replicate");
  }
}

/** The edge, repeated, around the last two axes. */
export class ReplicationPad2d extends Pad {
  /** Throws ArgumentError. */
  constructor(padding: Padding) {
    super(2, padding, "replicate");
  }
}

/** The edge, repeated, around the last three axes. */
export class ReplicationPad3d extends Pad {
  /** Throws ArgumentError. */
  constructor(padding: Padding) {
    super(3, padding, "replicate");
  }
}

/** The other end around the last axis. */
export class CircularPad1d extends Pad {
  /** Throws ArgumentError. */
  constructor(padding: Padding) {
    super(1, padding, "circular");
  }
}

/** The other end around the last two axes. */
export class CircularPad2d extends Pad {
  /** Throws ArgumentError. */
  constructor(padding: Padding) {
    super(2, padding, "circular");
  }
}

/** The other end around the last three axes. */
export class CircularPad3d extends Pad {
  /** Throws ArgumentError. */
  constructor(padding: Padding) {
    super(3, padding, "circular");
  }
}

/** A number around the last axis. */
export class ConstantPad1d extends Pad {
  /** Throws ArgumentError. */
  constructor(padding: Padding, value: number) {
    super(1, padding, "constant", value);
  }
}

/** A number around the last two axes. */
export class ConstantPad2d extends Pad {
  /** Throws ArgumentError. */
  constructor(padding: Padding, value: number) {
    super(2, padding, "constant", value);
  }
}

/** A number around the last three axes. */
export class ConstantPad3d extends Pad {
  /** Throws ArgumentError. */
  constructor(padding: Padding, value: number) {
    super(3, padding, "constant", value);
  }
}
