import { useLayoutEffect, useRef } from "preact/hooks";
import { paletteOf, type PaletteName } from "./palette.js";
import { colourVersion } from "./theme.js";

export interface HeatMapsProps {
  /** What is seen, for those who do not; empty where a text beside the pictures says it. */
  readonly label: string;
  /** `count` pictures of height × width numbers, row by row. */
  readonly values: ArrayLike<number>;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** Pictures beside each other; all if not given. */
  readonly columns?: number;
  readonly palette: PaletteName;
  /** The number at the end of the palette; the largest size of all numbers if not given. */
  readonly limit?: number;
  /** Whether each picture has a scale of its own. */
  readonly each?: boolean;
  /** The side of a number in CSS pixels. */
  readonly zoom: number;
}

/** Canvas pixels of a number, and between two pictures: single numbers stand closer together than their own size. */
const grainOf = (height: number, width: number) => (height * width === 1 ? { side: 8, gap: 2 } : { side: 1, gap: 1 });

/** Numbers as pictures beside each other on one canvas. */
export function HeatMaps({ label, values, count, height, width, columns = count, palette, limit, each = false, zoom }: HeatMapsProps) {
  const place = useRef<HTMLCanvasElement>(null);
  const version = colourVersion.value;
  const rows = Math.ceil(count / columns);
  const { side, gap } = grainOf(height, width);
  const across = columns * (width * side + gap) - gap;
  const down = rows * (height * side + gap) - gap;
  useLayoutEffect(() => {
    const canvas = place.current;
    const context = canvas?.getContext("2d");
    if (!canvas || !context || across < 1 || down < 1) return;
    if (canvas.width !== across) canvas.width = across;
    if (canvas.height !== down) canvas.height = down;
    const image = context.createImageData(across, down);
    const pixels = new Uint32Array(image.data.buffer);
    const colours = paletteOf(palette);
    const area = height * width;
    const whole = limit ?? sizeOf(values, 0, count * area);
    for (let k = 0; k < count; k++) {
      const most = (each ? sizeOf(values, k * area, area) : whole) || 1;
      const left = (k % columns) * (width * side + gap);
      const top = Math.floor(k / columns) * (height * side + gap);
      for (let row = 0; row < height * side; row++) {
        for (let column = 0; column < width * side; column++) {
          const share = (values[k * area + Math.floor(row / side) * width + Math.floor(column / side)] ?? 0) / most;
          const at = palette === "signed" ? 127.5 * (share + 1) : 255 * share;
          pixels[(top + row) * across + left + column] = colours[Math.min(255, Math.max(0, Math.round(at)))] ?? 0;
        }
      }
    }
    context.putImageData(image, 0, 0);
  }, [values, palette, limit, each, across, down, count, columns, version]);
  const spoken = label === "" ? { "aria-hidden": true } : { role: "img" as const, "aria-label": label };
  return <canvas ref={place} class="heat-maps" {...spoken} style={{ width: `${(across * zoom) / side}px`, aspectRatio: `${across} / ${down}` }} />;
}

function sizeOf(values: ArrayLike<number>, from: number, count: number): number {
  let most = 0;
  for (let i = from; i < from + count; i++) most = Math.max(most, Math.abs(values[i] ?? 0));
  return most;
}
