import type { nn } from "gradus";
import type { LabEvent, WeightSpread } from "./protocol.js";

const bins = 31;
/** Neurons of a first layer that are drawn. */
const drawnNeurons = 64;

/** What the first layer looks for, and how each layer's weights are spread. */
export async function lookAtWeights(network: nn.Sequential): Promise<Extract<LabEvent, { kind: "weights" }>> {
  const named = network.namedParameters().filter(([name]) => name.endsWith(".weight"));
  const read = await Promise.all(named.map(async ([name, weight]) => ({ name, shape: weight.shape, values: Float32Array.from(await weight.data()) })));
  const [first] = read;
  const [rows = 0, ...each] = first?.shape ?? [];
  const size = each.reduce((product, length) => product * length, 1);
  const shown = Math.min(rows, drawnNeurons);
  return {
    kind: "weights",
    filters: { shape: [shown, ...each], values: first?.values.slice(0, shown * size) ?? new Float32Array() },
    spreads: read.map(({ name, shape, values }) => ({ name: name.replace(/\.weight$/, ""), shape, ...spread(values) })),
  };
}

/** A histogram that is symmetric about 0; of weights that are no numbers any more it has none. */
export function spread(all: Float32Array): Omit<WeightSpread, "name" | "shape"> {
  const values = all.filter(Number.isFinite);
  const limit = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const counts = new Uint32Array(bins);
  let [sum, squares] = [0, 0];
  for (const value of values) {
    const bin = Math.min(bins - 1, Math.floor(((value / limit + 1) / 2) * bins));
    counts[bin] = (counts[bin] ?? 0) + 1;
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  const std = values.length < all.length ? NaN : Math.sqrt(Math.max(0, squares / values.length - mean * mean));
  return { counts, limit, std };
}
