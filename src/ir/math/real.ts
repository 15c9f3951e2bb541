import type { ScalarBuilder } from "../scalar-builder.js";
import type { Expr } from "../loop.js";

/** The arithmetic of float32 or of float64, with the constants that differ between them. */
export class Real {
  readonly b: ScalarBuilder;
  readonly type: "float32" | "float64";
  readonly single: boolean;

  constructor(b: ScalarBuilder, type: "float32" | "float64") {
    this.b = b;
    this.type = type;
    this.single = type === "float32";
  }

  /** A constant of the type. */
  readonly k = (value: number): Expr => this.b.const(value, this.type);

  /** c₀ + c₁x + c₂x² + … by Horner's rule. */
  polynomial(x: Expr, coefficients: readonly number[]): Expr {
    const { b, k } = this;
    return coefficients.reduceRight<Expr | undefined>((sum, c) => (sum ? b.add(b.mul(sum, x), k(c)) : k(c)), undefined) ?? k(0);
  }

  /** The smaller of x and a constant; NaN stays NaN. */
  atMost(x: Expr, limit: number): Expr {
    const { b, k } = this;
    return b.min(k(limit), x);
  }

  /** The larger of x and a constant; NaN stays NaN. */
  atLeast(x: Expr, limit: number): Expr {
    const { b, k } = this;
    return b.max(k(limit), x);
  }

  /** Whether x is negative or −0; anything for NaN. */
  signBit(x: Expr): Expr {
    const { b, single, k } = this;
    if (single) return b.lt(b.bitcast(x, "int32"), b.const(0, "int32"));
    return b.or(b.lt(x, k(0)), b.and(b.eq(x, k(0)), b.lt(b.div(k(1), x), k(0))));
  }

  /** `size`, which is not negative, with the sign of x; in float64 x of −0 counts as 0. */
  withSign(size: Expr, x: Expr): Expr {
    const { b, single, k } = this;
    if (single) {
      const sign = b.and(b.bitcast(x, "int32"), b.const(-(2 ** 31), "int32"));
      return b.bitcast(b.or(b.bitcast(size, "int32"), sign), "float32");
    }
    return b.select(b.lt(x, k(0)), b.neg(size), size);
  }

  /** The whole number next to x, as float and as int32; |x| must be below 2²² (float32) or 2³¹ (float64). */
  nearestWhole(x: Expr): { whole: Expr; int: Expr } {
    const { b, single, k } = this;
    // Adding 1.5·2^23 pushes the fraction out; the low bits then hold the number.
    const magic = k(single ? 1.5 * 2 ** 23 : 1.5 * 2 ** 52);
    const shifted = b.add(x, magic);
    const whole = b.sub(shifted, magic);
    if (!single) return { whole, int: b.cast(whole, "int32") };
    return { whole, int: b.sub(b.bitcast(shifted, "int32"), b.const(0x4b400000, "int32")) };
  }
}

/** The arithmetic of the type of `x`. Throws TypeError unless it is a float. */
export function realOf(b: ScalarBuilder, { type }: Expr): Real {
  if (type !== "float32" && type !== "float64") throw new TypeError(`${type} is no float`);
  return new Real(b, type);
}

/** 2ⁿ for an int32 n from −126 to 127. */
export function powerOfTwo({ b, type }: Real, n: Expr): Expr {
  const bits = b.op("shl", b.add(n, b.const(127, "int32")), b.const(23, "int32"));
  return b.cast(b.bitcast(bits, "float32"), type);
}

/** x·2ⁿ with one rounding, for −150 ≤ n ≤ 128 (float32) or −1075 ≤ n ≤ 1024 (float64) and x near 1. */
export function scale(real: Real, x: Expr, n: Expr): Expr {
  const { b, single } = real;
  const int = (v: number): Expr => b.const(v, "int32");
  if (single) {
    const half = b.op("shr", n, int(1));
    return b.mul(b.mul(x, powerOfTwo(real, half)), powerOfTwo(real, b.sub(n, half)));
  }
  const sixteenth = b.op("shr", n, int(4));
  const rest = b.and(n, int(15));
  let factor = powerOfTwo(real, sixteenth);
  for (let i = 0; i < 3; i++) factor = b.mul(factor, factor);
  return b.mul(b.mul(b.mul(x, powerOfTwo(real, rest)), factor), factor);
}

/** x = mantissa·2^exponent with the mantissa between √½ and √2, for positive finite x. */
export function splitExponent(real: Real, x: Expr): { mantissa: Expr; exponent: Expr } {
  const { b, single, k } = real;
  const int = (v: number): Expr => b.const(v, "int32");
  const rootHalf = int(0x3f3504f3);
  const exponentOf = (bits: Expr): Expr => b.op("shr", b.sub(bits, rootHalf), int(23));
  if (single) {
    const isSubnormal = b.lt(x, k(2 ** -126));
    const bits = b.bitcast(b.select(isSubnormal, b.mul(x, k(2 ** 23)), x), "int32");
    const exponent = exponentOf(bits);
    const mantissa = b.bitcast(b.sub(bits, b.op("shl", exponent, int(23))), "float32");
    return { mantissa, exponent: b.cast(b.sub(exponent, b.select(isSubnormal, int(23), int(0))), "float32") };
  }
  // The loop IR has no 64-bit integers: bring x into the range of float32, whose bits can be read.
  let [inRange, taken] = [x, k(0)];
  for (const power of [512, 256, 128, 64]) {
    const [isLarge, isSmall] = [b.le(k(2 ** power), inRange), b.lt(inRange, k(2 ** -power))];
    inRange = b.mul(inRange, b.select(isLarge, k(2 ** -power), b.select(isSmall, k(2 ** power), k(1))));
    taken = b.add(taken, b.select(isLarge, k(power), b.select(isSmall, k(-power), k(0))));
  }
  const exponent = exponentOf(b.bitcast(b.cast(inRange, "float32"), "int32"));
  const mantissa = b.mul(inRange, powerOfTwo(real, b.neg(exponent)));
  return { mantissa, exponent: b.add(taken, b.cast(exponent, "float64")) };
}
