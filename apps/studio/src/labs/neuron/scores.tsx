import type { Snapshot } from "./lab-engine.js";
import type { Score } from "./learner.js";
import { useLab } from "./use-lab.js";

const percent = (share: number): string => `${(100 * share).toFixed(share > 0.99 && share < 1 ? 1 : 0)} %`;

function lossText(loss: number): string {
  if (!Number.isFinite(loss)) return "not finite";
  return loss !== 0 && loss < 0.001 ? loss.toExponential(1).replace("-", "−") : loss.toFixed(3);
}

/** How well it goes, for a screen reader. */
export function scoresInWords({ train, test, end }: Snapshot): string {
  const say = (name: string, { loss, accuracy }: Score): string =>
    `${name} loss ${lossText(loss)}${accuracy === undefined ? "" : `, ${percent(accuracy)} right`}`;
  const ends = { converged: " It has converged.", diverged: " It has diverged." };
  return `${say("Training", train)}${test ? `; ${say("test", test)}` : ""}.${end ? ends[end] : ""}`;
}

/** Loss and accuracy on the points that are trained with, and on those that test. */
export function Scores() {
  const lab = useLab();
  const snapshot = lab.points.value.length === 0 ? undefined : lab.figures.value;
  return (
    <table class="scores">
      <thead>
        <tr>
          <td />
          <th scope="col">Loss</th>
          <th scope="col">Right</th>
        </tr>
      </thead>
      <tbody>
        <Row name="Training" score={snapshot?.train} kind="train" />
        <Row name="Test" score={snapshot?.test} kind="test" />
      </tbody>
    </table>
  );
}

function Row({ name, score, kind }: { readonly name: string; readonly score: Score | undefined; readonly kind: string }) {
  return (
    <tr>
      <th scope="row" class={kind}>
        {name}
      </th>
      <td>{score ? lossText(score.loss) : "–"}</td>
      <td data-accuracy={kind}>{score?.accuracy === undefined ? "–" : percent(score.accuracy)}</td>
    </tr>
  );
}
