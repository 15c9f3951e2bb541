import { expect, test } from "vitest";
import { gradientsInWords } from "./gradient-words.js";

test.each([
  [[1e-7, 1e-5, 4e-3], /vanishes on its way back: the first layer’s is 40,000 times smaller/],
  [[4, 0.2, 0.01], /grows on its way back: the first layer’s is 400 times/],
  [[0.02, 0.04, 0.05], /All layers learn: the first layer’s gradient is 2\.5 times smaller/],
  [[0.05, 0.01], /5\.0 times larger/],
  [[5e4, 2], /explode/],
  [[0, 1e-3], /Nothing of the gradient arrives/],
  [[0, 0], /nothing can be learned/],
  [[NaN, 1], /not finite/],
  [[0.1], /One layer has one gradient/],
])("%j", (sizes, text) => expect(gradientsInWords(sizes)).toMatch(text));
