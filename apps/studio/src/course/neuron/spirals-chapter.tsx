import type { Chapter } from "./chapter-type.js";
import { codeFiles } from "./code-files.js";
import { presets } from "./presets.js";
import { Try } from "./try.js";

const plain = { features: ["x1", "x2"], classes: 2, hidden: [16, 16], drawn: [], points: "spirals" } as const;

function Text() {
  return (
    <>
      <p>
        Two spirals around each other were a hard test for the networks of the eighties. With what the last chapters say (GELU, He’s weights, Adam, batches of fifty) two layers of
        sixteen neurons part them in about a thousand steps.
      </p>
      <p>
        Point at the neurons: the first layer has lines, the second one bends and joins them, and the output puts the spiral together of these. Each layer makes a little more of the one
        before it.
      </p>
      <ul>
        <li>
          <Try set={{ ...plain, hidden: [8, 8] }}>Half as wide</Try>, or <Try set={{ ...plain, hidden: [16] }}>one layer only</Try>: what is lost?
        </li>
        <li>
          <Try set={{ ...plain, features: ["x1", "x2", "sinX1", "sinX2"] }}>With the sines of the coordinates</Try> among its features it is done sooner.
        </li>
        <li>
          <Try set={{ ...plain, classes: 3 }}>Three arms</Try> or <Try set={{ ...plain, classes: 4 }}>four</Try>.
        </li>
        <li>
          <Try set={{ ...plain, optimizer: "sgd" }}>Plain SGD</Try>, as in the eighties. And <Try set={{ ...plain, optimizer: "adam" }}>Adam</Try> again.
        </li>
        <li>
          <Try set={{ problem: "regression", points: "hills", features: ["x1", "x2"], hidden: [16, 16] }}>Hills and hollows</Try>: the same network, with numbers instead of classes.
        </li>
      </ul>
      <p>Now draw something of your own, find the smallest network that learns it, and send somebody the link.</p>
    </>
  );
}

export const spiralsChapter: Chapter = {
  id: "spirals",
  title: "Spirals",
  settings: presets.spirals,
  Text,
  code: [codeFiles.network, codeFiles.training, codeFiles.points, codeFiles.networkLearner],
};
