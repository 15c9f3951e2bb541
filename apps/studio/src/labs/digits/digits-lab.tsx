import { useEffect, useMemo } from "preact/hooks";
import { DigitsCourse } from "../../course/digits-course.js";
import { route } from "../../route.js";
import { Answer } from "./answer.js";
import { CurvesPanel } from "./curves-panel.js";
import "./digits.css";
import { DrawingPad } from "./drawing-pad.js";
import { FilesPanel } from "./files-panel.js";
import { LabModel } from "./lab-model.js";
import { LayersPanel } from "./layers-panel.js";
import { MistakesPanel } from "./mistakes-panel.js";
import { readServerRun } from "./server-runs.js";
import { SettingsPanel } from "./settings-panel.js";
import { TrainingBar } from "./training-bar.js";
import { WeightsPanel } from "./weights-panel.js";

/** The lab "Reading digits". */
export function DigitsLab() {
  const model = useMemo(() => new LabModel(), []);
  useEffect(() => {
    // An address may name a run of the studio's folder.
    const run = route.peek().options.get("run");
    if (run !== null) {
      readServerRun(run).then(
        (files) => model.load(run, files),
        (error: unknown) => (model.error.value = error instanceof Error ? error.message : String(error)),
      );
    }
    return () => model.close();
  }, [model]);
  return (
    <>
      <header class="lab-head">
        <h1>Reading digits</h1>
        <p class="quiet">A network learns to read handwriting in this page, from pixels alone. Train it, write a digit, and see what every layer makes of it.</p>
      </header>
      <div class="digits-lab">
        <div class="lab-main">
          <TrainingBar model={model} />
          <div class="write-and-layers">
            <section class="card write" aria-labelledby="write-title">
              <h2 id="write-title" class="visually-hidden">Write a digit</h2>
              <DrawingPad model={model} />
              <Answer model={model} />
            </section>
            <LayersPanel model={model} />
          </div>
          <CurvesPanel model={model} />
          <WeightsPanel model={model} />
          <MistakesPanel model={model} />
        </div>
        <div class="lab-side">
          <SettingsPanel model={model} />
          <FilesPanel model={model} />
        </div>
      </div>
      <DigitsCourse model={model} />
    </>
  );
}
