import { device, setDefaultDevice, zeros } from "gradus";
import { LinePainter } from "./line-painter.js";
import type { LabReply, LabRequest } from "./protocol.js";
import { TrainingLoop } from "./training-loop.js";

const painter = new LinePainter();

function send(reply: LabReply): void {
  postMessage(reply, { transfer: reply.kind === "snapshot" ? buffersOf(reply) : [] });
  if (reply.kind !== "snapshot") return;
  painter.update(reply.snapshot.weights, reply.snapshot.steps);
  sendLines();
}

function sendLines(): void {
  const picture = painter.paint();
  if (picture) postMessage({ kind: "lines", picture } satisfies LabReply, { transfer: [picture] });
}

const loop = new TrainingLoop({ now: () => performance.now(), later: (callback, milliseconds) => setTimeout(callback, milliseconds) }, send);

/** The pictures are the page's from then on. */
function buffersOf({ snapshot: { pictures } }: Extract<LabReply, { kind: "snapshot" }>): ArrayBufferLike[] {
  return [pictures.thumbnails.buffer, pictures.surface.buffer, pictures.scales.buffer];
}

/** The networks are small: steps on this thread are faster than to wake others. */
async function start(): Promise<void> {
  setDefaultDevice(device("wasm", { threads: 0 }));
  // The device's code is there once something was computed.
  await zeros([1]).data();
}

const started = start();
/** Carries out what the page asks for. */
export function take(request: LabRequest): void {
  if (request.kind === "lines") {
    painter.style = request.style;
    sendLines();
    return;
  }
  started.then(
    () => loop.take(request),
    () => send({ kind: "failed", message: "the WebAssembly device does not start in this browser: the lab needs one that has SIMD" }),
  );
}
