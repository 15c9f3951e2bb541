/** What the sizes of the layers' gradients say, the first layer's first. */
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
