import type { Chapter } from "./chapter-type.js";
import { codeFiles } from "./code-files.js";
import { presets } from "./presets.js";
import { Try } from "./try.js";

const eight = presets.depth.hidden;

function Text() {
  return (
    <>
      <p>
        Eight hidden layers of sigmoids, and nothing happens. The bars say why. On the way back, each layer multiplies the gradient by the activation’s slope, ¼ at most, and by its
        weights. After eight layers little is left: the first layer’s gradient is tens of thousands of times smaller than the output’s. The scale is logarithmic: on a plain one
        most bars could not be seen.
      </p>
      <ul>
        <li>
          <Try set={{ hidden: [6], activation: "sigmoid", initialization: "xavier", lr: 0.1 }}>One layer of sigmoids</Try> learns the circle. Add layers one by one with + and watch
          the bars.
        </li>
        <li>
          <Try set={{ hidden: eight, activation: "tanh", initialization: "xavier", lr: 0.1 }}>Tanh with Xavier’s weights</Try>: a slope of 1 in the middle, and weights of variance 2/(inputs
          + outputs), so that neither values nor gradients shrink. Eight layers learn.
        </li>
        <li>
          <Try set={{ hidden: eight, activation: "relu", initialization: "he", lr: 0.03 }}>ReLU with He’s weights</Try>: half of the sums are cut off, so the variance is 2/inputs. Learns as
          well.
        </li>
        <li>
          <Try set={{ hidden: eight, activation: "relu", initialization: "small", lr: 0.03 }}>ReLU with tiny weights</Try>: every layer makes everything about sixty times smaller.
        </li>
        <li>
          <Try set={{ hidden: eight, activation: "relu", initialization: "large", lr: 0.03 }}>ReLU with large weights</Try>: now it <em>explodes</em>. The first step throws the weights so
          far away that most neurons never answer again, or the loss is no number.
        </li>
      </ul>
      <p>
        A bar is the root of the mean square of the gradients of a layer’s weights, over all training points. Deeper networks than these also need shortcuts around their layers and
        normalization between them.
      </p>
    </>
  );
}

export const depthChapter: Chapter = {
  id: "depth",
  title: "Depth",
  settings: presets.depth,
  Text,
  code: [codeFiles.gradientSizes, codeFiles.network, codeFiles.networkLearner],
};
