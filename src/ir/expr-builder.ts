import type { Expr } from "./loop.js";
import { expExpr, expm1Expr, sigmoidExpr, tanhExpr } from "./math/exponential.js";
import { functionsPart } from "./math/functions-part.js";
import { log1pExpr, logExpr, logPair } from "./math/logarithm.js";
import { realOf } from "./math/real.js";
import { ScalarBuilder } from "./scalar-builder.js";

/**
 * Makes expressions, those of functions too that are no scalar operations: each is expanded into some, the same for all
 * backends. Trigonometric functions, `erf`, `pow`, `integerPow` and `mod` throw TypeError before their part is there.
 */
export class ExprBuilder extends ScalarBuilder {
  exp(x: Expr): Expr {
    return expExpr(this, x);
  }

  /** eˣ − 1, without cancellation near 0. */
  expm1(x: Expr): Expr {
    return expm1Expr(this, x);
  }

  log(x: Expr): Expr {
    return logExpr(this, x);
  }

  /** ln(1 + x), without cancellation near 0. */
  log1p(x: Expr): Expr {
    return log1pExpr(this, x);
  }

  sin(x: Expr): Expr {
    return functionsPart.value.sinExpr(realOf(this, x), x);
  }

  cos(x: Expr): Expr {
    return functionsPart.value.cosExpr(realOf(this, x), x);
  }

  atan(x: Expr): Expr {
    return functionsPart.value.atanExpr(realOf(this, x), x);
  }

  /** The angle of the point (x, y). */
  atan2(y: Expr, x: Expr): Expr {
    return functionsPart.value.atan2Expr(realOf(this, x), y, x);
  }

  tanh(x: Expr): Expr {
    return tanhExpr(this, x);
  }

  /** 1 / (1 + e⁻ˣ). */
  sigmoid(x: Expr): Expr {
    return sigmoidExpr(this, x);
  }

  erf(x: Expr): Expr {
    return functionsPart.value.erfExpr(realOf(this, x), x, (e) => this.exp(e));
  }

  /** xʸ of floats. */
  pow(x: Expr, y: Expr): Expr {
    return functionsPart.value.powExpr(realOf(this, x), x, y, { expExpr, logPair });
  }

  /** xⁿ of integers, where n has so many bits. */
  integerPow(x: Expr, n: Expr, exponentBits: number): Expr {
    return functionsPart.value.integerPowExpr(this, x, n, exponentBits);
  }

  /** The remainder of floats, with the sign of y. */
  mod(x: Expr, y: Expr): Expr {
    return functionsPart.value.modExpr(realOf(this, x), x, y);
  }
}
