import type { Snapshot } from "./lab-engine.js";
import { surfaceSize } from "./picture-size.js";
import { limits, type Settings } from "./settings.js";

/** A place of the plane. */
export interface PlanePlace {
  readonly x1: number;
  readonly x2: number;
}

const extent = limits.extent;

/** What the network says at a place. */
export function readingAt({ pictures: { surface } }: Snapshot, { problem }: Settings, { x1, x2 }: PlanePlace): string {
  const cell = (share: number): number => Math.min(surfaceSize - 1, Math.floor(share * surfaceSize));
  const at = cell((extent - x2) / (2 * extent)) * surfaceSize + cell((x1 + extent) / (2 * extent));
  const where = `x₁ ${x1.toFixed(1)}, x₂ ${x2.toFixed(1)}`.replaceAll("-", "−");
  const area = surfaceSize ** 2;
  const values = Array.from({ length: surface.length / area }, (_, k) => (surface[k * area + at] ?? 0) / 255);
  const [first = 0] = values;
  if (problem === "regression") return `${where}: ${(2 * first - 1).toFixed(2).replace("-", "−")}`;
  const shares = values.length === 1 ? [1 - first, first] : values;
  const best = shares.indexOf(Math.max(...shares));
  return `${where}: class ${best}, ${Math.round(100 * (shares[best] ?? 0))} %`;
}

/** The picture in a sentence. */
export function summaryOf({ pictures: { surface } }: Snapshot, { problem }: Settings): string {
  const area = surfaceSize ** 2;
  const outputs = surface.length / area;
  if (problem === "regression") return `The predicted numbers go from ${format(Math.min(...surface))} to ${format(Math.max(...surface))}.`;
  const counts = new Array<number>(Math.max(2, outputs)).fill(0);
  for (let i = 0; i < area; i++) {
    let best = outputs === 1 ? ((surface[i] ?? 0) >= 128 ? 1 : 0) : 0;
    for (let k = 1; k < outputs; k++) if ((surface[k * area + i] ?? 0) > (surface[best * area + i] ?? 0)) best = k;
    counts[best] = (counts[best] ?? 0) + 1;
  }
  return `Of the plane ${counts.map((count, k) => `${Math.round((100 * count) / area)} % are class ${k}`).join(", ")}.`;
}

const format = (byte: number): string => (byte / 127.5 - 1).toFixed(2);
