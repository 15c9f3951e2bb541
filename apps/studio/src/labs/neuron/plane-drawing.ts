import { colourOf } from "../../ui/theme.js";
import { targetColour } from "./colours.js";
import type { PlacedPoint } from "./lab-engine.js";
import type { PlanePlace } from "./plane-reading.js";
import { limits } from "./settings.js";

const extent = limits.extent;

/** The lines x₁ = 0 and x₂ = 0. */
export function drawAxes(context: CanvasRenderingContext2D, width: number): void {
  context.strokeStyle = colourOf("--line-strong");
  context.globalAlpha = 0.35;
  context.lineWidth = 1;
  context.beginPath();
  const middle = Math.round(width / 2) + 0.5;
  context.moveTo(middle, 0);
  context.lineTo(middle, width);
  context.moveTo(0, middle);
  context.lineTo(width, middle);
  context.stroke();
  context.globalAlpha = 1;
}

const toPixels = ({ x1, x2 }: PlanePlace, width: number): [x: number, y: number] => [
  ((x1 + extent) / (2 * extent)) * width,
  ((extent - x2) / (2 * extent)) * width,
];

/** The points; those that test have a dark edge. Each class has a shape, so that colours need not be told apart. */
export function drawPoints(context: CanvasRenderingContext2D, width: number, points: readonly PlacedPoint[], isRegression: boolean): void {
  const radius = Math.max(2.6, width / 95);
  const [plain, test] = [colourOf("--surface"), colourOf("--text")];
  for (const point of points) {
    const [x, y] = toPixels(point, width);
    context.fillStyle = targetColour(point.target, isRegression);
    context.strokeStyle = point.isTest ? test : plain;
    context.lineWidth = point.isTest ? 1.4 : 0.9;
    context.beginPath();
    traceShape(context, x, y, radius, isRegression ? 0 : point.target);
    context.fill();
    context.stroke();
  }
}

function traceShape(context: CanvasRenderingContext2D, x: number, y: number, radius: number, shape: number): void {
  if (shape === 0) context.arc(x, y, radius, 0, 2 * Math.PI);
  else if (shape === 1) context.rect(x - 0.88 * radius, y - 0.88 * radius, 1.76 * radius, 1.76 * radius);
  else {
    const corners = shape + 1 === 3 ? 3 : 4;
    for (let i = 0; i < corners; i++) {
      const angle = (2 * Math.PI * i) / corners - Math.PI / 2;
      context.lineTo(x + 1.25 * radius * Math.cos(angle), y + 1.25 * radius * Math.sin(angle));
    }
    context.closePath();
  }
}

/** Where the keyboard's cursor is. */
export function drawCross(context: CanvasRenderingContext2D, width: number, place: PlanePlace): void {
  const [x, y] = toPixels(place, width);
  for (const [token, line] of [["--surface", 4], ["--text", 2]] as const) {
    context.strokeStyle = colourOf(token);
    context.lineWidth = line;
    context.beginPath();
    context.moveTo(x - 9, y);
    context.lineTo(x + 9, y);
    context.moveTo(x, y - 9);
    context.lineTo(x, y + 9);
    context.stroke();
  }
}
