import { expect, test } from "vitest";
import { edgeAt, edgesOf, endsOf, layOutDiagram } from "./diagram-layout.js";
import { defaults } from "./settings.js";

const settings = { ...defaults, features: ["x1", "product"], hidden: [3, 2] } as const;

test("connections are those of the weights, from the features that are switched on", () => {
  const edges = edgesOf(settings, 1);
  expect(edges).toHaveLength(2 * 3 + 3 * 2 + 2 * 1);
  expect(edges[1]).toEqual({ layer: 0, output: 0, input: 1, row: 4 });
  expect(edgesOf({ ...settings, model: "perceptron" }, 1)).toHaveLength(2);
});

test("the diagram takes the width that there is, or what it needs", () => {
  const layout = layOutDiagram(settings, 1, 700);
  expect(layout.places.map(({ length }) => length)).toEqual([7, 3, 2, 1]);
  expect(layout.width).toBe(700);
  expect(layout.places[3]?.[0]?.x).toBe(700 - layout.size);
  expect(layOutDiagram({ ...settings, hidden: Array.from({ length: 10 }, () => 2) }, 1, 300)).toMatchObject({ isTight: true, width: 46 + 12 * 27 + 11 * 13 });
});

test("a point finds the connection that passes it", () => {
  const layout = layOutDiagram(settings, 1, 700);
  const edges = edgesOf(settings, 1);
  for (const edge of edges) {
    const { from, to } = endsOf(layout, edge);
    // Near its end a connection has come to its own height, and leaves the others that end there.
    const x = from.x + 0.5 * (to.x - from.x);
    const found = edgeAt(layout, edges, { x, y: (from.y + to.y) / 2 });
    const ends = found && endsOf(layout, found);
    expect(((ends?.from.y ?? 0) + (ends?.to.y ?? 0)) / 2).toBeCloseTo((from.y + to.y) / 2, 9);
  }
  expect(edgeAt(layout, edges, { x: 10, y: 100 })).toBeUndefined();
});
