import type { ComponentChildren } from "preact";
import { useLab } from "../../labs/neuron/use-lab.js";
import type { Settings } from "../../labs/neuron/settings.js";

/** A change of the lab that a text proposes: a click makes it, and runs. */
export function Try({ set, children }: { readonly set: Partial<Settings>; readonly children: ComponentChildren }) {
  const lab = useLab();
  const settings = lab.settings.value;
  const isSet = (Object.keys(set) as (keyof Settings)[]).every((name) => JSON.stringify(settings[name]) === JSON.stringify(set[name]));
  return (
    <button
      type="button"
      class="try"
      aria-pressed={isSet}
      onClick={() => {
        lab.change(set);
        lab.reset();
        lab.run(true);
      }}
    >
      {children}
    </button>
  );
}
