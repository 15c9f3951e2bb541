import { beforeAll, expect, test } from "vitest";
import { device, setDefaultDevice } from "gradus";
import type { LabReply } from "./protocol.js";
import { defaults as ofNetworks, type Settings } from "./settings.js";
import { TrainingLoop } from "./training-loop.js";

beforeAll(() => setDefaultDevice(device("wasm", { threads: 0 })));

/** Perceptrons: the loop is the same for all, and they need no compiling. Their points are too near each other to be told apart. */
const defaults: Settings = { ...ofNetworks, model: "perceptron" };

/** A loop whose time passes only when it is told to. */
function loopWithClock() {
  let now = 0;
  const waiting: { at: number; callback: () => void }[] = [];
  const replies: LabReply[] = [];
  const loop = new TrainingLoop(
    // Every look at the clock takes a millisecond, so that a turn comes to its end.
    { now: () => now++, later: (callback, milliseconds) => waiting.push({ at: now + milliseconds, callback }) },
    (reply) => replies.push(reply),
  );
  const pass = (milliseconds: number): void => {
    const end = now + milliseconds;
    for (let next = waiting.shift(); next && now < end; next = waiting.shift()) {
      now = Math.max(now, next.at);
      next.callback();
      if (replies.at(-1)?.kind === "snapshot") loop.take({ kind: "shown" });
    }
  };
  const last = () => replies.flatMap((reply) => (reply.kind === "snapshot" ? [reply] : [])).at(-1);
  return { loop, pass, replies, last };
}

test("trains at the speed that is asked for, and stops", () => {
  const { loop, pass, last, replies } = loopWithClock();
  loop.take({ kind: "configure", settings: { ...defaults, points: "moons" } });
  expect(replies.map(({ kind }) => kind)).toEqual(["configured", "snapshot"]);
  expect(last()).toMatchObject({ isRunning: false, snapshot: { steps: 0 } });
  loop.take({ kind: "shown" });
  loop.take({ kind: "speed", stepsPerSecond: 20 });
  loop.take({ kind: "run", on: true });
  pass(2000);
  loop.take({ kind: "run", on: false });
  const { snapshot, isRunning } = last() ?? {};
  expect(isRunning).toBe(false);
  expect(snapshot?.steps).toBeGreaterThanOrEqual(38);
  expect(snapshot?.steps).toBeLessThanOrEqual(41);
});

test("sends no snapshot before the last one is shown", () => {
  const { loop, replies } = loopWithClock();
  const snapshots = (): number => replies.filter(({ kind }) => kind === "snapshot").length;
  loop.take({ kind: "configure", settings: defaults });
  loop.take({ kind: "advance", by: "step" });
  loop.take({ kind: "advance", by: "epoch" });
  expect(snapshots()).toBe(1);
  loop.take({ kind: "shown" });
  expect(snapshots()).toBe(2);
  const [configured] = replies;
  const trained = configured?.kind === "configured" ? configured.points.filter(({ isTest }) => !isTest).length : NaN;
  expect(replies.at(-1)).toMatchObject({ snapshot: { steps: 1 + trained } });
  loop.take({ kind: "shown" });
  expect(snapshots()).toBe(2);
});

test("ends by itself where there is nothing more to learn", () => {
  const { loop, pass, last } = loopWithClock();
  loop.take({ kind: "configure", settings: { ...defaults, points: "clusters", noise: 0 } });
  loop.take({ kind: "run", on: true });
  loop.take({ kind: "shown" });
  pass(3000);
  expect(last()).toMatchObject({ isRunning: false, snapshot: { end: "converged" } });
});

test("goes on after what went wrong", () => {
  const { loop, pass, last, replies } = loopWithClock();
  loop.take({ kind: "configure", settings: defaults });
  loop.take({ kind: "run", on: true });
  loop.take({ kind: "configure", settings: { ...ofNetworks, hidden: [-1] } });
  expect(replies.at(-1)).toMatchObject({ kind: "failed" });
  // Only the learning rate is another one, but the network of before is gone.
  loop.take({ kind: "configure", settings: { ...defaults, lr: 0.5 } });
  loop.take({ kind: "shown" });
  expect(last()).toMatchObject({ isRunning: false, snapshot: { steps: 0, lr: 0.5 } });
  loop.take({ kind: "run", on: true });
  pass(300);
  expect(last()?.snapshot.steps).toBeGreaterThan(0);
});

test("keeps the training each second while it runs, and whenever it rests; another loop goes on with it", () => {
  const { loop, pass, replies } = loopWithClock();
  const settings = { ...defaults, points: "moons" } as const;
  loop.take({ kind: "configure", settings });
  loop.take({ kind: "run", on: true });
  loop.take({ kind: "shown" });
  pass(2500);
  loop.take({ kind: "run", on: false });
  loop.take({ kind: "shown" });
  const snapshots = replies.flatMap((reply) => (reply.kind === "snapshot" ? [reply] : []));
  const running = snapshots.filter(({ isRunning }) => isRunning);
  expect(running.length).toBeGreaterThan(10);
  expect(running.filter(({ kept }) => kept).length).toBeLessThanOrEqual(3);
  const { kept, snapshot } = snapshots.at(-1) ?? {};
  expect(kept?.steps).toBe(snapshot?.steps);

  const other = loopWithClock();
  other.loop.take({ kind: "configure", settings, ...(kept && { kept }) });
  expect(other.last()?.snapshot).toMatchObject({ steps: snapshot?.steps, weights: snapshot?.weights });
  const runner = loopWithClock();
  runner.loop.take({ kind: "configure", settings, runs: true, ...(kept && { kept }) });
  runner.loop.take({ kind: "shown" });
  runner.pass(300);
  expect(runner.last()).toMatchObject({ isRunning: true });
  expect(runner.last()?.snapshot.steps).toBeGreaterThan(snapshot?.steps ?? Infinity);
  const third = loopWithClock();
  third.loop.take({ kind: "configure", settings: { ...settings, features: ["x1"] }, runs: true, ...(kept && { kept }) });
  expect(third.replies.map(({ kind }) => kind)).toEqual(["configured", "failed", "snapshot"]);
  third.pass(300);
  expect(third.last()).toMatchObject({ isRunning: false, snapshot: { steps: 0 } });
});

test("a training that fails can be begun again", () => {
  const replies: LabReply[] = [];
  const waiting: (() => void)[] = [];
  let isBroken = false;
  const send = (reply: LabReply): void => {
    if (isBroken && reply.kind === "snapshot") throw new Error("the page does not take it");
    replies.push(reply);
  };
  let now = 0;
  const loop = new TrainingLoop({ now: () => (now += 5), later: (callback) => waiting.push(callback) }, send);
  loop.take({ kind: "configure", settings: defaults });
  loop.take({ kind: "shown" });
  loop.take({ kind: "run", on: true });
  isBroken = true;
  for (let turn = waiting.shift(); turn; turn = waiting.shift()) turn();
  expect(replies.at(-1)).toEqual({ kind: "failed", message: "the page does not take it" });
  isBroken = false;
  loop.take({ kind: "run", on: true });
  expect(waiting).toHaveLength(1);
});
