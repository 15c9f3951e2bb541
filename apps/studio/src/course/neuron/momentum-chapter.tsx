import type { Chapter } from "./chapter-type.js";
import { codeFiles } from "./code-files.js";
import { presets } from "./presets.js";
import { Try } from "./try.js";

function Text() {
  return (
    <>
      <p>
        In a long ravine the gradient mostly points across, and plain descent creeps along. <em>Momentum</em> keeps nine tenths of the last step’s direction: what points to and fro
        cancels out, what points along adds up.
      </p>
      <p class="formula">v ← 0.9 v + ∂L/∂w, &ensp; w ← w − η v</p>
      <ul>
        <li>
          <Try set={{ optimizer: "sgd" }}>SGD</Try> without momentum: after 1,000 steps the tips of the moons are still wrong.
        </li>
        <li>
          <Try set={{ optimizer: "momentum" }}>Momentum</Try>: about ten times as far in the same number of steps, which is 1/(1 − 0.9).
        </li>
        <li>
          <Try set={{ optimizer: "nesterov" }}>Nesterov’s momentum</Try> takes the gradient where the momentum is about to lead.
        </li>
        <li>
          <Try set={{ optimizer: "rmsprop" }}>RMSprop</Try> divides each weight’s gradient by its usual size, so that every weight moves about equally fast, however weak its gradient.
        </li>
        <li>
          <Try set={{ optimizer: "adam" }}>Adam</Try> does both, and corrects that its means begin at 0. <Try set={{ optimizer: "radam" }}>RAdam</Try> waits with the division until its
          mean can be trusted, and <Try set={{ optimizer: "adamw" }}>AdamW</Try> shrinks the weights apart from the gradient.
        </li>
      </ul>
      <p>
        All begin with the same weights and the same points: the seed says which. These buttons begin anew. Choose another optimizer in the list while it runs: the weights stay, and only the optimizer’s memory begins anew.
      </p>
    </>
  );
}

export const momentumChapter: Chapter = {
  id: "momentum",
  title: "Momentum and Adam",
  settings: presets.momentum,
  Text,
  code: [codeFiles.training, codeFiles.networkLearner],
};
