/** Shades of one image, from 0 for dark to 255, row-major. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly shades: ArrayLike<number>;
}

const plainShades = " .:-=+*#%@";

/** The picture as lines of `width` characters for two of its rows each: half blocks in greys, or plain characters without colour. */
export function drawImage({ width, height, shades }: Picture, colour: boolean): string[] {
  const at = (x: number, y: number): number => shades[y * width + x] ?? 0;
  return Array.from({ length: Math.ceil(height / 2) }, (_, row) => {
    const cells = Array.from({ length: width }, (_, x) => [at(x, 2 * row), at(x, 2 * row + 1)] as const);
    if (!colour) return cells.map(([upper, lower]) => plainShades[Math.floor(((upper + lower) / 2 / 256) * plainShades.length)] ?? " ").join("");
    return `${cells.map(([upper, lower]) => `\x1b[38;5;${greyOf(upper)};48;5;${greyOf(lower)}m▀`).join("")}\x1b[0m`;
  });
}

/** The nearest of the 24 greys that terminals with 256 colours have. */
function greyOf(shade: number): number {
  return 232 + Math.min(23, Math.floor((shade / 256) * 24));
}

/** Pictures side by side, as many as fit into the columns, each under its title. */
export function drawImages(pictures: readonly (Picture & { readonly title: string })[], columns: number, colour: boolean): string[] {
  const lines: string[] = [];
  for (let first = 0, count = 1; first < pictures.length; first += count) {
    const width = Math.max(...pictures.slice(first).map((picture) => picture.width), 1) + 2;
    count = Math.max(1, Math.floor((columns + 2) / width));
    const row = pictures.slice(first, first + count);
    if (first > 0) lines.push("");
    lines.push(row.map(({ title }) => title.slice(0, width - 2).padEnd(width)).join("").trimEnd());
    const drawn = row.map((picture) => drawImage(picture, colour).map((line) => line + " ".repeat(width - picture.width)));
    const most = Math.max(...drawn.map((picture) => picture.length));
    for (let i = 0; i < most; i++) lines.push(drawn.map((picture) => picture[i] ?? " ".repeat(width)).join("").trimEnd());
  }
  return lines;
}
