import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "../../ui/controls.js";
import { colourOf, colourVersion } from "../../ui/theme.js";
import type { LabModel } from "./lab-model.js";
import { penRadius, type Stroke } from "./prepare-drawing.js";

/** Steps of the arrow keys across the pad. */
const keySteps = 28;

/** Where the keyboard's pen is, and whether it writes. */
interface Pen {
  readonly x: number;
  readonly y: number;
  readonly down: boolean;
}

/** A sheet on which a digit is written with mouse, pen, finger or keys. */
export function DrawingPad({ model }: { readonly model: LabModel }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const writing = useRef<number | undefined>(undefined);
  const [pen, setPen] = useState<Pen>();
  const [said, say] = useState("");
  const strokes = model.strokes.value;
  const version = colourVersion.value;

  useEffect(() => {
    if (canvas.current) paint(canvas.current, strokes, pen);
  }, [strokes, pen, version]);

  const begin = (event: PointerEvent): void => {
    if (event.button !== 0 || writing.current !== undefined) return;
    canvas.current?.setPointerCapture(event.pointerId);
    writing.current = event.pointerId;
    setPen(undefined);
    model.draw([...strokes, placeOf(event)], event.timeStamp);
  };
  const go = (event: PointerEvent): void => {
    if (writing.current !== event.pointerId) return;
    const all = event.getCoalescedEvents?.() ?? [];
    model.draw(lengthened(model.strokes.peek(), (all.length > 0 ? all : [event]).flatMap(placeOf)), event.timeStamp);
  };
  const end = (event: PointerEvent): void => {
    if (writing.current === event.pointerId) writing.current = undefined;
  };
  const clear = (): void => model.draw([]);
  const undo = (): void => model.draw(strokes.slice(0, -1));

  const onKeyDown = (event: KeyboardEvent): void => {
    const now = pen ?? { x: 0.5, y: 0.25, down: false };
    const move = moves[event.key];
    if (move) {
      const far = (event.shiftKey ? 3 : 1) / keySteps;
      const next = { ...now, x: within(now.x + move[0] * far), y: within(now.y + move[1] * far) };
      setPen(next);
      if (next.down) model.draw(lengthened(strokes, [next.x, next.y]));
    } else if (event.key === " " || event.key === "Enter") {
      const next = { ...now, down: !now.down };
      setPen(next);
      say(next.down ? "Pen down" : "Pen up");
      if (next.down) model.draw([...strokes, [next.x, next.y]]);
    } else if (event.key === "Backspace") {
      undo();
      say("Stroke taken back");
    } else if (event.key === "Delete") {
      clear();
      say("Sheet cleared");
    } else return;
    event.preventDefault();
  };

  return (
    <div class="drawing">
      <canvas
        ref={canvas}
        class="drawing-pad"
        tabIndex={0}
        role="application"
        aria-roledescription="drawing sheet"
        aria-label={`Write a digit. ${strokes.length} ${strokes.length === 1 ? "stroke" : "strokes"} on the sheet. Arrow keys move the pen, the space bar sets it down and lifts it, Backspace takes a stroke back, Delete clears.`}
        onPointerDown={begin}
        onPointerMove={go}
        onPointerUp={end}
        onPointerCancel={end}
        onKeyDown={onKeyDown}
        onBlur={() => setPen(undefined)}
      />
      {strokes.length === 0 && <span class="drawing-hint" aria-hidden="true">Write a digit here</span>}
      <div class="row">
        <Button small onClick={clear} disabled={strokes.length === 0}>Clear</Button>
        <Button small onClick={undo} disabled={strokes.length === 0}>Undo</Button>
        <Button small onClick={() => model.showTestImage()}>Next test digit</Button>
      </div>
      <div class="visually-hidden" role="status">{said}</div>
    </div>
  );
}

const moves: Readonly<Record<string, readonly [x: number, y: number]>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function placeOf(event: PointerEvent): Stroke {
  const box = (event.target as HTMLElement).getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}

/** The strokes with the last one going on. */
function lengthened(strokes: readonly Stroke[], more: Stroke): readonly Stroke[] {
  return [...strokes.slice(0, -1), [...(strokes.at(-1) ?? []), ...more]];
}

function within(share: number): number {
  return Math.min(1, Math.max(0, share));
}

function paint(canvas: HTMLCanvasElement, strokes: readonly Stroke[], pen: Pen | undefined): void {
  const side = Math.round(canvas.clientWidth * devicePixelRatio);
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.clearRect(0, 0, side, side);
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = 2 * penRadius * side;
  context.strokeStyle = colourOf("--text");
  for (const stroke of strokes) {
    context.beginPath();
    for (let k = 0; k < stroke.length; k += 2) context.lineTo((stroke[k] ?? 0) * side, (stroke[k + 1] ?? 0) * side);
    // A point is a line of no length.
    if (stroke.length === 2) context.lineTo((stroke[0] ?? 0) * side, (stroke[1] ?? 0) * side);
    context.stroke();
  }
  if (!pen) return;
  context.lineWidth = 2 * devicePixelRatio;
  context.strokeStyle = colourOf("--accent");
  context.beginPath();
  context.arc(pen.x * side, pen.y * side, penRadius * side * (pen.down ? 0.7 : 1.6), 0, 2 * Math.PI);
  context.stroke();
}
