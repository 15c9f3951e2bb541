// Draws the training loss of saved runs as an SVG:  node scripts/draw-runs.mjs RUN_DIR... > docs/training.svg
import { readFileSync } from "node:fs";
import { join } from "node:path";

const width = 760;
const height = 380;
const plot = { left: 56, right: 560, top: 28, bottom: 328 };
const colours = ["#3b82f6", "#ef7d22", "#16a36b", "#a855f7"];

function readRun(folder) {
  const lines = readFileSync(join(folder, "metrics.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line));
  const { recipe, data } = JSON.parse(readFileSync(join(folder, "recipe.json"), "utf8"));
  const points = lines.filter((line) => "loss" in line);
  const { test } = lines.find((line) => "test" in line) ?? {};
  return { label: `${recipe}, ${data}`, points, test };
}

/** Means of neighbouring points, so that about `count` are left. */
function thinned(points, count) {
  const size = Math.max(1, Math.ceil(points.length / count));
  const groups = Array.from({ length: Math.ceil(points.length / size) }, (_, i) => points.slice(i * size, (i + 1) * size));
  return groups.map((group) => ({
    epoch: group.at(-1).epoch,
    loss: group.reduce((sum, { loss }) => sum + loss, 0) / group.length,
  }));
}

const runs = process.argv.slice(2).map(readRun).map((run) => ({ ...run, points: thinned(run.points, 90) }));
if (runs.length === 0) throw new Error("name at least one run folder");
const losses = runs.flatMap(({ points }) => points.map(({ loss }) => loss));
const [low, high] = [Math.floor(Math.log10(Math.min(...losses))), Math.log10(Math.max(...losses)) + 0.05];
const lastEpoch = Math.ceil(Math.max(...runs.flatMap(({ points }) => points.map(({ epoch }) => epoch))));
const x = (epoch) => plot.left + (epoch / lastEpoch) * (plot.right - plot.left);
const y = (loss) => plot.bottom - ((Math.log10(loss) - low) / (high - low)) * (plot.bottom - plot.top);
const at = (value) => value.toFixed(1);

const parts = [];
for (let power = low; power <= high; power++) {
  for (const digit of [1, 2, 5]) {
    const loss = digit * 10 ** power;
    if (Math.log10(loss) > high) continue;
    parts.push(`<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${at(y(loss))}" y2="${at(y(loss))}"/>`);
    parts.push(`<text x="${plot.left - 8}" y="${at(y(loss) + 4)}" text-anchor="end">${Number(loss.toPrecision(1))}</text>`);
  }
}
for (let epoch = 0; epoch <= lastEpoch; epoch += lastEpoch > 12 ? 2 : 1) {
  parts.push(`<text x="${at(x(epoch))}" y="${plot.bottom + 18}" text-anchor="middle">${epoch}</text>`);
}
parts.push(`<text x="${at(x(lastEpoch / 2))}" y="${plot.bottom + 38}" text-anchor="middle">epoch</text>`);
parts.push(`<text x="${plot.left}" y="16">training loss (cross-entropy)</text>`);

// Labels stand beside the ends of their curves, moved apart where these are close.
const ends = runs.map((run, i) => ({ run, colour: colours[i % colours.length], y: y(run.points.at(-1).loss) }));
let free = 0;
for (const end of [...ends].sort((a, b) => a.y - b.y)) free = (end.y = Math.max(end.y, free)) + 36;
for (const { run, colour, y: labelY } of ends) {
  const line = run.points.map(({ epoch, loss }) => `${at(x(epoch))},${at(y(loss))}`).join(" ");
  const accuracy = run.test ? `${(100 * run.test.accuracy).toFixed(2)} % of test images` : "interrupted";
  parts.push(`<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="2" stroke-linejoin="round"/>`);
  parts.push(`<text x="${plot.right + 12}" y="${at(labelY)}" style="fill:${colour};font-weight:600">${run.label}</text>`);
  parts.push(`<text x="${plot.right + 12}" y="${at(labelY + 15)}">${accuracy}</text>`);
}

console.log(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<style>
text { font: 12px system-ui, sans-serif; fill: #57606a; }
.grid { stroke: #8b949e; stroke-opacity: 0.25; }
@media (prefers-color-scheme: dark) { text { fill: #9da7b1; } }
</style>
${parts.join("\n")}
</svg>`);
