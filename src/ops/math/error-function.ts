import type { ExprBuilder } from "../../ir/expr-builder.js";
import type { Expr } from "../../ir/loop.js";
import { expExpr } from "./exponential.js";
import { atMost, polynomial, realOf, withSign } from "./real.js";

/**
 * e^{x²}·erfc(x) for 1 ≤ x ≤ limit as a polynomial in (x − center) / (x + center): Chebyshev interpolation computed with 60
 * digits. Multiplied with e^{−x²} the error is below 1e-10 (float32) and 1e-17 (float64).
 */
const tails = {
  float32: {
    limit: 4,
    center: 2,
    coefficients: [0.2553956763, -0.4271858476, 0.2416582111, -0.07897852327, 0.003732141351, 0.006994855414, -0.0008365899736, -0.0009441596341],
  },
  float64: {
    limit: 6,
    center: 2.5,
    coefficients: [
      0.210806364061143584, -0.37173673394897296, 0.251713193217448766, -0.125033052378917812, 0.0399225390754652319,
      -0.00399370116012302921, -0.00264236595181345486, 0.000875915287577432747, 0.0002283799633257643,
      -0.000128874831348378418, -0.0000341757188968562926, 0.0000185967477311445286, 7.49973505076329867e-6,
      -2.23285165175552144e-6, -1.58763389312734402e-6,
    ],
  },
};

/** (2/√π)·(−1)ᵏ / (k!·(2k + 1)): the Taylor series of erf x / x in x². */
function seriesOf(terms: number): number[] {
  const list: number[] = [];
  let factor = 2 / Math.sqrt(Math.PI);
  for (let k = 0; k < terms; k++) {
    list.push(factor / (2 * k + 1));
    factor /= -(k + 1);
  }
  return list;
}

/** erf x: the Taylor series below 1, 1 − erfc x above. */
export function erfExpr(b: ExprBuilder, x: Expr): Expr {
  const real = realOf(b, x);
  const { k, single, type } = real;
  const { limit, center, coefficients } = tails[type];
  const size = atMost(real, b.abs(x), limit);
  const near = b.mul(x, polynomial(real, b.mul(x, x), seriesOf(single ? 11 : 19)));
  const t = b.div(b.sub(size, k(center)), b.add(size, k(center)));
  const tail = b.mul(expExpr(b, b.neg(b.mul(size, size))), polynomial(real, t, coefficients));
  return b.select(b.lt(size, k(1)), near, withSign(real, b.sub(k(1), tail), x));
}
