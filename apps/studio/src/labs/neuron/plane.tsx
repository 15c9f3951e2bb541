import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { colourVersion } from "../../ui/theme.js";
import { divergingPixels, fillAnswer, fillDiverging } from "./colours.js";
import { unitIndex } from "./diagram-layout.js";
import { useLab } from "./use-lab.js";
import { surfaceSize, thumbnailSize } from "./picture-size.js";
import { drawAxes, drawCross, drawPoints } from "./plane-drawing.js";
import { readingAt, summaryOf, type PlanePlace } from "./plane-reading.js";
import { PictureSheet, prepared } from "./picture-sheet.js";
import { limits } from "./settings.js";
import { useWidth } from "./use-width.js";

/** What a click on the plane does: nothing but read, take points away, or put one of a class or value. */
export type Brush = "read" | "erase" | { readonly target: number };

const extent = limits.extent;
/** How far around it the eraser reaches, and how far apart points of one stroke are. */
const eraserRadius = 0.7;
const strokeGap = 0.45;

/** The plane with its points and what the network says about every place of it. */
export function Plane({ brush }: { readonly brush: Brush }) {
  const lab = useLab();
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(frame);
  const [place, setPlace] = useState<PlanePlace>();
  const [byKeys, setByKeys] = useState(false);
  const last = useRef<PlanePlace | undefined>(undefined);
  const settings = lab.settings.value;
  const points = lab.points.value;
  const pointed = lab.pointed.value;
  const version = colourVersion.value;
  const showsTest = lab.showsTest.value;
  const unit = pointed && unitIndex(settings, pointed);

  useEffect(() => {
    const context = canvas.current && width > 0 && prepared(canvas.current, width, width);
    if (!context) return;
    drawAxes(context, width);
    drawPoints(context, width, showsTest ? points : points.filter(({ isTest }) => !isTest), settings.problem === "regression");
    if (place && byKeys) drawCross(context, width, place);
  }, [points, showsTest, width, byKeys && place, version]);

  const use = (where: PlanePlace): void => {
    if (brush === "erase") lab.erase(where, eraserRadius);
    else if (brush !== "read") lab.addPoint({ ...where, target: brush.target });
    last.current = where;
  };
  const placeOf = ({ offsetX, offsetY }: PointerEvent): PlanePlace => ({
    x1: bounded((offsetX / width) * 2 * extent - extent),
    x2: bounded(extent - (offsetY / width) * 2 * extent),
  });
  const onPointerDown = (event: PointerEvent): void => {
    if (brush === "read" || event.button !== 0) return;
    canvas.current?.setPointerCapture(event.pointerId);
    use(placeOf(event));
  };
  const onPointerMove = (event: PointerEvent): void => {
    const where = placeOf(event);
    setByKeys(false);
    setPlace(where);
    const before = last.current;
    if (brush === "read" || event.buttons !== 1 || !before) return;
    if (brush === "erase" || Math.hypot(where.x1 - before.x1, where.x2 - before.x2) >= strokeGap) use(where);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const now = place ?? { x1: 0, x2: 0 };
    const by = event.shiftKey ? 1 : 0.2;
    const moves: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, by], ArrowDown: [0, -by] };
    const move = moves[event.key];
    if (move) setPlace({ x1: bounded(now.x1 + move[0]), x2: bounded(now.x2 + move[1]) });
    else if (event.key === "Enter" || event.key === " ") use(now);
    else if (event.key === "Delete" || event.key === "Backspace") lab.erase(now, eraserRadius);
    else return;
    event.preventDefault();
    setByKeys(true);
  };
  const snapshot = place && lab.figures.value;
  const reading = snapshot && readingAt(snapshot, settings, place);
  return (
    <div class="plane">
      <div ref={frame} class="plane-frame">
        <PlanePicture unit={unit} />
        <canvas
          ref={canvas}
          class={brush === "read" ? "" : "drawing"}
          role="application"
          aria-roledescription="plane"
          aria-label={`The plane with ${points.length} points. Arrow keys move the cursor, with Shift faster; Enter uses the chosen tool, Delete takes points away.`}
          aria-describedby="plane-summary"
          tabIndex={0}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={() => (last.current = undefined)}
          onPointerLeave={() => setPlace(undefined)}
          onKeyDown={onKeyDown}
          onBlur={() => setByKeys(false)}
        />
        <span class="plane-axis at-x" aria-hidden="true">x₁</span>
        <span class="plane-axis at-y" aria-hidden="true">x₂</span>
      </div>
      <p class="plane-reading small quiet">{reading ?? (unit !== undefined ? "The picture of one neuron" : "Point at a place to read it")}</p>
      <p class="visually-hidden" role="status">{byKeys ? reading : ""}</p>
      <PlaneSummary />
    </div>
  );
}

const bounded = (x: number): number => Math.min(extent, Math.max(-extent, x));

/** The answer, or what the neuron under the pointer says: as many pixels as there are numbers, for the page to enlarge. */
function PlanePicture({ unit }: { readonly unit: number | undefined }) {
  const lab = useLab();
  const canvas = useRef<HTMLCanvasElement>(null);
  const sheet = useRef<PictureSheet>(null);
  const snapshot = lab.snapshot.value;
  const isDiscrete = lab.isDiscrete.value;
  const version = colourVersion.value;
  useEffect(() => {
    if (!canvas.current || !snapshot) return;
    sheet.current ??= new PictureSheet(canvas.current);
    const { thumbnails, surface } = snapshot.pictures;
    // Until the worker has made a network of other settings, its pictures are those of the one before.
    const isThere = unit !== undefined && unit < snapshot.pictures.scales.length;
    const size = isThere ? thumbnailSize : surfaceSize;
    sheet.current.filled(size, size, (image) => {
      if (!isThere) fillAnswer(image, surface, surface.length / size ** 2, isDiscrete);
      else fillDiverging(image, thumbnails, unit * size ** 2, divergingPixels());
    });
  }, [snapshot, unit, isDiscrete, version]);
  return <canvas ref={canvas} class={isDiscrete ? "plane-picture discrete" : "plane-picture"} aria-hidden="true" />;
}

/** The picture in a sentence, for those who ask for it: not while the training changes it. */
function PlaneSummary() {
  const lab = useLab();
  const figures = lab.isRunning.value ? undefined : lab.figures.value;
  const last = useRef("");
  last.current = useMemo(() => (figures ? summaryOf(figures, lab.settings.peek()) : last.current), [figures]);
  return (
    <p class="visually-hidden" id="plane-summary">
      {last.current}
    </p>
  );
}
