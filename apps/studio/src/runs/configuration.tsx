import { useState } from "preact/hooks";
import { Check, Select } from "../ui/controls.js";
import type { RunDetails, RunRow } from "./api.js";
import { flatten } from "./run-files.js";
import { useDetails } from "./use-details.js";

export interface ConfigurationProps {
  readonly details: RunDetails;
  /** All runs, to compare with. */
  readonly runs: readonly RunRow[];
}

/** What recipe.json says, beside that of another run where one is chosen. */
export function Configuration({ details, runs }: ConfigurationProps) {
  const [other, setOther] = useState("");
  const [onlyDifferent, setOnlyDifferent] = useState(true);
  const compared = useDetails(other === "" ? undefined : other, undefined);
  const own = flatten(details.recipe);
  const theirs = compared.details && flatten(compared.details.recipe);
  const names = [...new Set([...own.keys(), ...(theirs?.keys() ?? [])])];
  const differs = (name: string): boolean => theirs !== undefined && own.get(name) !== theirs.get(name);
  const shown = names.filter((name) => !theirs || !onlyDifferent || differs(name));
  const choices = [{ value: "", label: "no other run" }, ...runs.filter(({ id }) => id !== details.row.id).map(({ id, name }) => ({ value: id, label: name }))];
  return (
    <>
      <div class="compare-with">
        <Select label="Compare with" value={other} choices={choices} onChange={setOther} />
        {theirs && <Check label="Only what differs" checked={onlyDifferent} onChange={setOnlyDifferent} />}
      </div>
      {compared.problem !== undefined && <p class="error-text">{compared.problem}</p>}
      <div class="scroll-x" role="region" aria-label="Configuration" tabIndex={0}>
        <table class="plain configuration">
          <thead>
            <tr>
              <th scope="col">Option</th>
              <th scope="col">{details.row.name}</th>
              {theirs && <th scope="col">{compared.details?.row.name}</th>}
            </tr>
          </thead>
          <tbody>
            {shown.map((name) => (
              <tr key={name} class={differs(name) ? "differs" : ""}>
                <th scope="row">{name}</th>
                <td>{own.get(name) ?? <span class="quiet">–</span>}</td>
                {theirs && <td>{theirs.get(name) ?? <span class="quiet">–</span>}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown.length === 0 && <p class="quiet">The two runs say the same.</p>}
    </>
  );
}
