import type { ComputeType } from "../../ir/loop.js";
import * as wasm from "./opcodes.js";
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

type Casts = Readonly<Record<Kind, Readonly<Record<Kind, readonly wasm.Opcode[] | "to-bool">>>>;

/** Float to integer saturates and turns NaN into 0; integers of 32 bits keep their bits. */
const scalarCasts: Casts = {
  float32: {
    float32: [],
    float64: [wasm.f64PromoteF32],
    int32: [wasm.i32TruncSatF32S],
    uint32: [wasm.i32TruncSatF32U],
    bool: "to-bool",
  },
  float64: {
    float32: [wasm.f32DemoteF64],
    float64: [],
    int32: [wasm.i32TruncSatF64S],
    uint32: [wasm.i32TruncSatF64U],
    bool: "to-bool",
  },
  int32: { float32: [wasm.f32ConvertI32S], float64: [wasm.f64ConvertI32S], int32: [], uint32: [], bool: "to-bool" },
  uint32: { float32: [wasm.f32ConvertI32U], float64: [wasm.f64ConvertI32U], int32: [], uint32: [], bool: "to-bool" },
  bool: { float32: [wasm.f32ConvertI32S], float64: [wasm.f64ConvertI32S], int32: [], uint32: [], bool: [] },
};

/**
 * One register to one register of the same lanes; float64 stands on the low half of the other side. Bools are masks, and
 * from them the bits of 1 are kept.
 */
const vectorCasts: Casts = {
  float32: {
    float32: [],
    float64: [wasm.f64x2PromoteLowF32x4],
    int32: [wasm.i32x4TruncSatF32x4S],
    uint32: [wasm.i32x4TruncSatF32x4U],
    bool: "to-bool",
  },
  float64: {
    float32: [wasm.f32x4DemoteF64x2Zero],
    float64: [],
    int32: [wasm.i32x4TruncSatF64x2SZero],
    uint32: [wasm.i32x4TruncSatF64x2UZero],
    bool: "to-bool",
  },
  int32: {
    float32: [wasm.f32x4ConvertI32x4S],
    float64: [wasm.f64x2ConvertLowI32x4S],
    int32: [],
    uint32: [],
    bool: "to-bool",
  },
  uint32: {
    float32: [wasm.f32x4ConvertI32x4U],
    float64: [wasm.f64x2ConvertLowI32x4U],
    int32: [],
    uint32: [],
    bool: "to-bool",
  },
  bool: { float32: [], float64: [wasm.i64x2ExtendLowI32x4S], int32: [], uint32: [], bool: [] },
};

const scalarNotZero: Readonly<Record<Kind, readonly Instruction[]>> = {
  float32: [constant(wasm.f32Const, 0), plain(wasm.f32Ne)],
  float64: [constant(wasm.f64Const, 0), plain(wasm.f64Ne)],
  int32: [constant(wasm.i32Const, 0), plain(wasm.i32Ne)],
  uint32: [constant(wasm.i32Const, 0), plain(wasm.i32Ne)],
  bool: [],
};

const vectorNotZero: Readonly<Record<Kind, readonly wasm.Opcode[]>> = {
  float32: [wasm.f32x4Ne],
  float64: [wasm.f64x2Ne],
  int32: [wasm.i32x4Ne],
  uint32: [wasm.i32x4Ne],
  bool: [],
};

const shuffle = (...bytes: readonly number[]): Instruction => indexed(wasm.i8x16Shuffle, ...bytes);
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
    context.emit(plain(wasm.v128And));
  }
}
