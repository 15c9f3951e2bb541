import type { Chapter } from "./chapter-type.js";
import { codeFiles } from "./code-files.js";
import { presets } from "./presets.js";
import { Try } from "./try.js";

const none = { penalty: "none", dropout: 0, trainShare: 0.5, count: 100, hidden: [16, 16] } as const;

function Text() {
  return (
    <>
      <p>
        Fifty noisy points and more than three hundred parameters: the network can learn every point by heart, and does. The training loss goes to 0 while the loss on the test points
        turns and <em>rises</em>: it is sure of what was only noise. The answer grows islands and fingers around single dots.
      </p>
      <ul>
        <li>
          <Try set={{ ...none, penalty: "l2", penaltyRate: 0.03 }}>L2</Try> adds the sum of squared weights to the loss: large weights, which sharp edges need, cost something. The edge
          becomes smooth, and the test loss stays low.
        </li>
        <li>
          <Try set={{ ...none, penalty: "l1", penaltyRate: 0.01 }}>L1</Try> adds their absolute values: many weights come near to 0, and their lines fade from the diagram.
        </li>
        <li>
          <Try set={{ ...none, dropout: 0.4 }}>Dropout</Try> leaves out a random share of the hidden neurons in each step, so that none can rely on another. In so small a network it helps only
          for a while.
        </li>
        <li>
          <Try set={{ ...none, count: 1000, trainShare: 0.5 }}>Ten times as many points</Try>: more data is the best remedy.
        </li>
        <li>
          <Try set={{ ...none, hidden: [3] }}>A smaller network</Try> has no room for noise.
        </li>
        <li>
          <Try set={none}>Nothing of it</Try>, but pause where the test loss is least: <em>early stopping</em>.
        </li>
      </ul>
      <p>
        Do not judge by the training loss: of two networks, the one with the smaller <em>test</em> loss knows more. Uncheck <em>Show test points</em> and ask yourself which edge you would
        believe.
      </p>
    </>
  );
}

export const overfittingChapter: Chapter = {
  id: "overfitting",
  title: "Overfitting",
  settings: presets.overfitting,
  Text,
  code: [codeFiles.training, codeFiles.network, codeFiles.networkLearner],
};
