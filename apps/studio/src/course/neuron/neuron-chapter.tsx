import type { Chapter } from "./chapter-type.js";
import { codeFiles } from "./code-files.js";
import { presets } from "./presets.js";
import { Try } from "./try.js";

function Text() {
  return (
    <>
      <p>
        A neuron takes some numbers, weighs each of them, adds them up with a number of its own, the <em>bias</em>, and makes one number of the sum. Here it takes the two
        coordinates of a point:
      </p>
      <p class="formula">
        z = w₁ x₁ + w₂ x₂ + b, &ensp; p = 1 / (1 + e<sup>−z</sup>)
      </p>
      <p>
        Where z is 0, the neuron is undecided (p = ½), and these places lie on a line. On one side of it p goes to 1, on the other to 0: the colours of the plane are the neuron’s
        answer, and the dots are what it should have said. Dots with a strong edge are kept from the training; they <em>test</em>.
      </p>
      <p>
        Press <strong>Run</strong>. Each step moves the weights a little so that the loss, the mean of −ln of the probability of the right class, becomes smaller. You see the line
        turn, the two weights grow, and the gradient shrink as there is less and less to mend.
      </p>
      <ul>
        <li>
          Choose the neuron in the diagram and set its weights by hand: w₁ and w₂ turn the line, the bias shifts it, and both together larger make its edge sharper.
        </li>
        <li>
          Choose <em>Class 0</em> or <em>Class 1</em> under the plane and put dots where they do not belong.
        </li>
        <li>
          <Try set={{ points: "moons", noise: 0.05, drawn: [] }}>Moons</Try> cannot be parted by a line. What does the neuron do?
        </li>
        <li>
          <Try set={{ points: "circle", noise: 0, drawn: [], features: ["x1Squared", "x2Squared"] }}>A circle, seen as x₁² and x₂²</Try>: a line in what the neuron sees is a curve
          in the plane.
        </li>
        <li>
          <Try set={{ points: "clusters", classes: 4, drawn: [], features: ["x1", "x2"] }}>Four classes</Try> have a neuron each; <em>softmax</em> turns their sums into
          probabilities.
        </li>
      </ul>
    </>
  );
}

export const neuronChapter: Chapter = {
  id: "neuron",
  title: "One neuron",
  settings: presets.neuron,
  Text,
  code: [codeFiles.network, codeFiles.training, codeFiles.points, codeFiles.networkLearner],
};
