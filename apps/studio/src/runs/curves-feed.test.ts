import { expect, test } from "vitest";
import type { CurvesQuery, LiveEvents, LiveListener, RunRow } from "./api.js";
import { CurvesFeed } from "./curves-feed.js";

const view = { axis: "step", smooth: 0, logY: false, width: 600, range: undefined } as const;

function row(id: string, more: Partial<RunRow> = {}): RunRow {
  const nothing = { data: null, seconds: null, epoch: null, epochs: null, parameters: null, device: null, loss: null, lastValidation: null, bestValidation: null, test: null };
  return { ...nothing, id, name: id, recipe: "mlp", state: "running", hasWeights: false, started: `2026-01-01T00:00:00Z ${id}`, step: 1, ...more };
}

const lineOf = (step: number): string => `${JSON.stringify({ step, epoch: 1, loss: 1 / step, seconds: step })}\n`;

/** A studio of two lines for each run, of which the page is told what the test says. */
function studio() {
  const asked: [run: string, query: CurvesQuery][] = [];
  const heard: Readonly<Record<string, number>>[] = [];
  let listener: LiveListener | undefined;
  let last = 2;
  const source = {
    fetchCurves(run: string, query: CurvesQuery) {
      asked.push([run, query]);
      const curve = { x: [1, last], y: [1, 1 / last], smooth: [1, 1 / last], complete: true, smoothing: { mean: 0, count: 2 } };
      return Promise.resolve({ bytes: 100 * last, end: last, seconds: last, time: 0, curves: { "train/loss": curve } });
    },
    listen(follow: Readonly<Record<string, number>>, told: LiveListener) {
      heard.push(follow);
      listener = told;
      return () => undefined;
    },
  };
  return {
    source,
    heard,
    set last(step: number) {
      last = step;
    },
    /** Runs that were asked for since the last time. */
    asked: () => asked.splice(0).map(([run]) => run),
    /** The same, and whether values above 0 only were wanted. */
    askedWithLog: () => asked.splice(0).map(([run, { log }]) => [run, log]),
    async tell<K extends keyof LiveEvents>(event: K, data: LiveEvents[K]) {
      listener?.onEvent(event, data);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test("only runs that train are followed; what else changes is fetched anew", async () => {
  const served = studio();
  const feed = new CurvesFeed(served.source, view);
  await served.tell("runs", { folder: "runs", runs: [row("new"), row("old", { state: "finished" })] });
  await feed.follow(["new", "old"]);
  expect([served.asked(), served.heard.at(-1)]).toEqual([["new", "old"], { new: 200 }]);
  const connections = served.heard.length;

  await served.tell("lines", { run: "new", from: 200, to: 200 + lineOf(4).length, text: lineOf(4) });
  expect(feed.curves.value.get("new")?.curves.get("train/loss")?.x).toEqual([1, 2, 4]);
  // The list says so too, which is nothing new.
  await served.tell("changed", { runs: [row("new", { step: 4 })], gone: [] });
  expect([served.asked(), served.heard.length]).toEqual([[], connections]);

  // The other one was trained anew: it is followed from where its curves end.
  served.last = 5;
  await served.tell("changed", { runs: [row("old", { step: 5 })], gone: [] });
  expect([served.asked(), served.heard.at(-1)]).toEqual([["old"], { new: 200 + lineOf(4).length, old: 500 }]);
  expect(feed.list.value?.runs.map(({ id, step }) => [id, step])).toEqual([["old", 5], ["new", 4]]);

  // Its last lines may have come after the last look.
  served.last = 6;
  await served.tell("changed", { runs: [row("old", { step: 6, state: "finished" })], gone: [] });
  expect([served.asked(), Object.keys(served.heard.at(-1) ?? {})]).toEqual([["old"], ["new"]]);
  expect(feed.curves.value.get("old")?.curves.get("train/loss")?.x).toEqual([1, 6]);
  await served.tell("changed", { runs: [], gone: ["new"] });
  expect(feed.list.value?.runs.map(({ id }) => id)).toEqual(["old"]);
});

test("hundreds of runs are followed in an address of bounded length, and none stands still", async () => {
  const served = studio();
  const feed = new CurvesFeed(served.source, view);
  const names = Array.from({ length: 500 }, (_, i) => `größer-${i}-${"x".repeat(40)}`);
  await served.tell("runs", { folder: "runs", runs: names.map((name) => row(name)) });
  await feed.follow(names);
  served.asked();
  const follow = served.heard.at(-1) ?? {};
  expect(encodeURIComponent(JSON.stringify(follow)).length).toBeLessThan(8000);
  expect(Object.keys(follow).length).toBeGreaterThan(20);
  const [told = "", untold = ""] = [names[0], names.at(-1)];
  expect([told in follow, untold in follow]).toEqual([true, false]);
  await served.tell("changed", { runs: [row(told, { step: 9 }), row(untold, { step: 9 })], gone: [] });
  expect(served.asked()).toEqual([untold]);
});

test("a file that was written anew is fetched anew, and another view asks again", async () => {
  const served = studio();
  const feed = new CurvesFeed(served.source, view);
  await served.tell("runs", { folder: "runs", runs: [row("a")] });
  await feed.follow(["a"]);
  served.asked();
  await served.tell("reset", { run: "a" });
  expect(served.askedWithLog()).toEqual([["a", undefined]]);
  feed.setView({ ...view, logY: true });
  expect(served.askedWithLog()).toEqual([["a", 1]]);
});

test("what comes after the end opens no connection", async () => {
  const served = studio();
  const feed = new CurvesFeed(served.source, view);
  await served.tell("runs", { folder: "runs", runs: [row("a")] });
  await feed.follow(["a"]);
  const connections = served.heard.length;
  const told = [served.tell("reset", { run: "a" }), served.tell("changed", { runs: [], gone: ["a"] })];
  feed.close();
  await Promise.all(told);
  expect(served.heard.length).toBe(connections);
});
