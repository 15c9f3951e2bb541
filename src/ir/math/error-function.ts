import type { Expr } from "../loop.js";
import type { Real } from "./real.js";

/**
 * erf in float32: erf x / x in x² below 1, log₂(erfc x) in x from 1 to `limit`, where erf rounds to 1, and 2ʳ on |r| ≤ ½.
 * Fitted by least squares reweighted towards the largest relative error of erf, 4e-8.
 */
const single = {
  limit: 4,
  near: [1.128379122, -0.3761232619, 0.1128018011, -0.02671131122, 0.004917551328, -0.0005631421823],
  logOfRest: [-0.003778662019, -1.61238668, -0.9438688631, -0.1281109321, 0.02139783311, -0.001669517298],
  powerOfTwo: [1.0, 0.6931469775, 0.2402224192, 0.05550733872, 0.00967152328, 0.001326471343],
};

/**
 * e^{x²}·erfc(x) for 1 ≤ x ≤ limit in float64 as a polynomial in (x − center) / (x + center): Chebyshev interpolation computed
 * with 60 digits. Multiplied with e^{−x²} the error is below 1e-17.
 */
const tail = {
  limit: 6,
  center: 2.5,
  coefficients: [
    0.210806364061143584, -0.37173673394897296, 0.251713193217448766, -0.125033052378917812, 0.0399225390754652319,
    -0.00399370116012302921, -0.00264236595181345486, 0.000875915287577432747, 0.0002283799633257643,
    -0.000128874831348378418, -0.0000341757188968562926, 0.0000185967477311445286, 7.49973505076329867e-6,
    -2.23285165175552144e-6, -1.58763389312734402e-6,
  ],
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

/** erf x: a polynomial below 1, 1 − erfc x above. `exp` is eˣ. */
export function erfExpr(real: Real, x: Expr, exp: (x: Expr) => Expr): Expr {
  const { b, k } = real;
  if (real.single) {
    const size = real.atMost(b.abs(x), single.limit);
    const near = b.mul(x, real.polynomial(b.mul(size, size), single.near));
    // The sum with 1.5·2^23 ends in the exponent of the power of two next to it; what lies above is shifted out.
    const magic = k(1.5 * 2 ** 23 + 127);
    const log = real.polynomial(size, single.logOfRest);
    const shifted = b.add(log, magic);
    const factor = b.bitcast(b.op("shl", b.bitcast(shifted, "int32"), b.const(23, "int32")), "float32");
    const far = b.sub(k(1), b.mul(real.polynomial(b.sub(log, b.sub(shifted, magic)), single.powerOfTwo), factor));
    return b.select(b.lt(size, k(1)), near, real.withSign(far, x));
  }
  const { limit, center, coefficients } = tail;
  const size = real.atMost(b.abs(x), limit);
  const near = b.mul(x, real.polynomial(b.mul(x, x), seriesOf(19)));
  const t = b.div(b.sub(size, k(center)), b.add(size, k(center)));
  const far = b.mul(exp(b.neg(b.mul(size, size))), real.polynomial(t, coefficients));
  return b.select(b.lt(size, k(1)), near, real.withSign(b.sub(k(1), far), x));
}
