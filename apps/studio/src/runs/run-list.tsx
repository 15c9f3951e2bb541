import { useState } from "preact/hooks";
import { formatDuration, formatShare } from "../ui/format.js";
import { formatValue } from "../ui/chart-data.js";
import type { RunRow, RunState } from "./api.js";
import { patternOf } from "./preferences.js";

export interface RunListProps {
  readonly runs: readonly RunRow[];
  readonly colours: ReadonlyMap<string, string>;
  readonly selected: readonly string[];
  readonly focused: string | undefined;
  readonly onSelect: (selected: readonly string[]) => void;
  readonly onFocus: (run: string) => void;
}

const states: Readonly<Record<RunState, string>> = { running: "running", finished: "finished", interrupted: "interrupted" };

/** The runs of the folder: which are drawn, and which is looked at. */
export function RunList({ runs, colours, selected, focused, onSelect, onFocus }: RunListProps) {
  const [wanted, setWanted] = useState("");
  const shown = runs.filter(({ name, recipe, data }) => patternOf(wanted).test(`${name} ${recipe} ${data ?? ""}`));
  const toggle = (id: string, on: boolean): void => onSelect(on ? [...selected, id] : selected.filter((other) => other !== id));
  return (
    <div class="run-list">
      <h2>Runs</h2>
      <div class="field">
        <label for="run-filter">Filter runs</label>
        <input id="run-filter" type="search" value={wanted} placeholder="Name, recipe or data" title="Text or a regular expression" onInput={(event) => setWanted(event.currentTarget.value)} />
      </div>
      <div class="run-list-all small">
        <button type="button" class="link" onClick={() => onSelect([...new Set([...selected, ...shown.map(({ id }) => id)])])}>Draw all</button>
        <button type="button" class="link" onClick={() => onSelect([])}>Draw none</button>
        {focused !== undefined && <button type="button" class="link" onClick={() => onSelect([focused])}>Draw only {runs.find(({ id }) => id === focused)?.name}</button>}
      </div>
      <ul aria-label="Runs">
        {shown.map((run) => (
          <li key={run.id} class={run.id === focused ? "focused" : ""}>
            <input
              type="checkbox"
              aria-label={`Draw ${run.name}`}
              checked={selected.includes(run.id)}
              style={{ accentColor: `var(${colours.get(run.id) ?? "--accent"})` }}
              onChange={(event) => toggle(run.id, event.currentTarget.checked)}
            />
            <button type="button" class="run-name" aria-current={run.id === focused ? "true" : undefined} onClick={() => onFocus(run.id)}>
              <span class="swatch" style={{ background: `var(${colours.get(run.id) ?? "--accent"})` }} />
              <span class="name">{run.name}</span>
              <span class="score">{scoreOf(run)}</span>
              <span class="about quiet">
                {run.recipe}
                {run.data !== null && ` · ${run.data}`}
              </span>
              <span class={`state ${run.state}`}>
                {states[run.state]}
                {run.seconds !== null && ` · ${formatDuration(run.seconds)}`}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p class="quiet small">No run has this in its name, recipe or data.</p>}
    </div>
  );
}

/** The score that says most: of the test, of validation, or the loss so far. */
function scoreOf({ test, bestValidation, loss }: RunRow): string {
  const scores = test ?? bestValidation;
  const accuracy = scores?.["accuracy"];
  if (accuracy !== undefined) return formatShare(accuracy);
  const other = Object.entries(scores ?? {}).find(([name]) => name !== "loss") ?? (scores?.["loss"] === undefined ? undefined : (["loss", scores["loss"]] as const));
  if (other) return `${other[0]} ${formatValue(other[1])}`;
  return loss === null ? "" : `loss ${formatValue(loss)}`;
}
