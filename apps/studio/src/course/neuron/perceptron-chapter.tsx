import type { Chapter } from "./chapter-type.js";
import { codeFiles } from "./code-files.js";
import { presets } from "./presets.js";
import { Try } from "./try.js";

function Text() {
  return (
    <>
      <p>
        Frank Rosenblatt’s perceptron of 1958 is older than the gradient in this field. It answers yes or no by the sign of the sum, and learns from its mistakes alone: if a point of
        class 1 lies on the wrong side, the point is added to the weights; if one of class 0 does, it is taken from them.
      </p>
      <p class="formula">mistake: &ensp; w ← w ± η x, &ensp; b ← b ± η</p>
      <p>
        Set the speed to 2 steps/s and press <strong>Run</strong>: most steps change nothing, a mistake throws the line round. Once a line is found that makes none,
        nothing changes any more, and the lab stops. That this always happens if there is such a line, and after at most (R/γ)² mistakes, is the theorem of Novikoff (1962). Since b is
        learned as well, it speaks of the vectors (x₁, x₂, 1) and of planes through the origin: R is the longest vector, γ the width that is free on both sides of the best plane.
      </p>
      <ul>
        <li>
          <Try set={{ points: "clusters", noise: 0.3, drawn: [] }}>Clusters that overlap</Try>: without such a line the rule never comes to rest.
        </li>
        <li>
          <Try set={{ points: "xor", noise: 0, drawn: [], features: ["x1", "x2"] }}>XOR</Try>: class 1 where both coordinates have the same sign. However long it runs, about three in ten points or
          more stay wrong; no line can do better. Of XOR’s four corners it would be one. Minsky and Papert’s book of 1969 made this famous.
        </li>
        <li>
          <Try set={{ points: "xor", noise: 0, drawn: [], features: ["product"] }}>XOR, seen as x₁x₂</Try> takes a few mistakes: a good feature is half of the work. The next chapter
          has the network find it.
        </li>
      </ul>
      <p>There is no gradient here: the answer is a step, which is level everywhere but at the jump. That is why the neurons of all later chapters have a smooth answer.</p>
    </>
  );
}

export const perceptronChapter: Chapter = {
  id: "perceptron",
  title: "The perceptron",
  settings: presets.perceptron,
  Text,
  code: [codeFiles.perceptron, codeFiles.perceptronLearner],
};
