import judge from "../../labs/digits/judge.ts?raw";
import lookInside from "../../labs/digits/look-inside.ts?raw";
import network from "../../labs/digits/network.ts?raw";
import prepareDrawing from "../../labs/digits/prepare-drawing.ts?raw";
import train from "../../labs/digits/train.ts?raw";
import type { CodeFile } from "../code-files.js";

const lab = "apps/studio/src/labs/digits";

/** The modules that the lab runs, as they are: these texts are the files. */
export const codeFiles = {
  network: { title: "The networks", path: `${lab}/network.ts`, code: network },
  train: { title: "Training", path: `${lab}/train.ts`, code: train },
  lookInside: { title: "What every layer gives", path: `${lab}/look-inside.ts`, code: lookInside },
  judge: { title: "Reading the test images", path: `${lab}/judge.ts`, code: judge },
  prepareDrawing: { title: "From strokes to pixels", path: `${lab}/prepare-drawing.ts`, code: prepareDrawing },
} satisfies Readonly<Record<string, CodeFile>>;
