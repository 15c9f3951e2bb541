import { useLab } from "./lab.js";

/** The ends of the bars' scale, as powers of ten. */
const [least, most] = [-9, 2];

/** How strongly the loss pulls at each layer, on a logarithmic scale. */
export function GradientCard() {
  const lab = useLab();
  const snapshot = lab.snapshot.value;
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
          <p class="small quiet">{gradientsInWords(sizes)}</p>
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

/** What the sizes say. */
export function gradientsInWords(sizes: readonly number[]): string {
  const [first = 0, last = 0] = [sizes[0], sizes.at(-1)];
  if (!sizes.every(Number.isFinite)) return "Some gradients are not finite: the steps were too large.";
  if (sizes.every((size) => size === 0)) return "No weight has a gradient: nothing can be learned from here.";
  if (sizes.some((size) => size > 1e3)) return "The gradients explode: each step throws the weights far away.";
  if (sizes.length === 1) return "One layer has one gradient. It falls as the loss comes to its least.";
  if (first === 0) return "Nothing of the gradient arrives at the first layer: it does not learn.";
  const ratio = last / first;
  const times = ratio >= 1 ? ratio : 1 / ratio;
  const text = times < 10 ? times.toFixed(1) : Math.round(times).toLocaleString("en");
  if (ratio > 100) return `The gradient vanishes on its way back: the first layer’s is ${text} times smaller than the output’s, so it hardly learns.`;
  if (ratio < 0.01) return `The gradient grows on its way back: the first layer’s is ${text} times the output’s.`;
  return `All layers learn: the first layer’s gradient is ${text} times ${ratio >= 1 ? "smaller" : "larger"} than the output’s.`;
}
