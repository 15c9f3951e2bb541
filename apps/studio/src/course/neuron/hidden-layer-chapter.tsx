import type { Chapter } from "./chapter-type.js";
import { codeFiles } from "./code-files.js";
import { presets } from "./presets.js";
import { Try } from "./try.js";

const xor = { points: "xor", noise: 0, drawn: [] } as const;

function Text() {
  return (
    <>
      <p>
        Between what the network sees and its answer there is now a <em>hidden layer</em> of four neurons. Each draws a line of its own, as its picture shows; the output weighs the
        four pictures and adds them up. A sum of folded planes can be high in two opposite corners, and XOR is solved.
      </p>
      <p class="formula">
        h = f(W₁x + b₁), &ensp; z = W₂h + b₂
      </p>
      <p>
        Run it, then point at the neurons of the hidden layer: the plane shows what each says. Nobody told them where to put their lines; <em>backpropagation</em> does. It passes the
        slope of the loss back through W₂ and f, so that every weight knows which way to go.
      </p>
      <ul>
        <li>
          <Try set={{ ...xor, hidden: [2] }}>Two neurons</Try> could be enough, and often they do not get there: with few neurons the descent gets stuck. Try other seeds.
        </li>
        <li>
          <Try set={{ ...xor, hidden: [8] }}>Eight neurons</Try> find a way nearly always.
        </li>
        <li>
          <Try set={{ ...xor, hidden: [4], activation: "identity" }}>Four neurons without activation</Try>: a sum of sums is a sum. However many layers, this is one line again.
        </li>
        <li>
          <Try set={{ ...xor, hidden: [4], activation: "relu", initialization: "zeros" }}>All weights 0 at first</Try>: the neurons of a layer are the same and stay the same, so they
          begin with random numbers instead.
        </li>
      </ul>
      <p>
        The thickness of a line is a weight’s size, its colour the sign (orange below 0, blue above). Point at one to read it; click to set it by hand.
      </p>
    </>
  );
}

export const hiddenLayerChapter: Chapter = {
  id: "hidden-layer",
  title: "A hidden layer",
  settings: presets.hiddenLayer,
  Text,
  code: [codeFiles.network, codeFiles.training, codeFiles.networkLearner],
};
