import { openDevice } from "gradus";
import { version } from "../../version.js";
import { DigitsEngine } from "./engine.js";
import { generatedDigits } from "./lab-data.js";
import type { LabEvent, LabRequest } from "./protocol.js";

/** The worker's side of the channel to the page. */
const scope = globalThis as unknown as {
  postMessage(event: LabEvent, handedOver: readonly Transferable[]): void;
};

const folder = "studio/digits";
/** Milliseconds in which a page that was left, as by a reload, gives its lock back. */
const leaveMs = 1000;

/** Takes the folder for as long as this worker lives: two labs that write to it would spoil each other's checkpoints. Says whether it is free. */
function claim(): Promise<boolean> {
  return new Promise((resolve) => {
    const keep = (): Promise<never> => {
      resolve(true);
      return new Promise(() => {});
    };
    navigator.locks.request(folder, { signal: AbortSignal.timeout(leaveMs) }, keep).catch(() => resolve(false));
  });
}

const engine = claim().then(
  (isFree) =>
    new DigitsEngine({
      emit: (event) => scope.postMessage(event, buffersIn(event)),
      openDevice,
      builtInData: () => generatedDigits(),
      folder: isFree ? folder : undefined,
      version,
    }),
);

/** Carries out what the page asks for. */
export function take(request: LabRequest): void {
  void engine.then((lab) => lab.handle(request));
}

/** What is handed over instead of being copied. */
function buffersIn(event: LabEvent): Transferable[] {
  if (event.kind === "seen") return [event.seen.pixels, event.seen.probabilities, ...event.seen.layers.map(({ values }) => values)].map(({ buffer }) => buffer as ArrayBuffer);
  return event.kind === "weights" ? [event.filters.values.buffer as ArrayBuffer] : [];
}
