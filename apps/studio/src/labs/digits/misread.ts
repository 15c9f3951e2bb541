import type { Judgement } from "./judge.js";
import type { LabEvent } from "./protocol.js";
import type { Session } from "./session.js";

/** Misread images that are shown. */
const shown = 48;

/** What the page is told of a judgement: the confusion matrix, and the images that were misread with the greatest confidence. */
export function misreadOf({ data: { test }, step }: Session, { loss, accuracy, predicted, confidence, confusion }: Judgement): Extract<LabEvent, { kind: "judged" }> {
  const size = test.height * test.width;
  const wrong = Array.from(predicted.keys()).filter((i) => predicted[i] !== test.labels[i]);
  const misread = wrong
    .sort((a, b) => (confidence[b] ?? 0) - (confidence[a] ?? 0))
    .slice(0, shown)
    .map((index) => ({
      index,
      pixels: test.images.slice(index * size, (index + 1) * size),
      label: test.labels[index] ?? 0,
      predicted: predicted[index] ?? 0,
      confidence: confidence[index] ?? 0,
    }));
  return { kind: "judged", step, loss, accuracy, confusion: confusion.counts, misread, wrong: wrong.length };
}
