import { colourOf } from "../../ui/theme.js";
import { divergingPixels, fillAnswer, fillDiverging } from "./colours.js";
import { endsOf, hiddenOf, traceEdge, unitIndex, type DiagramLayout, type Edge } from "./diagram-layout.js";
import type { Snapshot } from "./lab-engine.js";
import { lineWidthOf } from "./line-painter.js";
import { weightOf } from "./names.js";
import { surfaceSize, thumbnailSize } from "./picture-size.js";
import { PictureSheet } from "./picture-sheet.js";
import type { Settings } from "./settings.js";

/** What all pictures pass through on their way to the diagram. */
const sheet = new PictureSheet();

export interface DiagramContent {
  readonly layout: DiagramLayout;
  readonly settings: Settings;
  readonly snapshot: Snapshot | undefined;
  readonly hovered: Edge | undefined;
}

/** Draws neurons as pictures, and the line under the pointer over the others. */
export function drawDiagram(context: CanvasRenderingContext2D, content: DiagramContent): void {
  drawHovered(context, content);
  const { snapshot, settings } = content;
  if (!snapshot) return;
  const { thumbnails, surface } = snapshot.pictures;
  const units = settings.features.length + hiddenOf(settings).reduce((sum, count) => sum + count, 0);
  // A change of the network shows its pictures once the worker has made them.
  if (thumbnails.length !== units * thumbnailSize ** 2) return;
  drawNeurons(context, content, thumbnails);
  drawOutputs(context, content, surface);
}

function drawHovered(context: CanvasRenderingContext2D, { layout, snapshot, hovered }: DiagramContent): void {
  const weight = hovered && weightOf(snapshot?.weights, hovered);
  if (!hovered || weight === undefined) return;
  const { from, to } = endsOf(layout, hovered);
  context.beginPath();
  traceEdge(context, from, to);
  context.strokeStyle = colourOf(weight < 0 ? "--warm" : "--cool");
  context.lineWidth = lineWidthOf(weight) + 2;
  context.stroke();
}

/** All pictures in one tall image, of which each neuron shows a part. */
function drawNeurons(context: CanvasRenderingContext2D, { layout, settings }: DiagramContent, thumbnails: Uint8Array): void {
  const image = sheet.filled(thumbnailSize, thumbnails.length / thumbnailSize, (pixels) => fillDiverging(pixels, thumbnails, 0, divergingPixels()));
  if (!image) return;
  layout.places.forEach((column, c) =>
    column.forEach(({ x, y }, index) => {
      const unit = unitIndex(settings, { column: c, index });
      if (unit !== undefined) context.drawImage(image, 0, unit * thumbnailSize, thumbnailSize, thumbnailSize, x, y, layout.size, layout.size);
    }),
  );
}

function drawOutputs(context: CanvasRenderingContext2D, { layout, settings }: DiagramContent, surface: Uint8Array): void {
  const column = layout.places.at(-1) ?? [];
  if (surface.length !== column.length * surfaceSize ** 2) return;
  const isOne = column.length === 1;
  column.forEach(({ x, y }, k) => {
    const image = sheet.filled(surfaceSize, surfaceSize, (pixels) => {
      if (isOne && settings.problem === "classification") fillAnswer(pixels, surface, 1, false);
      else fillDiverging(pixels, surface, k * surfaceSize ** 2, divergingPixels());
    });
    if (image) context.drawImage(image, x, y, layout.size, layout.size);
  });
}
