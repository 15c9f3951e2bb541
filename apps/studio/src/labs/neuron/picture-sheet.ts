/** A canvas for pictures of bytes; the same one is filled again and again, for to make one takes long. */
export class PictureSheet {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D | null;
  #image: ImageData | undefined;

  /** One off the page if no canvas is given. */
  constructor(canvas = document.createElement("canvas")) {
    this.#canvas = canvas;
    // Pixels come from the processor: a canvas on the graphics card would fetch them each time.
    this.#context = canvas.getContext("2d", { willReadFrequently: true });
  }

  /** The canvas in a size, with what `fill` writes; undefined where the browser has no canvas. */
  filled(width: number, height: number, fill: (image: ImageData) => void): HTMLCanvasElement | undefined {
    if (!this.#context) return undefined;
    if (this.#image?.width !== width || this.#image.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
      this.#image = this.#context.createImageData(width, height);
    }
    fill(this.#image);
    this.#context.putImageData(this.#image, 0, 0);
    return this.#canvas;
  }
}

/** An empty canvas of a size in the page's pixels, whatever the screen's are. */
export function prepared(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const context = canvas.getContext("2d");
  if (!context) return null;
  const scale = devicePixelRatio;
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}
