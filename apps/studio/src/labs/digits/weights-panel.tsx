import { HeatMaps } from "../../ui/heat-maps.js";
import { formatCount, shapeText } from "../../ui/format.js";
import type { LabModel } from "./lab-model.js";
import type { WeightSpread } from "./protocol.js";

/** What the first layer looks for, and how all weights are spread. */
export function WeightsPanel({ model }: { readonly model: LabModel }) {
  const weights = model.weights.value;
  const opened = model.opened.value;
  if (!weights || !opened) return null;
  const { shape, values } = weights.filters;
  const [filters = 0] = shape;
  const isConvolution = shape.length === 4;
  const [height, width] = isConvolution ? [shape[2] ?? 1, shape[3] ?? 1] : [opened.data.height, opened.data.width];
  const what = isConvolution ? "filters" : opened.setting.network.kind === "softmax" ? "classes" : "neurons";
  const total = weights.spreads[0]?.shape[0] ?? filters;
  return (
    <section class="card" aria-labelledby="weights-title">
      <header>
        <h2 id="weights-title">{isConvolution ? "First-layer filters" : "First-layer weights"}</h2>
        <span class="quiet small">orange: negative, blue: positive</span>
      </header>
      <HeatMaps
        label={`Weights of ${filters}${total > filters ? ` of ${total}` : ""} ${what} of the first layer, ${height} × ${width} each`}
        values={values}
        count={filters}
        height={height}
        width={width}
        columns={isConvolution ? Math.min(8, filters) : filters > 16 ? 16 : 5}
        palette="signed"
        each
        zoom={isConvolution ? 12 : filters > 16 ? 1.5 : 3}
      />
      <h3 class="spread-title">All weights</h3>
      <ul class="spreads">
        {weights.spreads.map((spread) => (
          <Spread key={spread.name} {...spread} />
        ))}
      </ul>
    </section>
  );
}

function Spread({ name, shape, counts, limit, std }: WeightSpread) {
  const most = Math.max(1, ...counts);
  const step = 100 / counts.length;
  const bars = Array.from(counts, (bin, i) => `M${i * step} 30h${step * 0.84}v${-(29 * bin) / most}h${-step * 0.84}z`).join("");
  const size = shape.reduce((product, length) => product * length, 1);
  return (
    <li>
      <span>
        <b>{name}</b> <span class="quiet small">{shapeText(shape)} = {formatCount(size)}</span>
      </span>
      <svg viewBox="0 0 100 30" preserveAspectRatio="none" role="img" aria-label={`${name}: ${formatCount(size)} weights between ±${limit.toFixed(2)}, ${Number.isNaN(std) ? "not all of them numbers" : `standard deviation ${std.toFixed(3)}`}`}>
        <path d={bars} fill="var(--accent)" />
      </svg>
      <span class="quiet small spread-scale">
        <span>{(-limit).toFixed(2)}</span>
        <span>{Number.isNaN(std) ? "not all are numbers" : `σ ${std.toFixed(3)}`}</span>
        <span>{limit.toFixed(2)}</span>
      </span>
    </li>
  );
}
