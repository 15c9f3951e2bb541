import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keepInPage, keptInPage, type KeptLab } from "./keep-in-page.js";
import { defaults } from "./settings.js";

const stored = new Map<string, string>();

beforeEach(() =>
  vi.stubGlobal("sessionStorage", {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => stored.set(name, value),
    removeItem: (name: string) => stored.delete(name),
  }),
);
afterEach(() => {
  stored.clear();
  vi.unstubAllGlobals();
});

const lab: KeptLab = {
  options: { points: "moons" },
  training: { settings: defaults, steps: 7, epochs: 0.5, batchLoss: null, learner: { numbers: {}, taken: 70 } },
  history: { steps: [1, 2], train: [0.5, 0.25], test: [NaN, NaN], batch: [1, 0.5] },
  isRunning: true,
  speed: 200,
};

/** Has the page find a value where it kept the lab. */
function write(text: string): void {
  keepInPage(lab);
  for (const name of stored.keys()) stored.set(name, text);
}

test("what was kept comes back, gaps among the losses too", () => {
  expect(keptInPage()).toBeUndefined();
  keepInPage(lab);
  expect(keptInPage()).toEqual(lab);
  expect(stored.size).toBe(1);
});

const written = JSON.parse(JSON.stringify(lab)) as KeptLab;
const { training, history } = written;

test.each([
  ["no JSON", "{"],
  ["no lab", "[]"],
  ["a lab without a training", JSON.stringify({ ...written, training: undefined })],
  ["options that are no texts", JSON.stringify({ ...written, options: { points: 1 } })],
  ["a training without steps", JSON.stringify({ ...written, training: { ...training, steps: null } })],
  ["a training without weights", JSON.stringify({ ...written, training: { ...training, learner: { taken: 0 } } })],
  ["curves of different lengths", JSON.stringify({ ...written, history: { ...history, train: [1] } })],
  ["curves of another version", JSON.stringify({ ...written, history: [] })],
  ["no speed", JSON.stringify({ ...written, speed: "fast" })],
])("%s is forgotten", (_, text) => {
  write(text);
  expect(keptInPage()).toBeUndefined();
  expect(stored.size).toBe(0);
});
