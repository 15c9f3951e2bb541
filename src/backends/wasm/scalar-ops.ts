import type { ScalarOp } from "../../ir/scalar.js";
import * as wasm from "./opcodes.js";
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

const one = (op: wasm.Opcode): readonly Instruction[] => [plain(op)];
const pair = (scalar: wasm.Opcode, vector: wasm.Opcode): Spelled => ({ scalar: one(scalar), vector: one(vector) });
const floats = (f32: wasm.Opcode, f32x4: wasm.Opcode, f64: wasm.Opcode, f64x2: wasm.Opcode): { float32: Spelled; float64: Spelled } => ({
  float32: pair(f32, f32x4),
  float64: pair(f64, f64x2),
});
const ints = (signed: Spelled, unsigned: Spelled = signed): { int32: Spelled; uint32: Spelled } => ({
  int32: signed,
  uint32: unsigned,
});
const noFloats = { float32: "none", float64: "none" } as const;
const noInts = { int32: "none", uint32: "none" } as const;
const unchanged: Spelled = { scalar: [], vector: [] };

const get = (local: number): Instruction => indexed(wasm.localGet, local);
const set = (local: number): Instruction => indexed(wasm.localSet, local);
const tee = (local: number): Instruction => indexed(wasm.localTee, local);
const i32 = (value: number): Instruction => constant(wasm.i32Const, value);
const f64 = (value: number): Instruction => constant(wasm.f64Const, value);

/** Two integers of which `compare` chooses: the first where it holds. */
function choose(compare: wasm.Opcode): Spelling {
  return (e) => {
    const [x, y] = [e.temporary("i32"), e.temporary("i32")];
    e.emit(set(y), tee(x), get(y), get(x), get(y), plain(compare), plain(wasm.select));
  };
}

const absolute: Spelling = (e) => {
  const x = e.temporary("i32");
  e.emit(tee(x), i32(0), get(x), plain(wasm.i32Sub), get(x), i32(0), plain(wasm.i32GeS), plain(wasm.select));
};

const lanesOf = {
  float32: { extract: wasm.f32x4ExtractLane, replace: wasm.f32x4ReplaceLane, splat: wasm.f32x4Splat },
  float64: { extract: wasm.f64x2ExtractLane, replace: wasm.f64x2ReplaceLane, splat: wasm.f64x2Splat },
  int32: { extract: wasm.i32x4ExtractLane, replace: wasm.i32x4ReplaceLane, splat: wasm.i32x4Splat },
  uint32: { extract: wasm.i32x4ExtractLane, replace: wasm.i32x4ReplaceLane, splat: wasm.i32x4Splat },
  bool: { extract: wasm.i32x4ExtractLane, replace: wasm.i32x4ReplaceLane, splat: wasm.i32x4Splat },
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
  e.emit(plain(wasm.f64Abs), set(b), tee(x), plain(wasm.f64Abs), tee(a), f64(Infinity), plain(wasm.f64Lt));
  e.emit(get(b), f64(0), plain(wasm.f64Gt), plain(wasm.i32And), typed(wasm.ifOp, "f64"));
  e.emit(get(b), f64(Infinity), plain(wasm.f64Lt), typed(wasm.ifOp));
  e.emit(get(b), set(t), typed(wasm.block), typed(wasm.loop));
  e.emit(get(t), get(a), f64(0.5), plain(wasm.f64Mul), plain(wasm.f64Le), plain(wasm.i32Eqz), indexed(wasm.brIf, 1));
  e.emit(get(t), get(t), plain(wasm.f64Add), set(t), indexed(wasm.br, 0), plain(wasm.end), plain(wasm.end));
  e.emit(typed(wasm.block), typed(wasm.loop), get(t), get(b), plain(wasm.f64Lt), indexed(wasm.brIf, 1));
  e.emit(get(a), get(t), plain(wasm.f64Ge), typed(wasm.ifOp), get(a), get(t), plain(wasm.f64Sub), set(a), plain(wasm.end));
  e.emit(get(t), f64(0.5), plain(wasm.f64Mul), set(t), indexed(wasm.br, 0), plain(wasm.end), plain(wasm.end), plain(wasm.end));
  e.emit(get(a), get(x), plain(wasm.f64Copysign), plain(wasm.elseOp), f64(NaN), plain(wasm.end));
};

const float32Remainder: Spelling = (e) => {
  const y = e.temporary("f32");
  e.emit(set(y), plain(wasm.f64PromoteF32), get(y), plain(wasm.f64PromoteF32));
  floatRemainder(e);
  e.emit(plain(wasm.f32DemoteF64));
};

/** a·b + c with two roundings. */
function mulAdd(type: ValueType, mul: wasm.Opcode, add: wasm.Opcode): Spelling {
  return (e) => {
    const c = e.temporary(type);
    e.emit(set(c), plain(mul), get(c), plain(add));
  };
}

const select: Spelled = pair(wasm.select, wasm.v128Bitselect);

/** Every scalar operation in WebAssembly. `relaxed`: whether the engine has the fused multiply-add of relaxed SIMD. */
export function scalarOps(relaxed: boolean): Readonly<Record<ScalarOp, OpRow>> {
  const fma = (mulAddVector: Spelling, madd: wasm.Opcode): Spelling => (relaxed ? one(madd) : mulAddVector);
  return {
    neg: { ...floats(wasm.f32Neg, wasm.f32x4Neg, wasm.f64Neg, wasm.f64x2Neg), ...ints({ scalar: [i32(-1), plain(wasm.i32Mul)], vector: one(wasm.i32x4Neg) }), bool: "none" },
    abs: { ...floats(wasm.f32Abs, wasm.f32x4Abs, wasm.f64Abs, wasm.f64x2Abs), ...ints({ scalar: absolute, vector: one(wasm.i32x4Abs) }, unchanged), bool: "none" },
    floor: { ...floats(wasm.f32Floor, wasm.f32x4Floor, wasm.f64Floor, wasm.f64x2Floor), ...ints(unchanged), bool: "none" },
    ceil: { ...floats(wasm.f32Ceil, wasm.f32x4Ceil, wasm.f64Ceil, wasm.f64x2Ceil), ...ints(unchanged), bool: "none" },
    trunc: { ...floats(wasm.f32Trunc, wasm.f32x4Trunc, wasm.f64Trunc, wasm.f64x2Trunc), ...ints(unchanged), bool: "none" },
    sqrt: { ...floats(wasm.f32Sqrt, wasm.f32x4Sqrt, wasm.f64Sqrt, wasm.f64x2Sqrt), ...noInts, bool: "none" },
    not: {
      ...noFloats,
      ...ints({ scalar: [i32(-1), plain(wasm.i32Xor)], vector: one(wasm.v128Not) }),
      bool: pair(wasm.i32Eqz, wasm.v128Not),
    },
    add: { ...floats(wasm.f32Add, wasm.f32x4Add, wasm.f64Add, wasm.f64x2Add), ...ints(pair(wasm.i32Add, wasm.i32x4Add)), bool: "none" },
    sub: { ...floats(wasm.f32Sub, wasm.f32x4Sub, wasm.f64Sub, wasm.f64x2Sub), ...ints(pair(wasm.i32Sub, wasm.i32x4Sub)), bool: "none" },
    mul: { ...floats(wasm.f32Mul, wasm.f32x4Mul, wasm.f64Mul, wasm.f64x2Mul), ...ints(pair(wasm.i32Mul, wasm.i32x4Mul)), bool: "none" },
    div: {
      ...floats(wasm.f32Div, wasm.f32x4Div, wasm.f64Div, wasm.f64x2Div),
      ...ints(laneByLane("int32", one(wasm.i32DivS)), laneByLane("uint32", one(wasm.i32DivU))),
      bool: "none",
    },
    rem: {
      float32: laneByLane("float32", float32Remainder),
      float64: laneByLane("float64", floatRemainder),
      ...ints(laneByLane("int32", one(wasm.i32RemS)), laneByLane("uint32", one(wasm.i32RemU))),
      bool: "none",
    },
    min: {
      ...floats(wasm.f32Min, wasm.f32x4Min, wasm.f64Min, wasm.f64x2Min),
      ...ints(
        { scalar: choose(wasm.i32LtS), vector: one(wasm.i32x4MinS) },
        { scalar: choose(wasm.i32LtU), vector: one(wasm.i32x4MinU) },
      ),
      bool: pair(wasm.i32And, wasm.v128And),
    },
    max: {
      ...floats(wasm.f32Max, wasm.f32x4Max, wasm.f64Max, wasm.f64x2Max),
      ...ints(
        { scalar: choose(wasm.i32GtS), vector: one(wasm.i32x4MaxS) },
        { scalar: choose(wasm.i32GtU), vector: one(wasm.i32x4MaxU) },
      ),
      bool: pair(wasm.i32Or, wasm.v128Or),
    },
    and: { ...noFloats, ...ints(pair(wasm.i32And, wasm.v128And)), bool: pair(wasm.i32And, wasm.v128And) },
    or: { ...noFloats, ...ints(pair(wasm.i32Or, wasm.v128Or)), bool: pair(wasm.i32Or, wasm.v128Or) },
    xor: { ...noFloats, ...ints(pair(wasm.i32Xor, wasm.v128Xor)), bool: pair(wasm.i32Xor, wasm.v128Xor) },
    shl: { ...noFloats, ...ints(laneByLane("int32", one(wasm.i32Shl))), bool: "none" },
    shr: {
      ...noFloats,
      ...ints(laneByLane("int32", one(wasm.i32ShrS)), laneByLane("uint32", one(wasm.i32ShrU))),
      bool: "none",
    },
    lt: {
      ...floats(wasm.f32Lt, wasm.f32x4Lt, wasm.f64Lt, wasm.f64x2Lt),
      ...ints(pair(wasm.i32LtS, wasm.i32x4LtS), pair(wasm.i32LtU, wasm.i32x4LtU)),
      bool: pair(wasm.i32LtU, wasm.i32x4GtS),
    },
    le: {
      ...floats(wasm.f32Le, wasm.f32x4Le, wasm.f64Le, wasm.f64x2Le),
      ...ints(pair(wasm.i32LeS, wasm.i32x4LeS), pair(wasm.i32LeU, wasm.i32x4LeU)),
      bool: pair(wasm.i32LeU, wasm.i32x4GeS),
    },
    eq: { ...floats(wasm.f32Eq, wasm.f32x4Eq, wasm.f64Eq, wasm.f64x2Eq), ...ints(pair(wasm.i32Eq, wasm.i32x4Eq)), bool: pair(wasm.i32Eq, wasm.i32x4Eq) },
    ne: { ...floats(wasm.f32Ne, wasm.f32x4Ne, wasm.f64Ne, wasm.f64x2Ne), ...ints(pair(wasm.i32Ne, wasm.i32x4Ne)), bool: pair(wasm.i32Ne, wasm.i32x4Ne) },
    select: { float32: select, float64: select, int32: select, uint32: select, bool: select },
    fma: {
      float32: {
        scalar: mulAdd("f32", wasm.f32Mul, wasm.f32Add),
        vector: fma(mulAdd("v128", wasm.f32x4Mul, wasm.f32x4Add), wasm.f32x4RelaxedMadd),
      },
      float64: {
        scalar: mulAdd("f64", wasm.f64Mul, wasm.f64Add),
        vector: fma(mulAdd("v128", wasm.f64x2Mul, wasm.f64x2Add), wasm.f64x2RelaxedMadd),
      },
      ...ints({ scalar: mulAdd("i32", wasm.i32Mul, wasm.i32Add), vector: mulAdd("v128", wasm.i32x4Mul, wasm.i32x4Add) }),
      bool: "none",
    },
  };
}

/** Shifts of a whole register by one amount, which WebAssembly has where the general case goes lane by lane. */
export const uniformShift: Readonly<Record<"shl" | "shr", Readonly<Record<"int32" | "uint32", wasm.Opcode>>>> = {
  shl: { int32: wasm.i32x4Shl, uint32: wasm.i32x4Shl },
  shr: { int32: wasm.i32x4ShrS, uint32: wasm.i32x4ShrU },
};
