import { afterEach, beforeEach, expect, test, vi } from "vitest";

type Routing = typeof import("./route.js");

const place = { hash: "" };
const listeners = new Map<string, () => void>();
const replaceState = vi.fn((_: unknown, __: string, address: string) => {
  place.hash = address;
});
let routing: Routing;

beforeEach(async () => {
  vi.useFakeTimers();
  vi.resetModules();
  place.hash = "#/runs?axis=epoch";
  vi.stubGlobal("location", place);
  vi.stubGlobal("history", { replaceState });
  vi.stubGlobal("window", { addEventListener: (name: string, listener: () => void) => listeners.set(name, listener) });
  routing = await import("./route.js");
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  replaceState.mockClear();
});

const smooth = (): string | null => routing.route.peek().options.get("smooth");

test("what is chosen is shown at once; the address follows, few times a second", () => {
  for (let i = 1; i <= 300; i++) {
    routing.setOptions({ smooth: String(i) });
    expect(smooth()).toBe(String(i));
    vi.advanceTimersByTime(10);
  }
  expect(replaceState.mock.calls.length).toBeLessThan(10);
  vi.advanceTimersByTime(1000);
  expect(place.hash).toBe("#/runs?axis=epoch&smooth=300");
  routing.setOptions({ smooth: "", axis: "step" });
  expect(place.hash).toBe("#/runs?axis=step");
});

test("a browser that refuses does no harm, and who leaves takes all along", () => {
  replaceState.mockImplementationOnce(() => {
    throw new Error("too many");
  });
  routing.setOptions({ smooth: "1" });
  expect([smooth(), place.hash]).toEqual(["1", "#/runs?axis=epoch"]);
  routing.setOptions({ smooth: "2" });
  listeners.get("pagehide")?.();
  expect(place.hash).toBe("#/runs?axis=epoch&smooth=2");
});

test("an address to which the user goes meanwhile is not written over", () => {
  routing.setOptions({ smooth: "1" });
  routing.setOptions({ smooth: "2" });
  place.hash = "#/lab/neuron";
  vi.advanceTimersByTime(1000);
  listeners.get("hashchange")?.();
  vi.advanceTimersByTime(1000);
  expect([place.hash, routing.route.peek().page]).toEqual(["#/lab/neuron", "lab/neuron"]);
});
