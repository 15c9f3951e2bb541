import { formatConfusionMatrix, type ConfusionMatrix } from "../metrics/confusion.js";
import type { OutputStream } from "./terminal.js";

/** The matrix with what of its labels and its last column, which other figures tell as well, there is room for. */
export function confusionText(matrix: ConfusionMatrix, { columns = Infinity }: OutputStream, names?: readonly string[]): string {
  const width = (text: string): number => Math.max(...text.split("\n").map((line) => line.length));
  const candidates = [
    ...(names ? [formatConfusionMatrix(matrix, names)] : []),
    formatConfusionMatrix(matrix),
    formatConfusionMatrix(matrix, undefined, { recall: false }),
  ];
  return candidates.find((text) => width(text) <= columns) ?? candidates.at(-1) ?? "";
}
