import type { ComputeType } from "../../ir/loop.js";
import type { PlainOp } from "./opcodes.js";
import { kindOf, laneBytes, registerLanes, type Kind } from "./registers.js";
import { constant, indexed, plain, type Instruction } from "./wasm-module.js";

export interface CastContext {
  emit(...instructions: readonly Instruction[]): void;
  /** Leaves one register of the argument (the scalar itself for lanes 1) on the stack. */
  argument(part: number): void;
  /** Leaves a vector constant on the stack. */
  constant(bytes: readonly number[]): void;
  /** Copies the register on the stack. */
  duplicate(): void;
}

type Casts = Readonly<Record<Kind, Readonly<Record<Kind, readonly PlainOp[] | "to-bool">>>>;

/** Float to integer saturates and turns NaN into 0; integers of 32 bits keep their bits. */
const scalarCasts: Casts = {
  float32: {
    float32: [],
    float64: ["f64.promote_f32"],
    int32: ["i32.trunc_sat_f32_s"],
    uint32: ["i32.trunc_sat_f32_u"],
    bool: "to-bool",
  },
  float64: {
    float32: ["f32.demote_f64"],
    float64: [],
    int32: ["i32.trunc_sat_f64_s"],
    uint32: ["i32.trunc_sat_f64_u"],
    bool: "to-bool",
  },
  int32: { float32: ["f32.convert_i32_s"], float64: ["f64.convert_i32_s"], int32: [], uint32: [], bool: "to-bool" },
  uint32: { float32: ["f32.convert_i32_u"], float64: ["f64.convert_i32_u"], int32: [], uint32: [], bool: "to-bool" },
  bool: { float32: ["f32.convert_i32_s"], float64: ["f64.convert_i32_s"], int32: [], uint32: [], bool: [] },
};

/**
 * One register to one register of the same lanes; float64 stands on the low half of the other side. Bools are masks, and
 * from them the bits of 1 are kept.
 */
const vectorCasts: Casts = {
  float32: {
    float32: [],
    float64: ["f64x2.promote_low_f32x4"],
    int32: ["i32x4.trunc_sat_f32x4_s"],
    uint32: ["i32x4.trunc_sat_f32x4_u"],
    bool: "to-bool",
  },
  float64: {
    float32: ["f32x4.demote_f64x2_zero"],
    float64: [],
    int32: ["i32x4.trunc_sat_f64x2_s_zero"],
    uint32: ["i32x4.trunc_sat_f64x2_u_zero"],
    bool: "to-bool",
  },
  int32: {
    float32: ["f32x4.convert_i32x4_s"],
    float64: ["f64x2.convert_low_i32x4_s"],
    int32: [],
    uint32: [],
    bool: "to-bool",
  },
  uint32: {
    float32: ["f32x4.convert_i32x4_u"],
    float64: ["f64x2.convert_low_i32x4_u"],
    int32: [],
    uint32: [],
    bool: "to-bool",
  },
  bool: { float32: [], float64: ["i64x2.extend_low_i32x4_s"], int32: [], uint32: [], bool: [] },
};

const scalarNotZero: Readonly<Record<Kind, readonly Instruction[]>> = {
  float32: [constant("f32.const", 0), plain("f32.ne")],
  float64: [constant("f64.const", 0), plain("f64.ne")],
  int32: [constant("i32.const", 0), plain("i32.ne")],
  uint32: [constant("i32.const", 0), plain("i32.ne")],
  bool: [],
};

const vectorNotZero: Readonly<Record<Kind, readonly PlainOp[]>> = {
  float32: ["f32x4.ne"],
  float64: ["f64x2.ne"],
  int32: ["i32x4.ne"],
  uint32: ["i32x4.ne"],
  bool: [],
};

const shuffle = (...bytes: readonly number[]): Instruction => indexed("i8x16.shuffle", ...bytes);
const highHalfFirst = shuffle(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
const lowHalves = shuffle(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
/** The even 32-bit words of two registers: two masks of 64-bit lanes become one of 32-bit lanes. */
export const evenWords = shuffle(0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);

/** Leaves one register of a converted expression on the stack. */
export function writeCast(
  fromType: ComputeType,
  toType: ComputeType,
  lanes: number,
  part: number,
  context: CastContext,
): void {
  const [from, to] = [kindOf(fromType), kindOf(toType)];
  if (lanes === 1) {
    const ops = scalarCasts[from][to];
    context.argument(0);
    context.emit(...(ops === "to-bool" ? scalarNotZero[from] : ops.map(plain)));
    return;
  }
  const ops = vectorCasts[from][to];
  const convert = (): void => {
    if (ops !== "to-bool") {
      context.emit(...ops.map(plain));
      return;
    }
    context.constant(laneBytes("int32", [0, 0, 0, 0]));
    context.emit(...vectorNotZero[from].map(plain));
  };
  if (from !== "float64" && to === "float64") {
    context.argument(part >> 1);
    if (part & 1) {
      context.duplicate();
      context.emit(highHalfFirst);
    }
    convert();
  } else if (from === "float64" && to !== "float64") {
    context.argument(2 * part);
    convert();
    if (registerLanes(from) < lanes - part * registerLanes(to)) {
      context.argument(2 * part + 1);
      convert();
    } else context.duplicate();
    context.emit(to === "bool" ? evenWords : lowHalves);
  } else {
    context.argument(part);
    convert();
  }
  if (from === "bool" && to !== "bool") {
    context.constant(laneBytes(to, [1, 1, 1, 1].slice(0, registerLanes(to))));
    context.emit(plain("v128.and"));
  }
}
