import { useState } from "preact/hooks";
import { isOpenable } from "../labs/digits/server-runs.js";
import { addressOf } from "../route.js";
import { formatValue } from "../ui/chart-data.js";
import { CodeBlock } from "../ui/code-block.js";
import { Confusion, type Mistake } from "../ui/confusion.js";
import { formatBytes, formatCount, formatDuration, formatShare } from "../ui/format.js";
import { Tabs } from "../ui/tabs.js";
import { seriesTokens } from "../ui/theme.js";
import { fileAddress, type RunDetails, type RunRow } from "./api.js";
import { commandsFor } from "./commands.js";
import { Configuration } from "./configuration.js";
import { LayersTable } from "./layers-table.js";
import { Misread } from "./misread.js";
import { groupOf, prefer } from "./preferences.js";
import { RegressionPlot } from "./regression-plot.js";
import { evaluationOf, modelOf } from "./run-files.js";
import { useDetails } from "./use-details.js";

type PanelName = "test" | "model" | "configuration" | "files";

const tabs: readonly { readonly value: PanelName; readonly label: string }[] = [
  { value: "test", label: "Test" },
  { value: "model", label: "Model" },
  { value: "configuration", label: "Configuration" },
  { value: "files", label: "Files" },
];

export interface RunPanelProps {
  readonly row: RunRow;
  /** All runs, to compare with. */
  readonly runs: readonly RunRow[];
  /** Where they lie, as the command line named it. */
  readonly folder: string;
  readonly colour: string;
}

/** One run in full: how the test went, the network, the options, the files. */
export function RunPanel({ row, runs, folder, colour }: RunPanelProps) {
  const [tab, setTab] = useState<PanelName>("test");
  // A run that ends has more files than before.
  const { details, problem } = useDetails(row.id, row.state);
  return (
    <section class="card run-panel" aria-labelledby="run-title">
      <header>
        <h2 id="run-title">{row.name}</h2>
        <span class={`state ${row.state}`}>{row.state}</span>
        <ColourChoice row={row} colour={colour} />
        {isOpenable(row) && (
          <a class="button small" href={addressOf("lab/digits", { run: row.id })}>
            Open in the digits lab
          </a>
        )}
      </header>
      <Facts row={row} />
      <Tabs label={`About ${row.name}`} tabs={tabs} value={tab} onChange={setTab}>
        {problem !== undefined && <p class="error-text">{problem}</p>}
        {details && tab === "test" && <TestPanel key={row.id} details={details} />}
        {details && tab === "model" && <ModelPanel details={details} />}
        {details && tab === "configuration" && <Configuration key={row.id} details={details} runs={runs} />}
        {details && tab === "files" && <FilesPanel details={details} folder={folder} />}
      </Tabs>
    </section>
  );
}

/** The colour of a run's curves, or of those that share it. */
function ColourChoice({ row, colour }: { readonly row: RunRow; readonly colour: string }) {
  const choose = (token: string): void => {
    prefer((now) => ({ colours: { ...now.colours, [groupOf(row, now)]: token } }));
  };
  return (
    <fieldset class="colour-choice">
      <legend class="visually-hidden">Colour of {row.name}</legend>
      {seriesTokens.map((token, i) => (
        <label key={token} style={{ background: `var(${token})` }}>
          <input type="radio" name="run-colour" aria-label={`Colour ${i + 1}`} checked={token === colour} onChange={() => choose(token)} />
        </label>
      ))}
    </fieldset>
  );
}

function Facts({ row }: { readonly row: RunRow }) {
  const { recipe, data, device, parameters, started, seconds, step, epoch, epochs } = row;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["Recipe", recipe],
    ["Data", data ?? undefined],
    ["Parameters", parameters === null ? undefined : formatCount(parameters)],
    ["Device", device ?? undefined],
    ["Began", started === null ? undefined : new Date(started).toLocaleString()],
    ["Trained for", seconds === null ? undefined : formatDuration(seconds)],
    ["Steps", step === null ? undefined : formatCount(step)],
    ["Epochs", epoch === null ? undefined : `${formatValue(epoch)}${epochs === null ? "" : ` of ${epochs}`}`],
    ...scoreFacts("Test", row.test),
    ...scoreFacts("Last validation", row.lastValidation),
    ...scoreFacts("Best validation", row.bestValidation),
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) =>
        value === undefined ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

function scoreFacts(kind: string, scores: RunRow["test"]): [string, string][] {
  return Object.entries(scores ?? {}).map(([name, value]) => [`${kind} ${name}`, name === "accuracy" ? formatShare(value) : formatValue(value)]);
}

function TestPanel({ details: { row, evaluation: found } }: { readonly details: RunDetails }) {
  const [chosen, setChosen] = useState<Mistake>();
  const evaluation = evaluationOf(found);
  if (!evaluation) {
    return (
      <p class="quiet">
        {found !== null ? "The file evaluation.json is damaged, or of another version." : row.state === "finished" ? "This run has kept no more of its test than its scores." : "The test comes when the training has come to its end: how often each class was taken for which, and what was read wrongly."}
      </p>
    );
  }
  if (evaluation.task === "regression") {
    return (
      <>
        <p>
          Root of the mean squared error {formatValue(evaluation.rmse)} in the unit of {evaluation.target}, R² {formatValue(evaluation.r2)}, of {formatCount(evaluation.examples)} examples.
        </p>
        {evaluation.pairs.length > 0 && <RegressionPlot {...evaluation} />}
      </>
    );
  }
  return (
    <div class="test-panel">
      <div>
        <p>
          {formatShare(evaluation.accuracy)} of {formatCount(evaluation.examples)} examples were read right; loss {formatValue(evaluation.loss)}.
        </p>
        <Confusion classes={evaluation.classes} counts={evaluation.confusion} chosen={chosen} onChoose={setChosen} />
      </div>
      <Misread run={row.id} evaluation={evaluation} chosen={chosen} />
    </div>
  );
}

function ModelPanel({ details }: { readonly details: RunDetails }) {
  const model = modelOf(details.model);
  return model ? <LayersTable model={model} /> : <p class="quiet">The folder of this run does not describe its network: it was trained by an older version.</p>;
}

function FilesPanel({ details, folder }: { readonly details: RunDetails; readonly folder: string }) {
  const { row, files } = details;
  const commands = commandsFor(details, folder);
  return (
    <>
      <ul class="files">
        {files.map(({ name, bytes }) => (
          <li key={name}>
            <a href={fileAddress(row.id, name)} download={name}>
              {name}
            </a>{" "}
            <span class="quiet">{formatBytes(bytes)}</span>
          </li>
        ))}
      </ul>
      {commands !== "" && <CodeBlock label="Commands for this run" code={commands} />}
    </>
  );
}
