import { openDevice } from "gradus";
import { version } from "../../version.js";
import { DigitsEngine } from "./engine.js";
import { generatedDigits } from "./lab-data.js";
import type { LabEvent, LabRequest } from "./protocol.js";

/** The worker's side of the channel to the page. */
const scope = globalThis as unknown as {
  postMessage(event: LabEvent, handedOver: readonly Transferable[]): void;
  onmessage: (message: MessageEvent<LabRequest>) => void;
};

const engine = new DigitsEngine({
  emit: (event) => scope.postMessage(event, buffersIn(event)),
  openDevice,
  builtInData: () => generatedDigits(),
  folder: "studio/digits",
  version,
});

scope.onmessage = ({ data }) => void engine.handle(data);

/** What is handed over instead of being copied. */
function buffersIn(event: LabEvent): Transferable[] {
  if (event.kind === "seen") return [event.seen.pixels, event.seen.probabilities, ...event.seen.layers.map(({ values }) => values)].map(({ buffer }) => buffer as ArrayBuffer);
  return event.kind === "weights" ? [event.filters.values.buffer as ArrayBuffer] : [];
}
