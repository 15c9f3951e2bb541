import type { Chapter } from "./chapter-type.js";
import { codeFiles } from "./code-files.js";
import { presets } from "./presets.js";
import { Try } from "./try.js";

function Text() {
  return (
    <>
      <p>
        Each step goes against the gradient, and the <em>learning rate</em> η says how far: w ← w − η ∂L/∂w. Here a single neuron without activation learns numbers instead of classes (a
        plane that rises to the upper right), from all points at once, with the mean squared error. The loss is then a bowl over the weights, and it can be worked out which rates do.
      </p>
      <ul>
        <li>
          <Try set={{ lr: 0.001 }}>0.001</Try>: in the right direction, in tiny steps.
        </li>
        <li>
          <Try set={{ lr: 0.03 }}>0.03</Try>: at the bottom in a moment.
        </li>
        <li>
          <Try set={{ lr: 0.1 }}>0.1</Try>: over the bottom and up the other side, less each time.
        </li>
        <li>
          <Try set={{ lr: 0.3 }}>0.3</Try>: each step lands higher than the one before. The loss grows without end until it is no number any more.
        </li>
      </ul>
      <p>
        Along each axis of the bowl, a step multiplies the distance to the bottom by 1 − ηλ, where λ is the bowl’s curvature. That shrinks as long as η is below 2/λ. For points spread
        evenly from −5 to 5, the largest λ is 2·25/3 ≈ 17, and so the limit is near 0.12.
      </p>
      <p>
        Networks have no such bowl, yet the same three things happen. On <Try set={{ problem: "classification", points: "circle", noise: 0.05, hidden: [4], lr: 0.03, drawn: [] }}>the circle</Try>{" "}
        compare 0.003, 0.03, 0.3 and 3. And if the inputs are scaled worse, the bowl is a ravine:{" "}
        <Try set={{ problem: "regression", points: "plane", noise: 0.1, hidden: [], lr: 0.03, drawn: [], features: ["x1", "x2", "x1Squared"] }}>with x₁² among the inputs</Try> the rate
        0.03, which was fine, is too large.
      </p>
    </>
  );
}

export const learningRateChapter: Chapter = {
  id: "learning-rate",
  title: "Learning rate",
  settings: presets.learningRate,
  Text,
  code: [codeFiles.training, codeFiles.networkLearner],
};
