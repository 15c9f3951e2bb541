import { computed } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { MetricsLine } from "gradus";
import type { ChartSeries } from "../../ui/chart-data.js";
import { Chart } from "../../ui/chart.js";
import { formatCount, formatShare } from "../../ui/format.js";
import type { LabModel } from "./lab-model.js";

/** Loss and accuracy as they change, and the numbers of now. */
export function CurvesPanel({ model }: { readonly model: LabModel }) {
  const curves = useMemo(() => computed(() => curvesOf(model.lines.value)), [model]);
  const { loss, accuracy, last } = curves.value;
  const { step, epoch, rate } = model.progress.value;
  const goalSeconds = model.goalSeconds.value;
  return (
    <section class="card curves" aria-labelledby="curves-title">
      <header>
        <h2 id="curves-title">Learning</h2>
      </header>
      <dl class="numbers">
        <Figure name="Accuracy" value={last.accuracy === undefined ? "–" : formatShare(last.accuracy, 1)} />
        <Figure name="Loss" value={last.loss === undefined ? "–" : last.loss.toFixed(3)} />
        <Figure name="Batches" value={formatCount(step)} />
        <Figure name="Passes" value={epoch.toFixed(1)} />
        <Figure name="Examples/s" value={rate > 0 ? formatCount(rate) : "–"} />
      </dl>
      <div class="two-charts">
        <figure>
          <figcaption>Accuracy on test digits</figcaption>
          <Chart title="Accuracy on test digits" xLabel="batch" series={accuracy} height={170} formatY={(value) => formatShare(value, value > 0.9 ? 1 : 0)} />
        </figure>
        <figure>
          <figcaption>Loss: <i class="swatch one" /> training, <i class="swatch two" /> test</figcaption>
          <Chart title="Loss" xLabel="batch" series={loss} height={170} logY />
        </figure>
      </div>
      {goalSeconds !== undefined && (
        <p class="quiet small">
          95 % were reached <output>{goalSeconds.toFixed(1)}</output> s after this page was opened.
        </p>
      )}
    </section>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function curvesOf(lines: readonly MetricsLine[]): { readonly loss: ChartSeries[]; readonly accuracy: ChartSeries[]; readonly last: { readonly loss?: number; readonly accuracy?: number } } {
  const steps = lines.filter((line) => "loss" in line);
  const tests = lines.filter((line) => "validation" in line);
  const x = tests.map(({ step }) => step);
  const lastLoss = steps.at(-1)?.loss;
  const lastAccuracy = tests.at(-1)?.validation["accuracy"];
  return {
    loss: [
      { label: "training", colour: "--series-1", x: steps.map(({ step }) => step), y: steps.map(({ loss }) => loss) },
      { label: "test", colour: "--series-2", x, y: tests.map(({ validation }) => validation.loss) },
    ],
    accuracy: [{ label: "accuracy", colour: "--series-1", x, y: tests.map(({ validation }) => validation["accuracy"] ?? NaN) }],
    last: { ...(lastLoss !== undefined && { loss: lastLoss }), ...(lastAccuracy !== undefined && { accuracy: lastAccuracy }) },
  };
}
