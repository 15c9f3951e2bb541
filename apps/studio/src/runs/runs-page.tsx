import { useEffect, useMemo, useState } from "preact/hooks";
import { addressOf, route, setOptions } from "../route.js";
import type { Range } from "../ui/chart-data.js";
import { CodeBlock } from "../ui/code-block.js";
import { ErrorBoundary } from "../ui/error-boundary.js";
import { fetchCurves, listen, type Axis, type RunList as List, type RunRow } from "./api.js";
import { ChartCard } from "./chart-card.js";
import { ChartToolbar } from "./chart-toolbar.js";
import { chartsOf, type DrawnRun } from "./charts.js";
import { CurvesFeed } from "./curves-feed.js";
import { coloursOf, patternOf, preferences } from "./preferences.js";
import { RunList } from "./run-list.js";
import { RunPanel } from "./run-panel.js";
import "./runs.css";

/** All runs of the folder, the curves of those that are chosen, and one of them in full. */
export function RunsPage() {
  const [width, setWidth] = useState(600);
  const [range, setRange] = useState<Range>();
  const { options } = route.value;
  const axis = axisOf(options.get("axis"));
  const smooth = Math.min(0.999, Math.max(0, Number(options.get("smooth") ?? 0) || 0));
  const logY = options.get("log") === "1";
  const feed = useMemo(() => new CurvesFeed({ fetchCurves, listen }, { axis, smooth, logY, width, range }), []);
  useEffect(() => () => feed.close(), []);
  useEffect(() => feed.setView({ axis, smooth, logY, width, range }), [axis, smooth, logY, width, range]);

  const list = feed.list.value;
  const runs = list?.runs ?? [];
  const preferred = preferences.value;
  const colours = coloursOf(runs, preferred);
  const selected = selectionOf(options.get("runs"), runs);
  const key = selected.join("\n");
  useEffect(() => void feed.follow(selected), [key]);
  const focused = runs.find(({ id }) => id === (options.get("run") ?? selected[0])) ?? runs[0];
  const curves = feed.curves.value;
  const toDraw = runs.filter(({ id }) => selected.includes(id)).map(({ id, name }): DrawnRun => ({ id, name, colour: colours.get(id) ?? "--accent" }));
  // The list changes with every line that a run writes; what is drawn, seldom.
  const drawn = useMemo(() => toDraw, [JSON.stringify(toDraw)]);
  const filter = options.get("curves") ?? "";
  const found = chartsOf(curves).filter(({ name, title }) => patternOf(filter).test(`${name} ${title}`));
  const isPinned = ({ name }: { readonly name: string }): boolean => preferred.pinned.includes(name);
  const charts = [...found.filter(isPinned), ...found.filter((chart) => !isPinned(chart))];

  if (!list) return <p class="quiet" role="status">Looking for runs …</p>;
  if (runs.length === 0) return <NoRuns list={list} />;
  return (
    <div class="runs-page">
      <h1 class="visually-hidden">Runs</h1>
      {!feed.connected.value && (
        <p class="banner" role="alert">
          The studio does not answer any more. What is shown is from before; when it runs again, open the address that it prints.
        </p>
      )}
      <aside class="card" aria-label="Runs of the folder">
        <RunList
          runs={runs}
          colours={colours}
          selected={selected}
          focused={focused?.id}
          onSelect={(ids) => setOptions({ runs: ids.length === 0 ? "none" : ids.join(",") })}
          onFocus={(id) => setOptions({ run: id, ...(selected.includes(id) ? {} : { runs: [...selected, id].join(",") }) })}
        />
      </aside>
      <div class="runs-main">
        <ChartToolbar
          axis={axis}
          smooth={smooth}
          logY={logY}
          range={range}
          filter={filter}
          onFilter={(text) => setOptions({ curves: text })}
          onAxis={(value) => {
            setRange(undefined);
            setOptions({ axis: value });
          }}
          onSmooth={(value) => setOptions({ smooth: value === 0 ? "" : String(value) })}
          onLogY={(value) => setOptions({ log: value ? "1" : "" })}
          onReset={() => setRange(undefined)}
        />
        {feed.problem.value !== undefined && <p class="error-text" role="alert">{feed.problem.value}</p>}
        {selected.some((id) => !curves.has(id)) && feed.problem.value === undefined && <p class="quiet" role="status">Reading what the runs have written …</p>}
        {selected.length === 0 && <p class="quiet">Choose runs in the list to draw their curves.</p>}
        <h2 class="visually-hidden">Curves</h2>
        <div class="charts" style={{ "--chart-width": `${preferences.value.chartWidth}px` }}>
          {charts.map((kind) => (
            <ChartCard
              key={kind.name}
              kind={kind}
              runs={drawn}
              curves={curves}
              axis={axis}
              smoothed={smooth > 0}
              logY={logY}
              range={range}
              onRange={setRange}
              onWidth={(pixels) => setWidth((known) => (Math.abs(known - pixels) > 0.2 * known ? pixels : known))}
            />
          ))}
        </div>
        {focused && (
          <ErrorBoundary key={focused.id} what="This run's files">
            <RunPanel row={focused} runs={runs} folder={list.folder} colour={colours.get(focused.id) ?? "--accent"} />
          </ErrorBoundary>
        )}
      </div>
    </div>
  );
}

function NoRuns({ list }: { readonly list: List }) {
  return (
    <div class="lesson">
      <h1>There is no run yet</h1>
      <p>
        The studio looks into the folder <code>{list.folder}</code>. Train a network there, in another terminal: the run appears here with its first steps, and its curves move while it learns.
      </p>
      <CodeBlock label="Train a network" code="npx gradus train mlp" />
      <p>
        Nothing at hand to train? In the labs networks learn in this page: <a href={addressOf("lab/neuron")}>from neuron to network</a>, and <a href={addressOf("lab/digits")}>reading digits</a>.
      </p>
    </div>
  );
}

/** The runs that the address names; without it those that run, and the newest. */
function selectionOf(text: string | null, runs: readonly RunRow[]): string[] {
  if (text === "none") return [];
  const known = runs.map(({ id }) => id);
  if (text !== null) return text.split(",").filter((id) => known.includes(id));
  return runs.filter(({ state }, i) => i === 0 || state === "running").map(({ id }) => id);
}

function axisOf(text: string | null): Axis {
  return text === "epoch" || text === "seconds" || text === "time" ? text : "step";
}
