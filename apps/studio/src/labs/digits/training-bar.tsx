import { useState } from "preact/hooks";
import { Button, Check } from "../../ui/controls.js";
import { formatCount } from "../../ui/format.js";
import type { LabModel, Opened } from "./lab-model.js";

/** Starts, holds and begins anew. */
export function TrainingBar({ model }: { readonly model: LabModel }) {
  const [slow, setSlow] = useState(false);
  const { state, message } = model.state.value;
  const opened = model.opened.value;
  const isTraining = state === "training";
  const isReady = opened !== undefined && state !== "preparing";
  const renew = (): void => {
    // Other initial weights, where nothing else is new.
    if (!model.isChanged.value) {
      const { training } = model.setting.value;
      model.setting.value = { ...model.setting.value, training: { ...training, seed: training.seed + 1 } };
    }
    model.renew();
  };
  return (
    <div class="training-bar card">
      <div class="row">
        {isTraining ? (
          <Button kind="primary" onClick={() => model.pause()}>Pause</Button>
        ) : (
          <Button kind="primary" disabled={!isReady || state === "failed"} onClick={() => model.train(slow)}>{state === "fresh" ? "Train" : "Train on"}</Button>
        )}
        <Button disabled={!isReady || isTraining || state === "failed"} onClick={() => model.step()}>One batch</Button>
        <Button disabled={!isReady} onClick={renew}>New network</Button>
        <Check
          label="Slowly"
          checked={slow}
          onChange={(checked) => {
            setSlow(checked);
            if (isTraining) model.train(checked);
          }}
        />
      </div>
      <p class="small" role="status">
        {model.isChanged.value ? "The new settings begin with a new network." : message}
      </p>
      {opened && (
        <p class="quiet small">
          {formatCount(opened.parameters)} parameters, {formatCount(opened.data.train)} training and {formatCount(opened.data.test)} test images ({opened.data.name}), {deviceText(opened)}
        </p>
      )}
      {model.error.value && <p class="error-text" role="alert">{model.error.value}</p>}
    </div>
  );
}

function deviceText({ device, threads, isSoftware }: Opened): string {
  if (device === "wasm") return `WebAssembly with ${threads} ${threads === 1 ? "thread" : "threads"}`;
  return isSoftware ? "WebGPU without a GPU, which is slow" : "WebGPU";
}
