import { useState } from "preact/hooks";
import { useLab } from "./use-lab.js";
import type { WeightPlace } from "./learner.js";
import { inputName, signed, unitName } from "./names.js";

export const weightInputId = (input: number | "bias"): string => `weight-${input}`;

/** The bias and the weights of the chosen neuron, to be read and changed. */
export function NeuronCard() {
  const lab = useLab();
  const settings = lab.settings.value;
  const selected = lab.selected.value;
  const weights = selected && lab.figures.value?.weights[selected.column - 1];
  const isThere = weights && selected.index < weights.outputs;
  return (
    <section class="card neuron-card" aria-labelledby="neuron-title">
      <header>
        <h3 id="neuron-title">{isThere ? capitalized(unitName(settings, selected)) : "A neuron's weights"}</h3>
      </header>
      {isThere ? (
        <div class="weight-list">
          <WeightInput label="Bias" value={weights.biases[selected.index] ?? 0} place={{ layer: selected.column - 1, output: selected.index, input: "bias" }} />
          {Array.from({ length: weights.inputs }, (_, input) => (
            <WeightInput
              key={`${selected.column} ${selected.index} ${input}`}
              label={`From ${inputName(settings, selected.column - 1, input)}`}
              value={weights.weights[selected.index * weights.inputs + input] ?? 0}
              place={{ layer: selected.column - 1, output: selected.index, input }}
            />
          ))}
        </div>
      ) : (
        <p class="quiet small">Choose a neuron of the diagram, or a line, to read its numbers and to set them by hand.</p>
      )}
    </section>
  );
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A number that training changes too: while it is written it stands still. */
function WeightInput({ label, value, place }: { readonly label: string; readonly value: number; readonly place: WeightPlace }) {
  const lab = useLab();
  const [written, setWritten] = useState<string>();
  const id = weightInputId(place.input);
  return (
    <div class="field weight">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="number"
        step="0.1"
        class={value < 0 ? "negative" : "positive"}
        value={written ?? value.toFixed(3)}
        aria-valuetext={signed(value)}
        onFocus={({ currentTarget }) => setWritten(currentTarget.value)}
        onInput={({ currentTarget }) => {
          setWritten(currentTarget.value);
          if (Number.isFinite(currentTarget.valueAsNumber)) lab.setWeight(place, currentTarget.valueAsNumber);
        }}
        onBlur={() => setWritten(undefined)}
      />
    </div>
  );
}
