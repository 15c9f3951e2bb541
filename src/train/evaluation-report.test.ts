import { expect, test } from "vitest";
import { decodeImage } from "../data/decode-image.js";
import { misreadOnes, type ClassificationReport } from "./evaluation-report.js";
import { imageReportFiles } from "./image-report.js";

test("the report of a classifier counts, and lists what was misread, the surest first", async () => {
  // Two rows of 1 × 2 pixels for each example: its place in both.
  const images = Uint8Array.from({ length: 12 * 2 }, (_, i) => Math.floor(i / 2));
  const labels = Uint8Array.from({ length: 12 }, (_, i) => i % 2);
  const predicted = Int32Array.from(labels, (label, i) => (i === 3 || i === 8 ? 1 - label : label));
  const confidence = new Float32Array(12).fill(0.5);
  confidence[8] = 0.75;
  const test = { images, labels, count: 12, height: 1, width: 2, classes: 2, classNames: ["even", "odd"] };
  const files = imageReportFiles({ loss: 0.25, accuracy: 10 / 12, predicted, confidence }, test);
  const report = JSON.parse(String(files.get("evaluation.json"))) as ClassificationReport;
  expect(report).toEqual({
    task: "classification",
    examples: 12,
    loss: 0.25,
    accuracy: 10 / 12,
    classes: ["even", "odd"],
    confusion: [[5, 1], [1, 5]],
    wrong: 2,
    misread: [
      { index: 8, actual: 0, predicted: 1, confidence: 0.75 },
      { index: 3, actual: 1, predicted: 0, confidence: 0.5 },
    ],
    pictures: { width: 2, height: 1, columns: 10, count: 2 },
  });
  const sheet = await decodeImage(files.get("misread.png") as Uint8Array);
  expect([sheet.width, sheet.height, sheet.channels]).toEqual([20, 1, 1]);
  expect(Array.from(sheet.pixels.subarray(0, 5))).toEqual([8, 8, 3, 3, 0]);
});

test("of tables no confidence is known", () => {
  expect(misreadOnes([0, 1, 1], [0, 0, 0])).toEqual([{ index: 1, actual: 0, predicted: 1 }, { index: 2, actual: 0, predicted: 1 }]);
});
