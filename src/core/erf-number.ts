/**
 * erf x of a plain number: for |x| < 3 the series (2/√π)·e^{−x²}·Σ 2ᵏx²ᵏ⁺¹ / (2k + 1)!!, whose terms all have one sign,
 * else 1 − erfc x by its continued fraction (Abramowitz and Stegun 7.1.6 and 7.1.14).
 */
export function erfNumber(x: number): number {
  if (Number.isNaN(x)) return NaN;
  const size = Math.abs(x);
  if (size >= 6) return Math.sign(x);
  if (size < 3) {
    let [term, total] = [x, x];
    for (let k = 1; Math.abs(term) > 1e-20 * Math.abs(total); k++) {
      term *= (2 * x * x) / (2 * k + 1);
      total += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
  }
  let fraction = size;
  for (let k = 60; k >= 1; k--) fraction = size + k / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction));
}
