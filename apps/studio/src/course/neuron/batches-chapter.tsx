import type { Chapter } from "./chapter-type.js";
import { codeFiles } from "./code-files.js";
import { presets } from "./presets.js";
import { Try } from "./try.js";

function Text() {
  return (
    <>
      <p>
        Descent needs the slope of the loss. It can be taken from all points (<em>batch</em> descent), from one point drawn at random (<em>stochastic</em> descent), or from a few
        (<em>mini-batches</em>). A pass over all training points is an <em>epoch</em>.
      </p>
      <ul>
        <li>
          <Try set={{ batch: 0 }}>All points in a step</Try>: the faint line, the loss of the step’s own batch, lies on the training loss. Each step is sure of its way, and an epoch
          has only one.
        </li>
        <li>
          <Try set={{ batch: 1 }}>One point in a step</Try>: each step follows one point’s wish. The faint line jumps wildly, and still the training loss falls, with many steps in an
          epoch.
        </li>
        <li>
          <Try set={{ batch: 10 }}>Ten points in a step</Try>: most of the noise is averaged away, and an epoch still has many steps. This is how networks are trained.
        </li>
      </ul>
      <p>
        Reset, press <strong>Epoch</strong> ten times with all points and ten times with one point a step, and compare the losses: the same points were seen as often. Then compare after
        the same number of steps.
      </p>
      <p>
        With one point in a step and <Try set={{ batch: 1, lr: 0.3 }}>a large learning rate</Try> the noise never calms down. A rate that falls helps:{" "}
        <Try set={{ batch: 1, lr: 0.3, schedule: "cosine", scheduleSteps: 5000 }}>half a cosine, to 0 in 5,000 steps</Try>.
      </p>
    </>
  );
}

export const batchesChapter: Chapter = {
  id: "batches",
  title: "Batches",
  settings: presets.batches,
  Text,
  code: [codeFiles.training, codeFiles.networkLearner],
};
