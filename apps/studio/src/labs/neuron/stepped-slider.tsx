import { Slider } from "../../ui/controls.js";

export interface SteppedSliderProps {
  readonly label: string;
  readonly value: number;
  /** The values to choose from, rising. */
  readonly values: readonly number[];
  readonly format?: (value: number) => string;
  readonly disabled?: boolean;
  readonly onInput: (value: number) => void;
}

/** A slider over values that are not equally far apart. A value that is none of them shows as itself, beside the nearest. */
export function SteppedSlider({ label, value, values, format = String, disabled = false, onInput }: SteppedSliderProps) {
  const nearest = values.reduce((best, other, i) => (Math.abs(other - value) < Math.abs((values[best] ?? 0) - value) ? i : best), 0);
  return (
    <Slider
      label={label}
      value={nearest}
      min={0}
      max={values.length - 1}
      disabled={disabled}
      format={(i) => format(i === nearest ? value : (values[i] ?? value))}
      onInput={(i) => onInput(values[i] ?? value)}
    />
  );
}
