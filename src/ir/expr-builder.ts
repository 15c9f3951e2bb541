import type { Expr } from "./loop.js";
import { erfExpr } from "./math/error-function.js";
import { expExpr, expm1Expr, sigmoidExpr, tanhExpr } from "./math/exponential.js";
import { log1pExpr, logExpr } from "./math/logarithm.js";
import { integerPowExpr, modExpr, powExpr } from "./math/power.js";
import { atan2Expr, atanExpr, cosExpr, sinExpr } from "./math/trigonometric.js";
import { ScalarBuilder } from "./scalar-builder.js";

/**
 * Makes expressions, those of functions too that are no scalar operations: each is expanded into some, the same for all
 * backends.
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
    return sinExpr(this, x);
  }

  cos(x: Expr): Expr {
    return cosExpr(this, x);
  }

  atan(x: Expr): Expr {
    return atanExpr(this, x);
  }

  /** The angle of the point (x, y). */
  atan2(y: Expr, x: Expr): Expr {
    return atan2Expr(this, y, x);
  }

  tanh(x: Expr): Expr {
    return tanhExpr(this, x);
  }

  /** 1 / (1 + e⁻ˣ). */
  sigmoid(x: Expr): Expr {
    return sigmoidExpr(this, x);
  }

  erf(x: Expr): Expr {
    return erfExpr(this, x);
  }

  /** xʸ of floats. */
  pow(x: Expr, y: Expr): Expr {
    return powExpr(this, x, y);
  }

  /** xⁿ of integers, where n has so many bits. */
  integerPow(x: Expr, n: Expr, exponentBits: number): Expr {
    return integerPowExpr(this, x, n, exponentBits);
  }

  /** The remainder of floats, with the sign of y. */
  mod(x: Expr, y: Expr): Expr {
    return modExpr(this, x, y);
  }
}
