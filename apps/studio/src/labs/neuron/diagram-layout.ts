import { choices, type Settings } from "./settings.js";

/** A place in pixels. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

export interface DiagramLayout {
  readonly width: number;
  readonly height: number;
  /** Side of a neuron's picture. */
  readonly size: number;
  /** Whether columns are so near each other that their buttons stand one above the other. */
  readonly isTight: boolean;
  /** The top left corner of every feature, neuron and output, column by column. */
  readonly places: readonly (readonly Place[])[];
}

/** A connection of the diagram, to neuron `output` of layer `layer`. */
export interface Edge {
  readonly layer: number;
  readonly output: number;
  /** The number of the input among those that the layer has. */
  readonly input: number;
  /** Where the input stands in its column, in which features that are switched off stand as well. */
  readonly row: number;
}

/** Pictures and the least gap between columns, where there is room and where there is not. */
const wide = { size: 36, gap: 46, head: 40 };
const tight = { size: 27, gap: 13, head: 84 };
const rowGap = 10;
/** Room for the names of the features. */
const labels = 46;

/** Neurons of each hidden layer; a perceptron has none. */
export const hiddenOf = ({ model, hidden }: Settings): readonly number[] => (model === "perceptron" ? [] : hidden);

/** All features, the hidden layers and the outputs side by side over a width; wider where they do not fit. */
export function layOutDiagram(settings: Settings, outputs: number, available: number): DiagramLayout {
  const counts = [choices.features.length, ...hiddenOf(settings), outputs];
  const gaps = counts.length - 1;
  const needs = ({ size, gap }: typeof wide): number => labels + counts.length * size + gaps * gap;
  const { size, head } = needs(wide) <= available ? wide : tight;
  const width = Math.max(available, needs(tight));
  const step = (width - labels - size) / gaps;
  const most = Math.max(...counts);
  const places = counts.map((count, column) =>
    Array.from({ length: count }, (_, i) => ({ x: labels + column * step, y: head + (i + (most - count) / 2) * (size + rowGap) })),
  );
  return { width, height: head + most * (size + rowGap), size, isTight: size === tight.size, places };
}

/** Every connection. */
export function edgesOf(settings: Settings, outputs: number): Edge[] {
  const seen = choices.features.flatMap(({ value }, row) => (settings.features.includes(value) ? [row] : []));
  const hidden = hiddenOf(settings);
  const all = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  return [...hidden, outputs].flatMap((width, layer) => {
    const rows = layer === 0 ? seen : all(hidden[layer - 1] ?? 0);
    return all(width).flatMap((output) => rows.map((row, input) => ({ layer, output, input, row })));
  });
}

/** The ends of a connection: the middle of the right side of one picture, and of the left side of the next. */
export function endsOf({ places, size: side }: DiagramLayout, { layer, row, output }: Edge): { readonly from: Place; readonly to: Place } {
  const [a, b] = [places[layer]?.[row], places[layer + 1]?.[output]];
  return {
    from: { x: (a?.x ?? 0) + side, y: (a?.y ?? 0) + side / 2 },
    to: { x: b?.x ?? 0, y: (b?.y ?? 0) + side / 2 },
  };
}

/** Draws a connection's line: it leaves and arrives level, and is at `heightAt` everywhere. */
export function traceEdge(path: Pick<CanvasRenderingContext2D, "moveTo" | "bezierCurveTo">, from: Place, to: Place): void {
  const third = (to.x - from.x) / 3;
  path.moveTo(from.x, from.y);
  path.bezierCurveTo(from.x + third, from.y, to.x - third, to.y, to.x, to.y);
}

function heightAt(from: Place, to: Place, x: number): number {
  const t = (x - from.x) / (to.x - from.x);
  return from.y + (to.y - from.y) * (3 * t * t - 2 * t ** 3);
}

/** The connection nearest to a point, if one is within some pixels of it. */
export function edgeAt(layout: DiagramLayout, edges: readonly Edge[], { x, y }: Place, within = 7): Edge | undefined {
  let best: Edge | undefined;
  let least = within;
  for (const edge of edges) {
    const { from, to } = endsOf(layout, edge);
    const distance = x < from.x || x > to.x ? Infinity : Math.abs(heightAt(from, to, x) - y);
    if (distance < least) [best, least] = [edge, distance];
  }
  return best;
}

/** A feature, neuron or output of the diagram: column 0 has all features, the last one the outputs. */
export interface Unit {
  readonly column: number;
  readonly index: number;
}

/** Which of the pictures a feature or hidden neuron has; undefined for outputs and features that are switched off. */
export function unitIndex(settings: Settings, { column, index }: Unit): number | undefined {
  const hidden = hiddenOf(settings);
  if (column > hidden.length) return undefined;
  if (column > 0) return settings.features.length + hidden.slice(0, column - 1).reduce((sum, width) => sum + width, 0) + index;
  const seen = settings.features.findIndex((name) => name === choices.features[index]?.value);
  return seen < 0 ? undefined : seen;
}
