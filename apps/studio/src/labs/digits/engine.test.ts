import { device } from "gradus";
import { expect, it } from "vitest";
import { DigitsEngine } from "./engine.js";
import type { LabEvent, LabRequest } from "./protocol.js";
import { defaultSetting } from "./setting.js";
import type { FileStore } from "./store.js";

/** Files in memory. */
class MemoryStore implements FileStore {
  readonly files = new Map<string, Uint8Array>();
  read = async (name: string): Promise<Uint8Array | undefined> => this.files.get(name)?.slice();
  write = async (name: string, bytes: Uint8Array): Promise<void> => void this.files.set(name, bytes.slice());
  remove = async (name: string): Promise<void> => void this.files.delete(name);
}

/** An engine, and what it told so far. */
function lab(store = new MemoryStore()) {
  const events: LabEvent[] = [];
  const waiting: { readonly kind: string; readonly test: (event: never) => boolean; readonly resolve: (event: never) => void }[] = [];
  const engine = new DigitsEngine({
    emit: (event) => {
      events.push(event);
      for (const { kind, test, resolve } of waiting) if (event.kind === kind && test(event as never)) resolve(event as never);
    },
    openDevice: async (name) => device(name),
    store,
    version: "0.0.0",
  });
  return {
    store,
    events,
    ask: (request: LabRequest) => engine.handle(request),
    next: <K extends LabEvent["kind"]>(kind: K, test: (event: Extract<LabEvent, { kind: K }>) => boolean = () => true) =>
      new Promise<Extract<LabEvent, { kind: K }>>((resolve) => waiting.push({ kind, test: test as never, resolve: resolve as never })),
  };
}

it("reads 95 % of the test digits within two passes, and a drawn one", async () => {
  const { ask, next, events } = lab();
  await ask({ kind: "begin" });
  const good = next("progress", ({ lines }) => lines.some((line) => "validation" in line && (line.validation["accuracy"] ?? 0) >= 0.95));
  await ask({ kind: "speed", speed: "full" });
  const { epoch } = await good;
  const paused = next("state", ({ state }) => state === "paused");
  await ask({ kind: "speed", speed: "paused" });
  await paused;
  expect(epoch).toBeLessThan(2);
  const seen = next("seen", ({ seen: { id } }) => id === 7);
  await ask({ kind: "look", id: 7, strokes: [[0.3, 0.2, 0.7, 0.2, 0.5, 0.5, 0.42, 0.85]] });
  const { probabilities, layers } = (await seen).seen;
  expect(probabilities.indexOf(Math.max(...probabilities))).toBe(7);
  expect(layers.map(({ name, shape }) => `${name} ${shape.join("×")}`)).toEqual(["active1 6×28×28", "pool1 6×14×14", "active2 16×10×10", "pool2 16×5×5", "active3 120", "active4 84", "fc3 10"]);
  await ask({ kind: "open", setting: defaultSetting });
  expect(events.filter(({ kind }) => kind === "error")).toEqual([]);
});
