import { Check } from "../../ui/controls.js";
import { pageParts } from "./page-part.js";
import { useLab } from "./use-lab.js";

/** Which parts of the page are there, for a lesson that needs only some: the link keeps it. */
export function PageParts() {
  const lab = useLab();
  const hidden = lab.hiddenParts.value;
  return (
    <details class="page-parts">
      <summary>Parts of this page</summary>
      <p class="small quiet">For a lesson that needs only some of them. The link keeps the choice.</p>
      <div class="checks">
        {pageParts.map(({ value, label }) => (
          <Check
            key={value}
            label={label}
            checked={!hidden.has(value)}
            onChange={(on) => {
              lab.hiddenParts.value = new Set(pageParts.flatMap((part) => ((part.value === value ? !on : hidden.has(part.value)) ? [part.value] : [])));
              lab.touchAddress();
            }}
          />
        ))}
      </div>
    </details>
  );
}
