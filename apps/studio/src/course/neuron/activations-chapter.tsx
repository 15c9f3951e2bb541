import type { Chapter } from "./chapter-type.js";
import { codeFiles } from "./code-files.js";
import { presets } from "./presets.js";
import { Try } from "./try.js";

function Text() {
  return (
    <>
      <p>
        What a neuron makes of its sum is its <em>activation</em>. It has to bend: otherwise all layers are one. The plot beside the choice shows it, and dashed its slope, by which
        backpropagation multiplies whatever passes the neuron on the way back. Where the slope is near 0, the neuron hardly learns: it is <em>saturated</em>.
      </p>
      <ul>
        <li>
          <Try set={{ activation: "sigmoid" }}>Sigmoid</Try> between 0 and 1. Its slope is ¼ at most, and both ends are level. Two layers of it learn this circle slowly.
        </li>
        <li>
          <Try set={{ activation: "tanh" }}>Tanh</Try> between −1 and 1, centred, with a slope of 1 in the middle.
        </li>
        <li>
          <Try set={{ activation: "relu" }}>ReLU</Try>, max(0, z): slope 1 or 0, quick to compute. A neuron whose sum is below 0 for every point is dead, and its picture empty.
        </li>
        <li>
          <Try set={{ activation: "leakyRelu" }}>Leaky ReLU</Try> and <Try set={{ activation: "elu" }}>ELU</Try> keep some slope below 0.
        </li>
        <li>
          <Try set={{ activation: "gelu" }}>GELU</Try> and <Try set={{ activation: "silu" }}>SiLU</Try> are smooth relatives of ReLU; today’s large networks have them.
        </li>
        <li>
          <Try set={{ activation: "identity" }}>Identity</Try>: no bend, no circle.
        </li>
      </ul>
      <p>
        Look at the answer’s edge: ReLU makes polygons, each corner where one neuron switches; tanh makes round edges. The pictures of bounded activations go from −1 to 1, those of the
        others to their largest number.
      </p>
    </>
  );
}

export const activationsChapter: Chapter = {
  id: "activations",
  title: "Activations",
  settings: presets.activations,
  Text,
  code: [codeFiles.activationCurve, codeFiles.network, codeFiles.networkLearner],
};
