import { useLab } from "./use-lab.js";
import { choices } from "./settings.js";

const width = 200;
const height = 84;

/** The chosen activation, and its slope: what backpropagation multiplies by. */
export function ActivationPlot() {
  const lab = useLab();
  const curve = lab.curve.value;
  if (!curve) return null;
  const { z, value, slope } = curve;
  const [low, high] = [Math.min(-1.1, ...value.filter((_, i) => Math.abs(z[i] ?? 0) <= 2)), Math.max(1.15, ...value.filter((_, i) => Math.abs(z[i] ?? 0) <= 2))];
  const toY = (y: number): number => height - ((y - low) / (high - low)) * height;
  const path = (values: readonly number[]): string =>
    values.map((y, i) => `${i === 0 ? "M" : "L"}${(((z[i] ?? 0) + 5) * width) / 10} ${toY(y).toFixed(1)}`).join("");
  const name = choices.activation.find((choice) => choice.value === lab.settings.value.activation)?.label ?? "";
  return (
    <figure class="activation-plot">
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`${name} from −5 to 5: at most ${Math.max(...value).toFixed(2)}; its slope is ${Math.max(...slope).toFixed(2)} at most`}>
        <path class="axis" d={`M0 ${toY(0)}H${width}M${width / 2} 0V${height}`} />
        <path class="slope" d={path(slope)} />
        <path class="value" d={path(value)} />
      </svg>
      <figcaption class="small quiet">
        <i class="value" /> value <i class="slope" /> slope
      </figcaption>
    </figure>
  );
}
