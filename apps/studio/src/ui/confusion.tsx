import "./confusion.css";
import { formatCount } from "./format.js";

/** A cell of the matrix: examples of one class that were taken for another. */
export interface Mistake {
  readonly actual: number;
  readonly predicted: number;
}

export interface ConfusionProps {
  /** Names. */
  readonly classes: readonly string[];
  /** How often each class (row) was taken for each class. */
  readonly counts: readonly (readonly number[])[];
  readonly chosen?: Mistake | undefined;
  /** Undefined chooses all. Without it mistakes are only counted. */
  readonly onChoose?: (mistake: Mistake | undefined) => void;
}

/** In as few digits as there is room for: 99.5, 100. */
function percent(share: number): string {
  return String(Number((100 * share).toFixed(1)));
}

/** A confusion matrix with recall and precision. */
export function Confusion({ classes, counts, chosen, onChoose }: ConfusionProps) {
  const totals = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const most = counts.reduce((most, row, actual) => row.reduce((max, count, predicted) => (predicted === actual ? max : Math.max(max, count)), most), 1);
  const cellOf = (count: number, actual: number, predicted: number) => {
    const right = actual === predicted;
    const share = right ? count / Math.max(1, totals[actual] ?? 0) : Math.sqrt(count / most);
    // Under more colour the numbers could not be read in the dark.
    const style = { "--strength": `${count === 0 ? 0 : Math.round(8 + 36 * share)}%` };
    const pressed = chosen?.actual === actual && chosen.predicted === predicted;
    return (
      <td key={predicted} class={right ? "right" : "wrong"} style={style}>
        {right || count === 0 || !onChoose ? (
          count || "·"
        ) : (
          <button
            type="button"
            aria-pressed={pressed}
            aria-label={`${count} of ${classes[actual]} read as ${classes[predicted]}`}
            onClick={() => onChoose(pressed ? undefined : { actual, predicted })}
          >
            {count}
          </button>
        )}
      </td>
    );
  };
  return (
    <div class="scroll-x" role="region" aria-label="Confusion matrix" tabIndex={0}>
      <table class="confusion">
        <caption class="quiet small">Rows: what it is. Columns: what it was read as. Recall and precision in percent.{onChoose && " Press a mistake to see its examples."}</caption>
        <thead>
          <tr>
            <td />
            {classes.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            <th scope="col">Recall</th>
          </tr>
        </thead>
        <tbody>
          {counts.map((row, actual) => (
            <tr key={classes[actual]}>
              <th scope="row">{classes[actual]}</th>
              {row.map((count, predicted) => cellOf(count, actual, predicted))}
              <td class="recall">{totals[actual] ? percent((row[actual] ?? 0) / totals[actual]) : "–"}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">Precision</th>
            {classes.map((name, predicted) => {
              const column = counts.reduce((sum, row) => sum + (row[predicted] ?? 0), 0);
              return <td key={name} class="recall">{column ? percent((counts[predicted]?.[predicted] ?? 0) / column) : "–"}</td>;
            })}
            <td class="recall">{formatCount(totals.reduce((sum, total) => sum + total, 0))}</td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}
