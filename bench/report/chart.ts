/** A bar of the chart: how many times faster than a peer. */
export interface Bar {
  readonly label: string;
  readonly ratio: number;
  /** Which of the chart's series it belongs to. */
  readonly series: number;
}

const colours = ["#3b82f6", "#ef7d22"];
const plot = { left: 190, right: 700, top: 46 };
const barHeight = 14;
const rowHeight = 20;
const marks = [0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];

/** An SVG of bars to the right of 1 for what is faster and to the left for what is slower, on a logarithmic scale. */
export function drawChart(title: string, series: readonly string[], bars: readonly Bar[]): string {
  const ratios = bars.map(({ ratio }) => ratio);
  const low = Math.log2(Math.max(...marks.filter((mark) => mark <= Math.min(0.5, ...ratios)), marks[0] ?? 0));
  const high = Math.log2(Math.min(...marks.filter((mark) => mark >= Math.max(2, ...ratios)), marks.at(-1) ?? 1));
  const x = (ratio: number): string => {
    const place = (Math.min(high, Math.max(low, Math.log2(ratio))) - low) / (high - low);
    return (plot.left + place * (plot.right - plot.left)).toFixed(1);
  };
  const bottom = plot.top + bars.length * rowHeight;
  const grid = marks
    .filter((mark) => Math.log2(mark) >= low && Math.log2(mark) <= high)
    .map(
      (mark) =>
        `<line class="${mark === 1 ? "one" : "grid"}" x1="${x(mark)}" x2="${x(mark)}" y1="${plot.top - 4}" y2="${bottom}"/>` +
        `<text x="${x(mark)}" y="${bottom + 16}" text-anchor="middle">${mark}×</text>`,
    );
  const drawn = bars.map(({ label, ratio, series: owner }, i) => {
    const top = plot.top + i * rowHeight;
    const [from, to] = ratio < 1 ? [ratio, 1] : [1, ratio];
    const middle = top + barHeight - 3;
    return (
      `<text x="${plot.left - 8}" y="${middle}" text-anchor="end">${label}</text>` +
      `<rect x="${x(from)}" y="${top}" width="${(Number(x(to)) - Number(x(from))).toFixed(1)}" height="${barHeight}" fill="${colours[owner % colours.length] ?? ""}"/>` +
      `<text x="${Number(x(Math.max(ratio, 1))) + 6}" y="${middle}">${ratio.toFixed(2)}</text>`
    );
  });
  const legend = series.map((name, i) => `<rect x="${plot.left + 130 * i}" y="24" width="10" height="10" fill="${colours[i % colours.length] ?? ""}"/><text x="${plot.left + 130 * i + 16}" y="33">${name}</text>`);
  const height = bottom + 28;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 ${height}" width="760" height="${height}">`,
    "<style>",
    "text { font: 12px system-ui, sans-serif; fill: #57606a; }",
    ".grid { stroke: #8b949e; stroke-opacity: 0.25; }",
    ".one { stroke: #8b949e; }",
    "@media (prefers-color-scheme: dark) { text { fill: #9da7b1; } }",
    "</style>",
    `<text x="8" y="16" style="font-weight:600">${title}</text>`,
    ...(series.length > 1 ? legend : []),
    ...grid,
    ...drawn,
    "</svg>",
    "",
  ].join("\n");
}
