import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { HeatMaps } from "../../ui/heat-maps.js";
import { formatShare } from "../../ui/format.js";
import type { LabModel } from "./lab-model.js";

/** Milliseconds without a change after which the answer is read out. */
const quietMs = 900;

/** What the network takes the image for. */
export function Answer({ model }: { readonly model: LabModel }) {
  const seen = model.seen.value;
  const opened = model.opened.value;
  const names = opened?.data.classNames ?? [];
  const shares = Array.from(seen?.probabilities ?? []);
  const best = shares.indexOf(Math.max(...shares));
  useLayoutEffect(() => {
    if (seen) model.answered(seen.id);
  }, [seen]);
  const spoken = useQuiet(seen ? `Most probably ${names[best]}: ${formatShare(shares[best] ?? 0, 1)}` : "");
  const times = [...model.answerMs.value].sort((a, b) => a - b);
  const median = times[times.length >> 1];
  return (
    <div class="answer">
      <table class="probabilities">
        <caption class="visually-hidden">Probability of each class</caption>
        <thead class="visually-hidden">
          <tr>
            <th scope="col">Class</th>
            <th scope="col">Probability</th>
          </tr>
        </thead>
        <tbody>
          {names.map((name, i) => (
            <tr key={name} class={i === best && seen ? "best" : ""}>
              <th scope="row">{name}</th>
              <td>
                <span class="bar" style={{ "--share": String(shares[i] ?? 0) }} />
                <span class="share">{seen ? formatShare(shares[i] ?? 0, 1) : "–"}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div class="prepared">
        {seen && opened && (
          <>
            <HeatMaps label="The image as the network gets it" values={seen.pixels} count={1} height={opened.data.height} width={opened.data.width} palette="ink" limit={255} zoom={2} />
            <p class="quiet small">
              As the network gets it: {seen.how}
              {seen.label !== undefined && `, a ${names[seen.label]}`}
            </p>
          </>
        )}
      </div>
      {median !== undefined && (
        <p class="quiet small">
          From pen to answer: <output>{median.toFixed(1)}</output> ms, the median of {times.length}
        </p>
      )}
      <div class="visually-hidden" role="status">{spoken}</div>
    </div>
  );
}

/** A text once it has not changed for a while. */
function useQuiet(text: string): string {
  const [quiet, setQuiet] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setQuiet(text), quietMs);
    return () => clearTimeout(timer);
  }, [text]);
  return quiet;
}
