import { beforeAll, describe, expect, it } from "vitest";
import { useReference } from "../../test/values.js";
import { ArgumentError, interpolate, ShapeError, zeros } from "../tensor/index.js";
import * as nn from "./index.js";

beforeAll(useReference);

/** What is wrong, what throws, and words that the message must hold. */
const mistakes: readonly (readonly [what: string, run: () => unknown, error: new (...args: never[]) => Error, words: RegExp])[] = [
  ["features that differ from BatchNorm's", () => new nn.BatchNorm2d(3).forward(zeros([1, 4, 2, 2])), ShapeError, /BatchNorm2d.*\[1, 4, 2, 2\].*3 channels/],
  ["a rank that BatchNorm2d lacks", () => new nn.BatchNorm2d(3).forward(zeros([1, 3, 2])), ShapeError, /rank 4/],
  ["one value per channel in training", () => new nn.BatchNorm1d(3).forward(zeros([1, 3])), ShapeError, /one value per channel/],
  ["one value per instance", () => new nn.InstanceNorm2d(3).forward(zeros([2, 3, 1, 1])), ShapeError, /one value per channel/],
  ["LayerNorm of another shape", () => new nn.LayerNorm([3, 4]).forward(zeros([2, 4, 3])), ShapeError, /\[2, 4, 3\] must end with \[3, 4\]/],
  ["groups that do not divide channels", () => new nn.GroupNorm(2, 3), ArgumentError, /3 channels cannot be cut into 2 groups/],
  ["LocalResponseNorm of a matrix", () => new nn.LocalResponseNorm(3).forward(zeros([2, 3])), ShapeError, /\[N, C, …\]/],
  ["a padding index beyond the ids", () => new nn.Embedding(5, 2, { paddingIdx: 5 }), ArgumentError, /paddingIdx 5/],
  ["Bilinear's other input", () => new nn.Bilinear(2, 3, 4).forward(zeros([1, 2]), zeros([1, 2])), ShapeError, /bilinear/],
  ["channels for PixelShuffle", () => new nn.PixelShuffle(2).forward(zeros([6, 2, 2])), ShapeError, /groups of 4/],
  ["sizes for PixelUnshuffle", () => new nn.PixelUnshuffle(2).forward(zeros([1, 3, 2])), ShapeError, /divided by 2/],
  ["widths for ReflectionPad2d", () => new nn.ReflectionPad2d([1, 2, 3]), ArgumentError, /ReflectionPad2d.*4 numbers/],
  ["a border that reflection cannot fill", () => new nn.ReflectionPad1d(3).forward(zeros([1, 3])), ShapeError, /at most 2/],
  ["an adaptive size of 0", () => new nn.AdaptiveAvgPool2d([2, 0]).forward(zeros([1, 4, 4])), ArgumentError, /output size \[2,0\]/],
  ["a rank that adaptive pooling lacks", () => new nn.AdaptiveMaxPool1d(2).forward(zeros([4])), ShapeError, /rank 3, or 2 without batch/],
  ["groups of a transposed convolution", () => new nn.ConvTranspose2d(3, 4, 2, { groups: 2 }), ArgumentError, /2 groups/],
  ["an output padding as large as the stride", () => new nn.ConvTranspose1d(1, 1, 2, { outputPadding: 1 }).forward(zeros([1, 1, 3])), ArgumentError, /outputPadding/],
  ["an odd axis for GLU", () => new nn.GLU().forward(zeros([2, 3])), ShapeError, /glu.*must be even/],
  ["weights of PReLU", () => new nn.PReLU({ numParameters: 2 }).forward(zeros([1, 3, 2])), ShapeError, /\[1\] or \[3\]/],
  ["limits in disorder", () => new nn.Hardtanh({ minVal: 1, maxVal: 0 }).forward(zeros([1])), ArgumentError, /below maxVal/],
  ["neither size nor scaleFactor", () => interpolate(zeros([1, 1, 2]), {}), ArgumentError, /one of size and scaleFactor/],
  ["a mode of another rank", () => interpolate(zeros([1, 1, 2]), { size: 3, mode: "bilinear" }), ShapeError, /rank 4/],
  ["alignCorners of nearest", () => interpolate(zeros([1, 1, 2]), { size: 3, alignCorners: true }), ArgumentError, /alignCorners/],
  ["a scale that leaves nothing", () => interpolate(zeros([1, 1, 2]), { scaleFactor: 0.25 }), ArgumentError, /leaves nothing/],
];

describe("refuses, naming what came and what was expected:", () => {
  it.each(mistakes)("%s", (_, run, error, words) => {
    expect(run).toThrow(error);
    expect(run).toThrow(words);
  });
});
