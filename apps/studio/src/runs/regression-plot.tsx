import { formatValue } from "../ui/chart-data.js";
import { ticks } from "../ui/chart-svg.js";
import type { RegressionReport } from "../../../../src/train/evaluation-report.js";

const [size, margin] = [420, 56];

/** What was predicted over what is: right answers lie on the diagonal. */
export function RegressionPlot({ target, pairs, r2 }: RegressionReport) {
  const values = pairs.flat();
  const [min, max] = [values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), -Infinity)];
  const place = (value: number): number => ((value - min) / (max - min || 1)) * (size - margin - 12);
  const [left, bottom] = [margin, size - margin];
  return (
    <svg class="regression" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={`Predicted over actual ${target} of ${pairs.length} test examples, R² ${formatValue(r2)}`}>
      {ticks(min, max).map((tick) => (
        <g key={tick} class="grid">
          <line x1={left} x2={size - 12} y1={bottom - place(tick)} y2={bottom - place(tick)} />
          <line x1={left + place(tick)} x2={left + place(tick)} y1={12} y2={bottom} />
          <text x={left - 8} y={bottom - place(tick) + 4} text-anchor="end">{formatValue(tick)}</text>
          <text x={left + place(tick)} y={bottom + 18} text-anchor="middle">{formatValue(tick)}</text>
        </g>
      ))}
      <line class="diagonal" x1={left} y1={bottom} x2={left + place(max)} y2={bottom - place(max)} />
      {pairs.map(([actual, predicted], i) => (
        <circle key={i} cx={left + place(actual)} cy={bottom - place(predicted)} r="2.5" />
      ))}
      <text x={(left + size) / 2} y={size - 10} text-anchor="middle">actual {target}</text>
      <text transform={`translate(14 ${bottom / 2}) rotate(-90)`} text-anchor="middle">predicted</text>
    </svg>
  );
}
