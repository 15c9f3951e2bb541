import { expect, test } from "vitest";
import { confusionMatrix } from "../metrics/confusion.js";
import { confusionText } from "./confusion-text.js";
import { drawImage, drawImages } from "./draw-image.js";
import { formatScores } from "./evaluate-command.js";
import { formatProbabilities } from "./probability-bars.js";

const stream = (columns?: number): { write: () => boolean; columns?: number } => ({ write: () => true, ...(columns !== undefined && { columns }) });
const widest = (lines: readonly string[]): number => Math.max(...lines.map((line) => line.length));
const escape = "\x1b";

test("a confusion matrix leaves out what there is no room for", () => {
  const matrix = { classes: 10, counts: new Uint32Array(100).fill(1234) };
  expect(confusionText(matrix, stream(80))).toContain("recall");
  const narrow = confusionText(matrix, stream(60));
  expect([narrow.includes("recall"), widest(narrow.split("\n"))]).toEqual([false, 57]);
  const names = ["airplane", "automobile", "bird"];
  expect(confusionText({ classes: 3, counts: new Uint32Array(9) }, stream(80), names)).toContain("automobile");
  expect(confusionText({ classes: 3, counts: new Uint32Array(9) }, stream(30), names)).not.toContain("automobile");
});

test("probabilities are bars as long as there is room; of many classes the ten most probable are shown", () => {
  expect(formatProbabilities([["no", 0.25], ["yes", 0.75]], stream(30))).toEqual([
    `  no   ███▎${"░".repeat(9)}   25.0 %`,
    `  yes  █████████▊${"░".repeat(3)}   75.0 %`,
  ]);
  for (const columns of [40, 60, 80, 200]) expect(widest(formatProbabilities([["a", 1]], stream(columns)))).toBeLessThanOrEqual(Math.min(columns, 56));
  const many = Array.from({ length: 30 }, (_, i) => [`class ${i}`, i / 435] as const);
  expect(formatProbabilities(many, stream(60)).map((line) => line.slice(2, 10))).toEqual(Array.from({ length: 10 }, (_, i) => `class ${29 - i}`));
});

test("images are half blocks in grey, or plain characters without colour", () => {
  const picture = { width: 2, height: 3, shades: [0, 255, 255, 255, 0, 128] };
  expect(drawImage(picture, false)).toEqual(["=@", " :"]);
  expect(drawImage(picture, true)).toEqual([
    `${escape}[38;5;232;48;5;255m▀${escape}[38;5;255;48;5;255m▀${escape}[0m`,
    `${escape}[38;5;232;48;5;232m▀${escape}[38;5;244;48;5;232m▀${escape}[0m`,
  ]);
  const row = Array.from({ length: 3 }, (_, i) => ({ ...picture, title: String(i) }));
  expect(drawImages(row, 6, false)).toEqual(["0   1", "=@  =@", " :   :", "", "2", "=@", " :"]);
});

test("scores fit into 60 columns", () => {
  const count = 30;
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  const predicted = Int32Array.from(labels, (label, i) => (i < 8 ? (label + 1) % 10 : label));
  const images = new Uint8Array(count * 784).map((_, i) => i % 256);
  const set = { images, labels, count, height: 28, width: 28, classes: 10 };
  const evaluation = { loss: 0.5, accuracy: 22 / 30, predicted, confidence: new Float32Array(count), compileSeconds: 0 };
  const names = Array.from({ length: 10 }, (_, i) => String(i));
  const text = formatScores({ data: "mnist", test: set, evaluation, matrix: confusionMatrix(predicted, labels, 10), names }, stream(60));
  expect(widest(text.split("\n"))).toBeLessThanOrEqual(60);
  expect(text).toContain("8 were read wrongly, such as these:\n\n0 read as 1                   1 read as 2\n");
  expect(text.includes(escape)).toBe(false);
});
