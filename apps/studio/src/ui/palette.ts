import { colourOf, colourVersion } from "./theme.js";

/** Colours of numbers: `signed` from −1 through 0 to 1, `heat` from 0 to 1, `ink` for what is drawn. */
export type PaletteName = "signed" | "heat" | "ink";

const stops: Readonly<Record<PaletteName, readonly string[]>> = {
  signed: ["--warm", "--picture", "--cool"],
  heat: ["--picture", "--accent", "--bright"],
  ink: ["--picture", "--text"],
};

let made = -1;
const palettes = new Map<PaletteName, Uint32Array>();

/** 256 colours as pixels of an ImageData, from the design tokens as they are now. */
export function paletteOf(name: PaletteName): Uint32Array {
  if (made !== colourVersion.peek()) palettes.clear();
  made = colourVersion.peek();
  const known = palettes.get(name);
  if (known) return known;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [256, 1];
  const context = canvas.getContext("2d");
  const palette = new Uint32Array(256);
  if (!context) return palette;
  const gradient = context.createLinearGradient(0.5, 0, 255.5, 0);
  const tokens = stops[name];
  tokens.forEach((token, i) => gradient.addColorStop(i / (tokens.length - 1), colourOf(token)));
  context.fillStyle = gradient;
  context.fillRect(0, 0, 256, 1);
  palette.set(new Uint32Array(context.getImageData(0, 0, 256, 1).data.buffer));
  palettes.set(name, palette);
  return palette;
}
