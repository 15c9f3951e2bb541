import { useMemo, useState } from "preact/hooks";
import type { ChartSeries } from "../../ui/chart-data.js";
import { Chart } from "../../ui/chart.js";
import { Check } from "../../ui/controls.js";
import { useLab } from "./use-lab.js";

/** The loss over the steps. */
export function LossCard() {
  const lab = useLab();
  const [isLog, setLog] = useState(false);
  const history = lab.history.value;
  const series = useMemo((): ChartSeries[] => {
    const { steps, train, test, batch } = history;
    return [
      { label: "Last batch", colour: "--text-quiet", x: steps, y: batch, faint: true },
      { label: "Training", colour: "--series-1", x: steps, y: train },
      ...(test.some(Number.isFinite) ? [{ label: "Test", colour: "--series-2", x: steps, y: test, dashed: true }] : []),
    ];
  }, [history]);
  return (
    <section class="card" aria-labelledby="loss-title">
      <header>
        <h3 id="loss-title">Loss</h3>
        <Check label="Logarithmic" checked={isLog} onChange={setLog} />
      </header>
      <Chart title="Loss" xLabel="step" series={series} height={190} logY={isLog} />
      <p class="legend small quiet">
        <span>
          <i class="line train" /> training
        </span>
        <span>
          <i class="line test" /> test
        </span>
        <span>
          <i class="line batch" /> the batch of the last step
        </span>
      </p>
    </section>
  );
}
