import { gradientsInWords } from "./gradient-words.js";
import { useLab } from "./use-lab.js";

/** The ends of the bars' scale, as powers of ten. */
const [least, most] = [-9, 2];

/** How strongly the loss pulls at each layer, on a logarithmic scale. */
export function GradientCard() {
  const lab = useLab();
  const snapshot = lab.figures.value;
  const sizes = snapshot?.gradientSizes ?? [];
  return (
    <section class="card gradient-card" aria-labelledby="gradient-title">
      <header>
        <h3 id="gradient-title">The gradient’s size</h3>
        <span class="small quiet">layer by layer, logarithmic</span>
      </header>
      {sizes.length === 0 ? (
        <p class="quiet small">A perceptron’s answer is a step: it has no slope that a gradient could be made of.</p>
      ) : (
        <>
          <ol class="gradient-bars">
            {sizes.map((size, layer) => (
              <li key={layer}>
                <span class="name">{layer === sizes.length - 1 ? "Output" : `Layer ${layer + 1}`}</span>
                <span class="track" aria-hidden="true">
                  <i style={{ width: `${100 * shareOf(size)}%` }} />
                </span>
                <span class="number">{size === 0 ? "0" : size.toExponential(1).replace("-", "−")}</span>
              </li>
            ))}
          </ol>
          <p class="small quiet">{lab.points.value.length === 0 ? "There are no points to learn from." : gradientsInWords(sizes)}</p>
        </>
      )}
    </section>
  );
}

/** How much of the bar a size fills. */
function shareOf(size: number): number {
  if (!(size > 0)) return 0;
  return Math.min(1, Math.max(0.01, (Math.log10(size) - least) / (most - least)));
}
