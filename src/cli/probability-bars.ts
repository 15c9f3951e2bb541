import { bar } from "./progress-line.js";
import { hasColour, painter, type OutputStream } from "./terminal.js";

/** At most so many classes are shown, the most probable ones. */
const mostLines = 10;

/** A line with a bar for each class, in order of the classes; of many classes the ten most probable, these first. */
export function formatProbabilities(probabilities: readonly (readonly [name: string, share: number])[], stream: OutputStream): string[] {
  const sorted = [...probabilities].sort((a, b) => b[1] - a[1]);
  const shown = probabilities.length > mostLines ? sorted.slice(0, mostLines) : probabilities;
  const best = sorted[0];
  const paint = painter(hasColour(stream));
  const label = Math.min(24, Math.max(...shown.map(([name]) => name.length)));
  const width = Math.min(40, Math.max(8, (stream.columns ?? 80) - label - 14));
  return shown.map((entry) => {
    const [name, share] = entry;
    const text = bar(share, width);
    const percent = `${(100 * share).toFixed(1).padStart(5)} %`;
    return `  ${name.slice(0, label).padEnd(label)}  ${entry === best ? paint("green", text) : text}  ${percent}`;
  });
}
