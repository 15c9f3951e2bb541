import { fitImage, StrokeCanvas, type FittedImage, type ImageFit } from "gradus/data";

/** A stroke of the pen: x0, y0, x1, y1, … as shares of the drawing's side, y downwards. */
export type Stroke = readonly number[];

/** Pixels of the side on which strokes are drawn before they are fitted. */
const side = 112;

/** The pen's radius as a share of the side: a digit of usual size gets strokes as wide as those of the training images. */
export const penRadius = 0.042;

/**
 * A drawing as the network was trained to see digits: cropped, 20 of 28 pixels large, its centre of mass in the middle. Undefined
 * where nothing is drawn.
 */
export function prepareDrawing(strokes: readonly Stroke[], { height, width }: { readonly height: number; readonly width: number }, fit: ImageFit = "handwriting"): FittedImage | undefined {
  const canvas = new StrokeCanvas(side);
  const radius = penRadius * side;
  for (const stroke of strokes) {
    for (let k = 0; k < stroke.length; k += 2) {
      const [x, y] = place(stroke, k);
      const [fromX, fromY] = place(stroke, Math.max(0, k - 2));
      canvas.line(fromX, fromY, x, y, radius);
    }
  }
  if (canvas.ink.every((ink) => ink === 0)) return undefined;
  const pixels = Uint8Array.from(canvas.ink, (ink) => Math.round(255 * ink));
  return fitImage({ width: side, height: side, channels: 1, pixels }, { height, width, channels: 1 }, fit);
}

function place(stroke: Stroke, k: number): readonly [x: number, y: number] {
  return [(stroke[k] ?? 0) * side, (stroke[k + 1] ?? 0) * side];
}
