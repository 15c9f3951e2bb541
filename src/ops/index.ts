import { addOp, divOp, maxOp, minOp, mulOp, negOp, subOp } from "./arithmetic.js";
import { afterOp } from "./after.js";
import type { Op } from "../ir/graph.js";
import { attentionGradientOp } from "./attention-gradient.js";
import { attentionOp } from "./attention.js";
import { andOp, notOp, orOp, shlOp, shrOp, xorOp } from "./bitwise.js";
import { broadcastOp, reduceAddOp } from "./broadcast.js";
import { checkpointOp, customVjpOp } from "./call.js";
import { eqOp, leOp, ltOp, neOp, selectOp } from "./compare.js";
import { constantOp, iotaOp } from "./constant.js";
import { convOp } from "./conv.js";
import { convertOp } from "./convert.js";
import { cumulativeOp } from "./cumulative.js";
import { dotOp } from "./dot.js";
import { dynamicSliceOp, dynamicUpdateSliceOp } from "./dynamic-slice.js";
import { gatherOp, scatterOp } from "./gather.js";
import { reshapeOp, reverseOp, stopGradientOp, transposeOp } from "./movement.js";
import { atan2Op, modOp, powOp } from "./power.js";
import { randomBitsOp } from "./random-bits.js";
import { argReduceWindowOp, reduceWindowOp } from "./reduce-window.js";
import { argReduceOp, reduceAndOp, reduceMaxOp, reduceMinOp, reduceMulOp, reduceOrOp } from "./reduce.js";
import { absOp, ceilOp, floorOp, roundOp, signOp, truncOp } from "./rounding.js";
import { scanOp } from "./scan.js";
import { concatOp, padOp, sliceOp } from "./slicing.js";
import { sortOp } from "./sort.js";
import { atanOp, cosOp, erfOp, expOp, expm1Op, log1pOp, logOp, sigmoidOp, sinOp, sqrtOp, tanhOp } from "./transcendental.js";

export { add, div, max, min, mul, neg, sub } from "./arithmetic.js";
export { after } from "./after.js";
export { recordBatched, repeated } from "./batching.js";
export { attention } from "./attention.js";
export { and, not, or, shl, shr, xor } from "./bitwise.js";
export { broadcast } from "./broadcast.js";
export { checkpoint, customVjp } from "./call.js";
export { eq, ge, gt, le, lt, ne, select } from "./compare.js";
export { constant, iota } from "./constant.js";
export { conv, type ConvOptions } from "./conv.js";
export { convert } from "./convert.js";
export { cumulative, type CumulativeFold } from "./cumulative.js";
export { dot, type DotOptions } from "./dot.js";
export { dynamicSlice, dynamicUpdateSlice } from "./dynamic-slice.js";
export { wrapNumber } from "./dtype-rules.js";
export { gather, scatter, type ScatterMode } from "./gather.js";
export { reshape, reverse, stopGradient, transpose } from "./movement.js";
export { atan2, mod, pow } from "./power.js";
export { randomBits } from "./random-bits.js";
export { argReduceWindow, reduceWindow, type WindowOptions } from "./reduce-window.js";
export { argReduce, reduce } from "./reduce.js";
export { abs, ceil, floor, round, sign, trunc } from "./rounding.js";
export { scan } from "./scan.js";
export { concat, pad, slice } from "./slicing.js";
export { sort } from "./sort.js";
export { atan, cos, erf, exp, expm1, log, log1p, sigmoid, sin, sqrt, tanh } from "./transcendental.js";

/** Every primitive operator but the leaves. */
export const allOps: readonly Op[] = [
  addOp, subOp, mulOp, divOp, modOp, powOp, minOp, maxOp, atan2Op,
  andOp, orOp, xorOp, shlOp, shrOp, notOp,
  ltOp, leOp, eqOp, neOp, selectOp, convertOp,
  negOp, absOp, signOp, floorOp, ceilOp, roundOp, truncOp,
  sqrtOp, expOp, expm1Op, logOp, log1pOp, sinOp, cosOp, tanhOp, sigmoidOp, erfOp, atanOp,
  constantOp, iotaOp, randomBitsOp,
  broadcastOp, reshapeOp, transposeOp, reverseOp, stopGradientOp, sliceOp, padOp, concatOp, dynamicSliceOp, dynamicUpdateSliceOp,
  gatherOp, scatterOp, sortOp,
  reduceAddOp, reduceMulOp, reduceMinOp, reduceMaxOp, reduceAndOp, reduceOrOp, argReduceOp, cumulativeOp,
  reduceWindowOp, argReduceWindowOp, dotOp, convOp, scanOp, attentionOp, attentionGradientOp, afterOp, checkpointOp, customVjpOp,
];
