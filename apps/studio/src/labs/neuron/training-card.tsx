import { Segmented, Select, Slider } from "../../ui/controls.js";
import { ActivationPlot } from "./activation-plot.js";
import { useLab } from "./use-lab.js";
import { choices } from "./settings.js";
import { SteppedSlider } from "./stepped-slider.js";

const learningRates = [0.00001, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const penaltyRates = [0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const batches = [1, 2, 5, 10, 20, 50, 100, 200, 1000];
const everyPoint = 1000;
const scheduleSteps = [100, 200, 500, 1000, 2000, 5000, 10_000, 20_000];

/** What the network is made of, and how it learns. */
export function TrainingCard() {
  const lab = useLab();
  const settings = lab.settings.value;
  const isNetwork = settings.model === "network";
  const isRegression = settings.problem === "regression";
  return (
    <section class="card training-card" aria-label="Network and training">
      <div class="fields">
        <h3>Network</h3>
        {!isRegression && <Segmented label="Kind" value={settings.model} choices={choices.model} onChange={(model) => lab.change({ model })} />}
        {isNetwork && (
          <>
            <Select label="Activation" value={settings.activation} choices={choices.activation} onChange={(activation) => lab.change({ activation })} />
            <ActivationPlot />
            <Select
              label="Weights begin"
              value={settings.initialization}
              choices={choices.initialization}
              onChange={(initialization) => lab.change({ initialization })}
            />
          </>
        )}
      </div>
      <div class="fields">
        <h3>Descent</h3>
        {isNetwork ? (
          <>
            <Select label="Optimizer" value={settings.optimizer} choices={choices.optimizer} onChange={(optimizer) => lab.change({ optimizer })} />
            <SteppedSlider label="Learning rate" value={settings.lr} values={learningRates} onInput={(lr) => lab.change({ lr })} />
            <Select label="Its course" value={settings.schedule} choices={choices.schedule} onChange={(schedule) => lab.change({ schedule })} />
            {settings.schedule !== "constant" && (
              <SteppedSlider
                label="In so many steps"
                value={settings.scheduleSteps}
                values={scheduleSteps}
                format={(value) => value.toLocaleString("en")}
                onInput={(value) => lab.change({ scheduleSteps: value })}
              />
            )}
            <SteppedSlider
              label="Points in a step"
              value={settings.batch === 0 ? everyPoint : settings.batch}
              values={batches}
              format={(value) => (value === everyPoint ? "all" : String(value))}
              onInput={(value) => lab.change({ batch: value === everyPoint ? 0 : value })}
            />
          </>
        ) : (
          <p class="quiet small">
            Rosenblatt’s rule looks at one point in a step: where the perceptron is wrong, the point is added to the weights or taken from them.
          </p>
        )}
      </div>
      {isNetwork && (
        <div class="fields">
          <h3>Loss and penalties</h3>
          {!isRegression && <Select label="Loss" value={settings.loss} choices={choices.loss} onChange={(loss) => lab.change({ loss })} />}
          <Segmented label="Penalty on weights" value={settings.penalty} choices={choices.penalty} onChange={(penalty) => lab.change({ penalty })} />
          {settings.penalty !== "none" && (
            <SteppedSlider label="Its rate" value={settings.penaltyRate} values={penaltyRates} onInput={(penaltyRate) => lab.change({ penaltyRate })} />
          )}
          <Slider
            label="Dropout"
            value={settings.dropout}
            min={0}
            max={0.8}
            step={0.1}
            format={(value) => `${Math.round(100 * value)} %`}
            onInput={(dropout) => lab.change({ dropout })}
          />
        </div>
      )}
    </section>
  );
}
