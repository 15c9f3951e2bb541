import type { ScalarOp } from "../../ir/scalar.js";
import type { PlainOp } from "./opcodes.js";
import type { Kind } from "./registers.js";
import { constant, indexed, plain, typed, type Instruction, type ValueType } from "./wasm-module.js";

/** What a spelling that is more than a list of instructions may use. Its operands lie on the stack, the last on top. */
export interface Emission {
  emit(...instructions: readonly Instruction[]): void;
  /** A local for the time of this operation. */
  temporary(type: ValueType): number;
  /** Lanes of the vector register that hold values; the others may hold anything. */
  readonly lanes: number;
}

export type Spelling = readonly Instruction[] | ((e: Emission) => void);

/** How an operation is written on one value, and on one vector register. Bool vectors are masks of 32-bit lanes. */
export interface Spelled {
  readonly scalar: Spelling;
  readonly vector: Spelling;
}

/** "none" where the operation has no meaning for the type. */
export type OpRow = Readonly<Record<Kind, Spelled | "none">>;

type FloatOp =
  | "abs"
  | "neg"
  | "ceil"
  | "floor"
  | "trunc"
  | "sqrt"
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "min"
  | "max"
  | "lt"
  | "le"
  | "eq"
  | "ne";

const one = (op: PlainOp): readonly Instruction[] => [plain(op)];
const pair = (scalar: PlainOp, vector: PlainOp): Spelled => ({ scalar: one(scalar), vector: one(vector) });
const floats = (op: FloatOp): { float32: Spelled; float64: Spelled } => ({
  float32: pair(`f32.${op}`, `f32x4.${op}`),
  float64: pair(`f64.${op}`, `f64x2.${op}`),
});
const ints = (signed: Spelled, unsigned: Spelled = signed): { int32: Spelled; uint32: Spelled } => ({
  int32: signed,
  uint32: unsigned,
});
const noFloats = { float32: "none", float64: "none" } as const;
const noInts = { int32: "none", uint32: "none" } as const;
const unchanged: Spelled = { scalar: [], vector: [] };

const get = (local: number): Instruction => indexed("local.get", local);
const set = (local: number): Instruction => indexed("local.set", local);
const tee = (local: number): Instruction => indexed("local.tee", local);
const i32 = (value: number): Instruction => constant("i32.const", value);
const f64 = (value: number): Instruction => constant("f64.const", value);

/** Two integers of which `compare` chooses: the first where it holds. */
function choose(compare: PlainOp): Spelling {
  return (e) => {
    const [x, y] = [e.temporary("i32"), e.temporary("i32")];
    e.emit(set(y), tee(x), get(y), get(x), get(y), plain(compare), plain("select"));
  };
}

const absolute: Spelling = (e) => {
  const x = e.temporary("i32");
  e.emit(tee(x), i32(0), get(x), plain("i32.sub"), get(x), i32(0), plain("i32.ge_s"), plain("select"));
};

const lanesOf = {
  float32: { extract: "f32x4.extract_lane", replace: "f32x4.replace_lane", splat: "f32x4.splat" },
  float64: { extract: "f64x2.extract_lane", replace: "f64x2.replace_lane", splat: "f64x2.splat" },
  int32: { extract: "i32x4.extract_lane", replace: "i32x4.replace_lane", splat: "i32x4.splat" },
  uint32: { extract: "i32x4.extract_lane", replace: "i32x4.replace_lane", splat: "i32x4.splat" },
  bool: { extract: "i32x4.extract_lane", replace: "i32x4.replace_lane", splat: "i32x4.splat" },
} as const satisfies Record<Kind, unknown>;

/** The instructions that take a vector register apart and put it together. */
export function laneInstructions(kind: Kind): {
  extract: (lane: number) => Instruction;
  replace: (lane: number) => Instruction;
  splat: Instruction;
} {
  const names = lanesOf[kind];
  return {
    extract: (lane) => indexed(names.extract, lane),
    replace: (lane) => indexed(names.replace, lane),
    splat: plain(names.splat),
  };
}

export function spell(e: Emission, spelling: Spelling): void {
  if (typeof spelling === "function") spelling(e);
  else e.emit(...spelling);
}

/** A binary operation that has no vector form, one lane after the other. */
function laneByLane(kind: Kind, scalar: Spelling): Spelled {
  const { extract, replace, splat } = laneInstructions(kind);
  return {
    scalar,
    vector: (e) => {
      const [x, y] = [e.temporary("v128"), e.temporary("v128")];
      e.emit(set(y), set(x));
      for (let lane = 0; lane < e.lanes; lane++) {
        e.emit(get(x), extract(lane), get(y), extract(lane));
        spell(e, scalar);
        e.emit(lane === 0 ? splat : replace(lane));
      }
    },
  };
}

/**
 * Remainder with the dividend's sign, exact: |y| is doubled up to |x| and taken away on the way back. NaN where x is not
 * finite or y is 0.
 */
const floatRemainder: Spelling = (e) => {
  const [x, a, b, t] = [e.temporary("f64"), e.temporary("f64"), e.temporary("f64"), e.temporary("f64")];
  e.emit(plain("f64.abs"), set(b), tee(x), plain("f64.abs"), tee(a), f64(Infinity), plain("f64.lt"));
  e.emit(get(b), f64(0), plain("f64.gt"), plain("i32.and"), typed("if", "f64"));
  e.emit(get(b), f64(Infinity), plain("f64.lt"), typed("if"));
  e.emit(get(b), set(t), typed("block"), typed("loop"));
  e.emit(get(t), get(a), f64(0.5), plain("f64.mul"), plain("f64.le"), plain("i32.eqz"), indexed("br_if", 1));
  e.emit(get(t), get(t), plain("f64.add"), set(t), indexed("br", 0), plain("end"), plain("end"));
  e.emit(typed("block"), typed("loop"), get(t), get(b), plain("f64.lt"), indexed("br_if", 1));
  e.emit(get(a), get(t), plain("f64.ge"), typed("if"), get(a), get(t), plain("f64.sub"), set(a), plain("end"));
  e.emit(get(t), f64(0.5), plain("f64.mul"), set(t), indexed("br", 0), plain("end"), plain("end"), plain("end"));
  e.emit(get(a), get(x), plain("f64.copysign"), plain("else"), f64(NaN), plain("end"));
};

const float32Remainder: Spelling = (e) => {
  const y = e.temporary("f32");
  e.emit(set(y), plain("f64.promote_f32"), get(y), plain("f64.promote_f32"));
  floatRemainder(e);
  e.emit(plain("f32.demote_f64"));
};

/** a·b + c with two roundings. */
function mulAdd(type: ValueType, mul: PlainOp, add: PlainOp): Spelling {
  return (e) => {
    const c = e.temporary(type);
    e.emit(set(c), plain(mul), get(c), plain(add));
  };
}

const select: Spelled = pair("select", "v128.bitselect");

/** Every scalar operation in WebAssembly. `relaxed`: whether the engine has the fused multiply-add of relaxed SIMD. */
export function scalarOps(relaxed: boolean): Readonly<Record<ScalarOp, OpRow>> {
  const fma = (mulAddVector: Spelling, madd: PlainOp): Spelling => (relaxed ? one(madd) : mulAddVector);
  return {
    neg: { ...floats("neg"), ...ints({ scalar: [i32(-1), plain("i32.mul")], vector: one("i32x4.neg") }), bool: "none" },
    abs: { ...floats("abs"), ...ints({ scalar: absolute, vector: one("i32x4.abs") }, unchanged), bool: "none" },
    floor: { ...floats("floor"), ...ints(unchanged), bool: "none" },
    ceil: { ...floats("ceil"), ...ints(unchanged), bool: "none" },
    trunc: { ...floats("trunc"), ...ints(unchanged), bool: "none" },
    sqrt: { ...floats("sqrt"), ...noInts, bool: "none" },
    not: {
      ...noFloats,
      ...ints({ scalar: [i32(-1), plain("i32.xor")], vector: one("v128.not") }),
      bool: pair("i32.eqz", "v128.not"),
    },
    add: { ...floats("add"), ...ints(pair("i32.add", "i32x4.add")), bool: "none" },
    sub: { ...floats("sub"), ...ints(pair("i32.sub", "i32x4.sub")), bool: "none" },
    mul: { ...floats("mul"), ...ints(pair("i32.mul", "i32x4.mul")), bool: "none" },
    div: {
      ...floats("div"),
      ...ints(laneByLane("int32", one("i32.div_s")), laneByLane("uint32", one("i32.div_u"))),
      bool: "none",
    },
    rem: {
      float32: laneByLane("float32", float32Remainder),
      float64: laneByLane("float64", floatRemainder),
      ...ints(laneByLane("int32", one("i32.rem_s")), laneByLane("uint32", one("i32.rem_u"))),
      bool: "none",
    },
    min: {
      ...floats("min"),
      ...ints(
        { scalar: choose("i32.lt_s"), vector: one("i32x4.min_s") },
        { scalar: choose("i32.lt_u"), vector: one("i32x4.min_u") },
      ),
      bool: pair("i32.and", "v128.and"),
    },
    max: {
      ...floats("max"),
      ...ints(
        { scalar: choose("i32.gt_s"), vector: one("i32x4.max_s") },
        { scalar: choose("i32.gt_u"), vector: one("i32x4.max_u") },
      ),
      bool: pair("i32.or", "v128.or"),
    },
    and: { ...noFloats, ...ints(pair("i32.and", "v128.and")), bool: pair("i32.and", "v128.and") },
    or: { ...noFloats, ...ints(pair("i32.or", "v128.or")), bool: pair("i32.or", "v128.or") },
    xor: { ...noFloats, ...ints(pair("i32.xor", "v128.xor")), bool: pair("i32.xor", "v128.xor") },
    shl: { ...noFloats, ...ints(laneByLane("int32", one("i32.shl"))), bool: "none" },
    shr: {
      ...noFloats,
      ...ints(laneByLane("int32", one("i32.shr_s")), laneByLane("uint32", one("i32.shr_u"))),
      bool: "none",
    },
    lt: {
      ...floats("lt"),
      ...ints(pair("i32.lt_s", "i32x4.lt_s"), pair("i32.lt_u", "i32x4.lt_u")),
      bool: pair("i32.lt_u", "i32x4.gt_s"),
    },
    le: {
      ...floats("le"),
      ...ints(pair("i32.le_s", "i32x4.le_s"), pair("i32.le_u", "i32x4.le_u")),
      bool: pair("i32.le_u", "i32x4.ge_s"),
    },
    eq: { ...floats("eq"), ...ints(pair("i32.eq", "i32x4.eq")), bool: pair("i32.eq", "i32x4.eq") },
    ne: { ...floats("ne"), ...ints(pair("i32.ne", "i32x4.ne")), bool: pair("i32.ne", "i32x4.ne") },
    select: { float32: select, float64: select, int32: select, uint32: select, bool: select },
    fma: {
      float32: {
        scalar: mulAdd("f32", "f32.mul", "f32.add"),
        vector: fma(mulAdd("v128", "f32x4.mul", "f32x4.add"), "f32x4.relaxed_madd"),
      },
      float64: {
        scalar: mulAdd("f64", "f64.mul", "f64.add"),
        vector: fma(mulAdd("v128", "f64x2.mul", "f64x2.add"), "f64x2.relaxed_madd"),
      },
      ...ints({ scalar: mulAdd("i32", "i32.mul", "i32.add"), vector: mulAdd("v128", "i32x4.mul", "i32x4.add") }),
      bool: "none",
    },
  };
}

/** Shifts of a whole register by one amount, which WebAssembly has where the general case goes lane by lane. */
export const uniformShift: Readonly<Record<"shl" | "shr", Readonly<Record<"int32" | "uint32", PlainOp>>>> = {
  shl: { int32: "i32x4.shl", uint32: "i32x4.shl" },
  shr: { int32: "i32x4.shr_s", uint32: "i32x4.shr_u" },
};
