import { Confusion } from "../../ui/confusion.js";
import { Button } from "../../ui/controls.js";
import { HeatMaps } from "../../ui/heat-maps.js";
import { formatCount, formatShare } from "../../ui/format.js";
import type { LabModel } from "./lab-model.js";

/** What was taken for what, over all test images, and the worst mistakes. */
export function MistakesPanel({ model }: { readonly model: LabModel }) {
  const judged = model.judged.value;
  const opened = model.opened.value;
  if (!opened) return null;
  const { classNames, test, height, width } = opened.data;
  const n = classNames.length;
  const show = (index: number): void => {
    model.showTestImage(index);
    document.getElementById("write-title")?.parentElement?.scrollIntoView({ block: "nearest" });
  };
  const counts = classNames.map((_, row) => Array.from(judged?.confusion.subarray(row * n, (row + 1) * n) ?? []));
  return (
    <section class="card mistakes" aria-labelledby="mistakes-title">
      <header>
        <h2 id="mistakes-title">Confusion matrix and misread digits</h2>
        <Button small onClick={() => model.judge()} disabled={model.isTraining.value}>Read all test digits</Button>
      </header>
      {judged ? (
        <>
          <p>
            {formatCount(test - judged.wrong)} of {formatCount(test)} test digits were read right after step {formatCount(judged.step)}: <b>{formatShare(judged.accuracy, 2)}</b>.
          </p>
          <div class="matrix-and-misread">
          <Confusion classes={classNames} counts={counts} />
          {judged.misread.length > 0 && (
            <div>
              <h3>{judged.wrong > judged.misread.length ? `The ${judged.misread.length} most confident of ${formatCount(judged.wrong)} mistakes` : "Every mistake"}</h3>
              <p class="quiet small">Choose one to see what the layers make of it.</p>
              <ul class="misread">
                {judged.misread.map(({ index, pixels, label, predicted, confidence }) => (
                  <li key={index}>
                    <button type="button" onClick={() => show(index)}>
                      <HeatMaps label="" values={pixels} count={1} height={height} width={width} palette="ink" limit={255} zoom={2} />
                      <span>
                        {classNames[label]} read as <b>{classNames[predicted]}</b>
                      </span>
                      <span class="quiet small">{formatShare(confidence, 0)} sure</span>
                    </button>
                  </li>
                ))}
              </ul>
            </div>
          )}
          </div>
        </>
      ) : (
        <p class="quiet">After each pass over the training images, all test images are read.</p>
      )}
    </section>
  );
}
