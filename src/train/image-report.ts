import { encode } from "fast-png";
import type { ImageSet } from "../data/image-set.js";
import { confusionMatrix } from "../metrics/confusion.js";
import { classificationReport, listedExamples, type ClassificationReport, type Misread, misreadOnes } from "./evaluation-report.js";
import type { Evaluation } from "./evaluate.js";
import type { FileContents } from "../files/files.js";

const picturedExamples = 100;
const pictureColumns = 10;

/** The files that say how a classifier of images did: `evaluation.json` and, where something was misread, `misread.png`. */
export function imageReportFiles({ loss, predicted, confidence }: Omit<Evaluation, "compileSeconds">, test: ImageSet): FileContents {
  const { labels, classes, classNames, height, width } = test;
  const misread = misreadOnes(predicted, labels, confidence);
  const count = Math.min(misread.length, picturedExamples);
  const report: ClassificationReport = {
    ...classificationReport({ loss, matrix: confusionMatrix(predicted, labels, classes), names: classNames }),
    misread: misread.slice(0, listedExamples),
    ...(count > 0 && { pictures: { width, height, columns: pictureColumns, count } }),
  };
  const files = new Map<string, Uint8Array | string>([["evaluation.json", JSON.stringify(report)]]);
  if (count > 0) files.set("misread.png", pictureSheet(test, misread.slice(0, count)));
  return files;
}

/** Images side by side in rows of ten, as a PNG. */
function pictureSheet({ images, height, width, channels = 1 }: ImageSet, examples: readonly Misread[]): Uint8Array {
  const colours = channels === 3 ? 3 : 1;
  const rows = Math.ceil(examples.length / pictureColumns);
  const across = pictureColumns * width;
  const data = new Uint8Array(across * rows * height * colours);
  const plane = height * width;
  examples.forEach(({ index }, place) => {
    const [left, top] = [(place % pictureColumns) * width, Math.floor(place / pictureColumns) * height];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let c = 0; c < colours; c++) data[((top + y) * across + left + x) * colours + c] = images[(index * channels + c) * plane + y * width + x] ?? 0;
      }
    }
  });
  return encode({ width: across, height: rows * height, data, channels: colours, depth: 8 });
}
