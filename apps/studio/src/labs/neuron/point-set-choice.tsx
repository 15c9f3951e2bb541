import { useId } from "preact/hooks";
import type { Named, PointSet } from "./settings.js";

export interface PointSetChoiceProps {
  readonly value: PointSet;
  readonly choices: readonly Named<PointSet>[];
  readonly onChange: (value: PointSet) => void;
}

/** The point sets as small pictures. */
export function PointSetChoice({ value, choices, onChange }: PointSetChoiceProps) {
  const name = useId();
  return (
    <fieldset class="point-sets">
      <legend>Where the points lie</legend>
      <div>
        {choices.map((choice) => (
          <label key={choice.value}>
            <input type="radio" name={name} value={choice.value} checked={choice.value === value} onChange={() => onChange(choice.value)} />
            <svg viewBox="-14 -14 28 28" aria-hidden="true">
              {pictures[choice.value]()}
            </svg>
            <span>{choice.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

const [zero, one] = ["var(--warm)", "var(--cool)"];

function Dots({ at, colour, radius = 1.4 }: { readonly at: readonly (readonly [number, number])[]; readonly colour: string; readonly radius?: number }) {
  return (
    <g fill={colour}>
      {at.map(([x, y], i) => (
        <circle key={i} cx={x} cy={y} r={radius} />
      ))}
    </g>
  );
}

const along = (count: number, place: (share: number) => readonly [number, number]): (readonly [number, number])[] =>
  Array.from({ length: count }, (_, i) => place(i / count));
const onCircle = (radius: number, turn: number, [x, y]: readonly [number, number] = [0, 0]): readonly [number, number] => [
  x + radius * Math.cos(2 * Math.PI * turn),
  y + radius * Math.sin(2 * Math.PI * turn),
];
const cloud = (x: number, y: number): (readonly [number, number])[] => [...along(7, (t) => onCircle(4.2, t, [x, y])), ...along(3, (t) => onCircle(1.6, t, [x, y]))];

const pictures: Readonly<Record<PointSet, () => preact.JSX.Element>> = {
  circle: () => (
    <>
      <Dots at={cloud(0, 0)} colour={zero} />
      <Dots at={along(15, (t) => onCircle(10.5, t))} colour={one} />
    </>
  ),
  xor: () => (
    <>
      <Dots at={[...cloud(-6.5, -6.5), ...cloud(6.5, 6.5)]} colour={zero} />
      <Dots at={[...cloud(6.5, -6.5), ...cloud(-6.5, 6.5)]} colour={one} />
    </>
  ),
  clusters: () => (
    <>
      <Dots at={cloud(5.5, -5.5)} colour={zero} />
      <Dots at={cloud(-5.5, 5.5)} colour={one} />
    </>
  ),
  spirals: () => (
    <>
      <Dots at={along(16, (t) => onCircle(1.5 + 10.5 * t, 1.4 * t))} colour={zero} />
      <Dots at={along(16, (t) => onCircle(1.5 + 10.5 * t, 1.4 * t + 0.5))} colour={one} />
    </>
  ),
  moons: () => (
    <>
      <Dots at={along(10, (t) => onCircle(7.5, 0.5 + t * 0.55, [-3.5, 2]))} colour={zero} />
      <Dots at={along(10, (t) => onCircle(7.5, t * 0.55, [3.5, -2]))} colour={one} />
    </>
  ),
  plane: () => (
    <>
      {along(5, (t) => [t, t]).map((_, i) => (
        <rect key={i} x={-12 + 4.8 * i} y="-12" width="4.8" height="24" fill={i < 2 ? zero : one} opacity={[1, 0.5, 0.12, 0.5, 1][i]} />
      ))}
    </>
  ),
  hills: () => (
    <>
      {([[-8, -5, one], [0, -5, zero], [8, -5, one], [-8, 5, zero], [0, 5, one], [8, 5, zero]] as const).map(([x, y, colour]) => (
        <g key={`${x} ${y}`} fill={colour}>
          <circle cx={x} cy={y} r="4" opacity="0.4" />
          <circle cx={x} cy={y} r="2.2" />
        </g>
      ))}
    </>
  ),
  drawn: () => (
    <g fill="none" stroke="currentColor" stroke-width="1.8" stroke-linejoin="round">
      <path d="M-9 9l1.500-5.500L5 -9l4 4L-3.500 7.500z" />
      <path d="M2 -6l4 4" />
    </g>
  ),
};
