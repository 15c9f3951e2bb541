import { pixelShuffle, pixelUnshuffle, type Tensor } from "../tensor/index.js";
import { Module } from "./module.js";
import { requireSizes } from "./require-sizes.js";

/** [..., C·r², H, W] to [..., C, H·r, W·r]: each pixel's r² channels become a square. Shi et al. 2016. */
export class PixelShuffle extends Module<Tensor, Tensor> {
  readonly upscaleFactor: number;

  /** Throws ArgumentError for a factor that is no whole number above 0. */
  constructor(upscaleFactor: number) {
    super();
    requireSizes("PixelShuffle", { upscaleFactor });
    this.upscaleFactor = upscaleFactor;
  }

  /** Throws ShapeError where the channels are no multiple of r². */
  forward(x: Tensor): Tensor {
    return pixelShuffle(x, this.upscaleFactor);
  }

  override describe(): string {
    return `upscaleFactor: ${this.upscaleFactor}`;
  }
}

/** [..., C, H·r, W·r] to [..., C·r², H, W], the inverse of PixelShuffle. */
export class PixelUnshuffle extends Module<Tensor, Tensor> {
  readonly downscaleFactor: number;

  /** Throws ArgumentError for a factor that is no whole number above 0. */
  constructor(downscaleFactor: number) {
    super();
    requireSizes("PixelUnshuffle", { downscaleFactor });
    this.downscaleFactor = downscaleFactor;
  }

  /** Throws ShapeError where height or width is no multiple of r. */
  forward(x: Tensor): Tensor {
    return pixelUnshuffle(x, this.downscaleFactor);
  }

  override describe(): string {
    return `downscaleFactor: ${this.downscaleFactor}`;
  }
}
