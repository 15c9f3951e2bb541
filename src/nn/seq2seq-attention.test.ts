import { expect, it } from "vitest";
import { expectClose, useReference } from "../../test/values.js";
import { ones, randn, tensor, zeros } from "../tensor/index.js";
import { DotAttention, LearnedPositionEncoding, SinusoidalPositionEncoding } from "./index.js";

useReference();

it("DotAttention averages values by e^(q·k) over the keys that a mask allows", async () => {
  const keys = tensor([[[1, 0], [0, 2], [3, 3]]]);
  const values = tensor([[[1], [10], [100]]]);
  const mask = tensor([[true, true, false]]);
  const [context, weights] = new DotAttention().forward(tensor([[0.5, 0.25]]), keys, { values, mask });
  const share = Math.exp(0.5) / (Math.exp(0.5) + Math.exp(0.5));
  await expectClose(weights, [[share, 1 - share, 0]], 1e-6);
  await expectClose(context, [[share + 10 * (1 - share)]], 1e-5);
  expect(new DotAttention().parameters()).toEqual([]);
});

it("position encodings add the same to every sequence, whichever axis comes first", async () => {
  const x = randn([2, 3, 4]);
  const first = new SinusoidalPositionEncoding({ batchFirst: true }).forward(x);
  await expectClose(new SinusoidalPositionEncoding().forward(x.transpose(0, 1)).transpose(0, 1), await first.array(3), 1e-7);
  await expectClose(new SinusoidalPositionEncoding().forward(zeros([1, 4])), [[0, 1, 0, 1]]);
  const learned = new LearnedPositionEncoding(2, 4);
  expect(() => learned.forward(ones([3, 1, 4]))).toThrow("at most 2 of 4");
  expect(() => learned.forward(ones([4]))).toThrow("steps, features");
});
