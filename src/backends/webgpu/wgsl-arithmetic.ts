import { bitsOf, fromBits, type Prelude, splatted, suffix, unknownZero, vectorType } from "./wgsl-prelude.js";

/*
 * WGSL lets a compiler assume that NaN and infinity do not occur, ignore the sign of zero, reassociate and fuse operations,
 * and round quotients and roots by a few units in the last place. Hence:
 * - Whatever looks at a NaN, an infinity or a sign compares the bits as integers, which come without such a licence:
 *   comparisons, min, max, select, neg, abs, rounding to whole numbers, conversions.
 * - A sum, difference or product that goes into another one passes an exclusive or with a zero that the compiler does not
 *   know (`kept`), so that it is rounded where it stands. So do constants of 0 and the second of two equal operands: x·0
 *   and x − x are not 0 where x is infinite.
 * - NaN and infinity as constants are made with the same zero.
 * - Quotients, remainders and roots are found on the significands as integers, correctly rounded, subnormals included.
 * Left to the hardware is that sums and products are rounded to nearest, and whether their subnormal operands and results
 * count as zero.
 */

const magnitude = "0x7fffffffu";
const infinity = "0x7f800000u";
const signBit = "0x80000000u";
const leadingBit = "0x800000u";

export type Comparison = "lt" | "le" | "eq" | "ne";

/** A number of the given bits that no compiler knows. */
export function unknownFloat(bits: string): string {
  return fromBits(`(${bits} ^ ${unknownZero})`);
}

/** The value, without a way to see how it was computed. */
export function kept(p: Prelude, lanes: number, value: string): string {
  const f = vectorType("f32", lanes);
  const zero = splatted("u32", lanes, unknownZero);
  return `${p.function(`kept${suffix(lanes)}`, `a: ${f}`, f, [`return ${fromBits(`${bitsOf("a", lanes)} ^ ${zero}`, lanes)};`])}(${value})`;
}

const signs: Readonly<Record<Comparison, string>> = { lt: "<", le: "<=", eq: "==", ne: "!=" };

/** A comparison of floats: with NaN, only `ne` holds. */
export function compareFunction(p: Prelude, op: Comparison, lanes: number): string {
  const f = vectorType("f32", lanes);
  const [i, u] = [(v: string): string => splatted("i32", lanes, v), (v: string): string => splatted("u32", lanes, v)];
  // Numbers as integers of the same order, zeros of both signs as 0.
  const order = p.function(`order${suffix(lanes)}`, `a: ${f}`, vectorType("i32", lanes), [
    `let bits = bitcast<${vectorType("i32", lanes)}>(a);`,
    `let sign = bits >> ${u("31u")};`,
    `return ((bits & ${i("0x7fffffffi")}) ^ sign) - sign;`,
  ]);
  const isOrdered = `max(${bitsOf("a", lanes)} & ${u(magnitude)}, ${bitsOf("b", lanes)} & ${u(magnitude)})`;
  const nan = op === "ne" ? `| (${isOrdered} > ${u(infinity)})` : `& (${isOrdered} <= ${u(infinity)})`;
  return p.function(`${op}_f32${suffix(lanes)}`, `a: ${f}, b: ${f}`, vectorType("bool", lanes), [`return (${order}(a) ${signs[op]} ${order}(b)) ${nan};`]);
}

/** The smaller or larger of two floats: NaN if either is, and −0 is less than 0. */
export function extremeFunction(p: Prelude, op: "min" | "max", lanes: number): string {
  const [f, i] = [vectorType("f32", lanes), vectorType("i32", lanes)];
  const k = (v: string): string => splatted("i32", lanes, v);
  const key = (x: string): string => `(${x} ^ ((${x} >> ${splatted("u32", lanes, "31u")}) & ${k("0x7fffffffi")}))`;
  const isNan = (x: string): string => `(${x} & ${k("0x7fffffffi")}) > ${k("0x7f800000i")}`;
  return p.function(`${op}_f32${suffix(lanes)}`, `a: ${f}, b: ${f}`, f, [
    `let x = bitcast<${i}>(a);`,
    `let y = bitcast<${i}>(b);`,
    `let number = select(y, x, ${key("x")} ${op === "min" ? "<" : ">"} ${key("y")});`,
    `return bitcast<${f}>(select(select(number, y, ${isNan("y")}), x, ${isNan("x")}));`,
  ]);
}

export function selectFunction(p: Prelude, lanes: number): string {
  const f = vectorType("f32", lanes);
  const chosen = `select(${bitsOf("b", lanes)}, ${bitsOf("a", lanes)}, condition)`;
  return p.function(`select_f32${suffix(lanes)}`, `condition: ${vectorType("bool", lanes)}, a: ${f}, b: ${f}`, f, [`return ${fromBits(chosen, lanes)};`]);
}

/** `a` with its sign bit changed. */
export function negateFunction(p: Prelude, lanes: number): string {
  const f = vectorType("f32", lanes);
  return p.function(`neg_f32${suffix(lanes)}`, `a: ${f}`, f, [`return ${fromBits(`${bitsOf("a", lanes)} ^ ${splatted("u32", lanes, signBit)}`, lanes)};`]);
}

export function absFunction(p: Prelude, lanes: number): string {
  const f = vectorType("f32", lanes);
  return p.function(`abs_f32${suffix(lanes)}`, `a: ${f}`, f, [`return ${fromBits(`${bitsOf("a", lanes)} & ${splatted("u32", lanes, magnitude)}`, lanes)};`]);
}

/** floor, ceil or trunc: numbers from 2²³ on are whole, NaN and infinity among them, and zero keeps the sign. */
export function roundFunction(p: Prelude, op: "floor" | "ceil" | "trunc", lanes: number): string {
  const f = vectorType("f32", lanes);
  const u = (v: string): string => splatted("u32", lanes, v);
  return p.function(`${op}_f32${suffix(lanes)}`, `a: ${f}`, f, [
    `let bits = ${bitsOf("a", lanes)};`,
    `let whole = ${bitsOf(`${op}(a)`, lanes)} | (bits & ${u(signBit)});`,
    `return ${fromBits(`select(whole, bits, (bits & ${u(magnitude)}) >= ${u("0x4b000000u")})`, lanes)};`,
  ]);
}

/** Significand of 24 bits and biased exponent of a finite number that is not 0, given without its sign. */
function partsFunction(p: Prelude): string {
  return p.function("parts_of", "size: u32", "vec2<i32>", [
    `if (size >= ${leadingBit}) { return vec2<i32>(i32((size & 0x7fffffu) | ${leadingBit}), i32(size >> 23u)); }`,
    "let shift = countLeadingZeros(size) - 8u;",
    "return vec2<i32>(i32(size << shift), 1i - i32(shift));",
  ]);
}

/** The quotient, correctly rounded. */
export function divideFunction(p: Prelude, lanes: number): string {
  const parts = partsFunction(p);
  const scalar = p.function("div_f32", "a: f32, b: f32", "f32", [
    `let x = ${bitsOf("a")} & ${magnitude};`,
    `let y = ${bitsOf("b")} & ${magnitude};`,
    `let sign = (${bitsOf("a")} ^ ${bitsOf("b")}) & ${signBit};`,
    `if (max(x, y) > ${infinity} || (x == y && (x == 0u || x == ${infinity}))) { return ${unknownFloat("0x7fc00000u")}; }`,
    `if (x == ${infinity} || y == 0u) { return ${unknownFloat(`(sign | ${infinity})`)}; }`,
    `if (x == 0u || y == ${infinity}) { return ${fromBits("sign")}; }`,
    `let n = ${parts}(x);`,
    `let d = ${parts}(y);`,
    "let shift = select(23u, 24u, n.x < d.x);",
    "var exponent = n.y - d.y + 150i - i32(shift);",
    // An approximate quotient of 24 bits, put right by its remainder, which is small and so is known modulo 2^32.
    "var q = i32(f32(n.x) / f32(d.x) * f32(1u << shift));",
    "var rest = (n.x << shift) - q * d.x;",
    "let off = i32(floor(f32(rest) / f32(d.x)));",
    "q += off;",
    "rest -= off * d.x;",
    "if (rest < 0i) { q -= 1i; rest += d.x; }",
    "if (rest >= d.x) { q += 1i; rest -= d.x; }",
    `if (exponent >= 255i) { return ${unknownFloat(`(sign | ${infinity})`)}; }`,
    "if (exponent > 0i) {",
    `  let bits = (exponent << 23u) + (q & 0x7fffffi) + select(0i, 1i, 2i * rest > d.x);`,
    `  return ${unknownFloat("(sign | u32(bits))")};`,
    "}",
    // A subnormal result: the bits below its last one decide, and of two equally near ones the even one is taken.
    "let lost = min(u32(1i - exponent), 25u);",
    "let whole = q >> lost;",
    "let below = q - (whole << lost);",
    "let half = 1i << (lost - 1u);",
    "let up = below > half || (below == half && (rest > 0i || (whole & 1i) == 1i));",
    `return ${fromBits("sign | u32(whole + select(0i, 1i, up))")};`,
  ]);
  return p.perLane(scalar, 2, "f32", "f32", lanes);
}

/** The square root, correctly rounded; NaN below −0. */
export function rootFunction(p: Prelude, lanes: number): string {
  const parts = partsFunction(p);
  const scalar = p.function("sqrt_f32", "a: f32", "f32", [
    `let x = ${bitsOf("a")};`,
    `if (x == 0u || x == ${signBit} || x == ${infinity}) { return a; }`,
    `if (x > ${infinity}) { return ${unknownFloat("0x7fc00000u")}; }`,
    `let n = ${parts}(x);`,
    "let shift = 24u - u32(n.y & 1i);",
    // As in a quotient: root² ≤ n·2^shift with a remainder that is known modulo 2^32.
    "var root = i32(sqrt(f32(n.x) * f32(1u << shift)));",
    "var rest = (n.x << shift) - root * root;",
    "let off = i32(floor(f32(rest) / f32(2i * root)));",
    "rest -= off * (2i * root + off);",
    "root += off;",
    "if (rest < 0i) { root -= 1i; rest += 2i * root + 1i; }",
    "if (rest > 2i * root) { rest -= 2i * root + 1i; root += 1i; }",
    "let exponent = (n.y + 150i - i32(shift)) >> 1u;",
    `return ${fromBits("u32((exponent << 23u) + (root & 0x7fffffi) + select(0i, 1i, rest > root))")};`,
  ]);
  return p.perLane(scalar, 1, "f32", "f32", lanes);
}

/** The remainder with the sign of a, exact. NaN where a is not finite or b is 0. */
export function remainderFunction(p: Prelude, lanes: number): string {
  const parts = partsFunction(p);
  const scalar = p.function("rem_f32", "a: f32, b: f32", "f32", [
    `let x = ${bitsOf("a")} & ${magnitude};`,
    `let y = ${bitsOf("b")} & ${magnitude};`,
    `let sign = ${bitsOf("a")} & ${signBit};`,
    `if (x >= ${infinity} || y > ${infinity} || y == 0u) { return ${unknownFloat("0x7fc00000u")}; }`,
    "if (x < y) { return a; }",
    `let n = ${parts}(x);`,
    `let d = ${parts}(y);`,
    "let divisor = u32(d.x);",
    "var rest = u32(n.x) % divisor;",
    "for (var left = n.y - d.y; left > 0i; left -= 8i) { rest = (rest << u32(min(left, 8i))) % divisor; }",
    `if (rest == 0u) { return ${fromBits("sign")}; }`,
    "let shift = i32(countLeadingZeros(rest)) - 8i;",
    "let exponent = d.y - shift;",
    `if (exponent > 0i) { return ${fromBits(`sign | ((u32(exponent) << 23u) + ((rest << u32(shift)) & 0x7fffffu))`)}; }`,
    `return ${fromBits("sign | select(rest >> u32(1i - d.y), rest << u32(d.y - 1i), d.y > 0i)")};`,
  ]);
  return p.perLane(scalar, 2, "f32", "f32", lanes);
}
