import { useState } from "preact/hooks";
import { Button, Select } from "../../ui/controls.js";
import { copyText } from "../../ui/copy-text.js";
import { useLab } from "./use-lab.js";
import { scoresInWords } from "./scores.js";

const speeds = [
  { value: "2", label: "2 steps/s" },
  { value: "20", label: "20 steps/s" },
  { value: "200", label: "200 steps/s" },
  { value: "2000", label: "2,000 steps/s" },
  { value: "0", label: "Fastest" },
] as const;

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** What runs the training, how far it has come, and what it says of itself on demand. */
export function RunBar() {
  const lab = useLab();
  const [said, setSaid] = useState("");
  const snapshot = lab.figures.value;
  const epochs = snapshot?.epochs ?? 0;
  const isRunning = lab.isRunning.value;
  const speed = String(lab.speed.value);
  const share = (): void => {
    lab.writeAddress();
    copyText(location.href).then(
      () => setSaid("The address with all settings is in the clipboard"),
      () => setSaid("The browser does not let the page copy: the link is the address of this page, as it stands above"),
    );
  };
  return (
    <section class="card run-bar" aria-label="Training">
      <div class="run-row">
      <div class="run-buttons">
        <Button kind="primary" onClick={() => lab.run(!isRunning)}>
          <RunSign isRunning={isRunning} />
          {isRunning ? "Pause" : "Run"}
        </Button>
        <Button onClick={() => lab.advance("step")}>Step</Button>
        <Button onClick={() => lab.advance("epoch")}>Epoch</Button>
        <Button onClick={() => lab.reset()}>Reset</Button>
      </div>
      <Select label="Speed" value={speeds.find(({ value }) => value === speed)?.value ?? "200"} choices={speeds} onChange={(value) => lab.setSpeed(Number(value))} />
      <dl class="counters">
        <div>
          <dt>Step</dt>
          <dd data-count="steps">{whole.format(snapshot?.steps ?? 0)}</dd>
        </div>
        <div>
          <dt>Epoch</dt>
          <dd>{(epochs < 100 ? tenths : whole).format(epochs)}</dd>
        </div>
        <div>
          <dt>Parameters</dt>
          <dd>{snapshot?.parameterCount ?? 0}</dd>
        </div>
      </dl>
      <div class="run-buttons">
        <Button small onClick={() => setSaid(snapshot ? `Step ${snapshot.steps}. ${scoresInWords(snapshot)}` : "Nothing is trained yet")}>
          Say how it goes
        </Button>
        <Button small onClick={share}>
          Copy link
        </Button>
      </div>
      </div>
      <div role="status">
        {said !== "" && <p class="said small quiet">{said}</p>}
        {snapshot?.end === "converged" && <p class="end-note good">No mistake is left: the perceptron has converged and learns nothing more.</p>}
        {snapshot?.end === "diverged" && (
          <p class="end-note bad">The loss is no number any more: the steps were so large that the weights overflowed. Choose a smaller learning rate and reset.</p>
        )}
      </div>
    </section>
  );
}

function RunSign({ isRunning }: { readonly isRunning: boolean }) {
  return (
    <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
      <path d={isRunning ? "M1 0h3.5v12H1zM7.500 0H11v12H7.500z" : "M1.500 0 12 6 1.500 12z"} fill="currentColor" />
    </svg>
  );
}
