import { Button, Segmented, Slider } from "../../ui/controls.js";
import { useLab } from "./use-lab.js";
import { PointSetChoice } from "./point-set-choice.js";
import { choices, limits, takesClasses, type Problem, type Settings } from "./settings.js";
import { SteppedSlider } from "./stepped-slider.js";

const classCounts = [2, 3, 4].map((count) => ({ value: String(count), label: String(count) }));
const counts = [20, 50, 100, 200, 300, 500, 1000];

/** Which points there are. */
export function PointsCard() {
  const lab = useLab();
  const settings = lab.settings.value;
  const { problem, points, classes, count, noise, trainShare, seed } = settings;
  const isDrawn = points === "drawn";
  const setProblem = (value: Problem): void =>
    lab.change({ problem: value, points: value === "regression" ? "plane" : "circle", drawn: [] });
  const setPoints = (value: Settings["points"]): void => {
    // Drawing begins with the points that are there.
    if (value === "drawn") lab.keepPoints();
    else lab.change({ points: value, drawn: [] });
  };
  return (
    <section class="card fields" aria-labelledby="points-title">
      <h3 id="points-title">Points</h3>
      <Segmented label="What is learned" value={problem} choices={choices.problem} onChange={setProblem} />
      <PointSetChoice value={points} choices={choices.points[problem]} onChange={setPoints} />
      {problem === "classification" && takesClasses(points) && (
        <Segmented label="Classes" value={String(classes)} choices={classCounts} onChange={(value) => lab.change({ classes: Number(value) })} />
      )}
      {!isDrawn && (
        <>
          <SteppedSlider label="How many" value={count} values={counts} onInput={(value) => lab.change({ count: value })} />
          <Slider label="Noise" value={noise} min={0} max={0.5} step={0.05} format={(value) => `${Math.round(100 * value)} %`} onInput={(value) => lab.change({ noise: value })} />
        </>
      )}
      <Slider
        label="Trained with"
        value={trainShare}
        min={0.1}
        max={1}
        step={0.1}
        format={(value) => `${Math.round(100 * value)} %`}
        onInput={(value) => lab.change({ trainShare: value })}
      />
      <div class="field seed">
        <label for="seed">Seed</label>
        <input
          id="seed"
          type="number"
          min={0}
          max={2 ** 31}
          value={seed}
          onChange={({ currentTarget }) => Number.isInteger(currentTarget.valueAsNumber) && lab.change({ seed: Math.max(0, currentTarget.valueAsNumber) })}
        />
        <Button small onClick={() => lab.change({ seed: (seed % 999) + 1 })}>
          Another
        </Button>
      </div>
      {isDrawn && (
        <div class="run-buttons">
          <span class="small quiet">
            {settings.drawn.length} of {limits.drawn} points
          </span>
          <Button small onClick={() => lab.clearPoints()}>
            Take all away
          </Button>
        </div>
      )}
    </section>
  );
}
