import { Button } from "../../ui/controls.js";
import { useLab } from "./use-lab.js";
import { limits } from "./settings.js";

/** How many hidden layers there are. */
export function LayerButtons() {
  const lab = useLab();
  const { hidden, model } = lab.settings.value;
  if (model === "perceptron") return <span class="small quiet">no hidden layers</span>;
  const text = hidden.length === 0 ? "no hidden layers" : hidden.length === 1 ? "1 hidden layer" : `${hidden.length} hidden layers`;
  return (
    <div class="run-buttons">
      <Button small disabled={hidden.length === 0} onClick={() => lab.change({ hidden: hidden.slice(0, -1) })}>
        −<span class="visually-hidden"> one layer less</span>
      </Button>
      <span class="small" role="status">
        {text}
      </span>
      <Button small disabled={hidden.length >= limits.layers} onClick={() => lab.change({ hidden: [...hidden, hidden.at(-1) ?? 4] })}>
        +<span class="visually-hidden"> one more layer</span>
      </Button>
    </div>
  );
}
