import { edgesOf, endsOf, traceEdge, type DiagramLayout } from "./diagram-layout.js";
import type { LayerWeights } from "./learner.js";
import { weightOf } from "./names.js";
import type { Settings } from "./settings.js";

/** How the network's weights are drawn as lines. */
export interface LineStyle {
  readonly layout: DiagramLayout;
  /** Those that the layout was made for. */
  readonly settings: Settings;
  readonly outputs: number;
  /** Pixels of the picture for one of the page. */
  readonly scale: number;
  readonly negative: string;
  readonly positive: string;
  /** Whether nothing shall move. */
  readonly isStill: boolean;
}

/** Lengths of the lines' dashes and gaps, and how far they move from picture to picture. */
const dashes = [9, 1.5];
const stride = 2;
/** Connections beyond which lines have no dashes: to cut them takes as long as to draw them. */
const mostDashed = 400;

/** Draws a network's weights as lines, off the page: hundreds of wide curves take longer than a page may stand still. */
export class LinePainter {
  #style: LineStyle | undefined;
  #weights: readonly LayerWeights[] = [];
  #steps = 0;
  #shift = 0;
  #canvas: OffscreenCanvas | undefined;

  set style(style: LineStyle) {
    this.#style = style;
  }

  /** Takes over the weights after some steps: more steps move the lines' dashes towards the output. */
  update(weights: readonly LayerWeights[], steps: number): void {
    this.#weights = weights;
    if (steps > this.#steps) this.#shift += stride;
    this.#steps = steps;
  }

  /** The lines as they are now; undefined before both style and weights are known, and where they are not of the same network. */
  paint(): ImageBitmap | undefined {
    const [style, weights] = [this.#style, this.#weights];
    if (!style || !fits(style, weights)) return undefined;
    const { layout, settings, outputs, scale, negative, positive, isStill } = style;
    const [width, height] = [Math.max(1, Math.round(layout.width * scale)), Math.max(1, Math.round(layout.height * scale))];
    if (this.#canvas?.width !== width || this.#canvas.height !== height) this.#canvas = new OffscreenCanvas(width, height);
    // What is drawn is handed over: the canvas is empty again.
    const context = this.#canvas.getContext("2d");
    if (!context) return undefined;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const edges = edgesOf(settings, outputs);
    context.setLineDash(isStill || edges.length > mostDashed ? [] : dashes);
    context.lineDashOffset = -this.#shift;
    for (const edge of edges) {
      const weight = weightOf(weights, edge) ?? 0;
      const { from, to } = endsOf(layout, edge);
      context.beginPath();
      traceEdge(context, from, to);
      context.strokeStyle = weight < 0 ? negative : positive;
      context.lineWidth = lineWidthOf(weight);
      context.globalAlpha = Math.min(0.85, 0.3 + 0.4 * strengthOf(weight));
      context.stroke();
    }
    return this.#canvas.transferToImageBitmap();
  }
}

const strengthOf = (weight: number): number => Math.log2(1 + Math.abs(weight));

/** Pixels of a weight's line. */
export const lineWidthOf = (weight: number): number => Math.min(7, 0.6 + 1.8 * strengthOf(weight));

/** Whether weights are those of the network that is drawn: a change of it is known to page and training at different times. */
function fits({ layout: { places }, settings, outputs }: LineStyle, weights: readonly LayerWeights[]): boolean {
  const widths = [...places.slice(1, -1).map(({ length }) => length), outputs];
  return weights.length === widths.length && weights[0]?.inputs === settings.features.length && weights.every((layer, i) => layer.outputs === widths[i]);
}
