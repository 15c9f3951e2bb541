import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

export interface SliderProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  /** The value as text; the number itself if not given. */
  readonly format?: (value: number) => string;
  readonly disabled?: boolean;
  readonly onInput: (value: number) => void;
}

/** A number in a range. */
export function Slider({ label, value, min, max, step = 1, format = String, disabled = false, onInput }: SliderProps) {
  const id = useId();
  return (
    <div class="field">
      <div class="label">
        <label for={id}>{label}</label>
        <output for={id}>{format(value)}</output>
      </div>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        disabled={disabled}
        aria-valuetext={format(value)}
        onInput={(event) => onInput(event.currentTarget.valueAsNumber)}
      />
    </div>
  );
}

/** A value to choose, and what it is called. */
export interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
}

export interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly choices: readonly Choice<T>[];
  readonly disabled?: boolean;
  /** The label is for screen readers only. */
  readonly hideLabel?: boolean;
  readonly onChange: (value: T) => void;
}

/** One of several values, in a list that opens. */
export function Select<T extends string>({ label, value, choices, disabled = false, hideLabel = false, onChange }: ChoiceProps<T>) {
  const id = useId();
  return (
    <div class="field">
      <label for={id} class={hideLabel ? "visually-hidden" : ""}>
        {label}
      </label>
      <select
        id={id}
        value={value}
        disabled={disabled}
        onChange={({ currentTarget }) => {
          const chosen = choices.find((choice) => choice.value === currentTarget.value);
          if (chosen) onChange(chosen.value);
        }}
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </div>
  );
}

/** One of a few values, all in sight; arrow keys change it. */
export function Segmented<T extends string>({ label, value, choices, disabled = false, onChange }: ChoiceProps<T>) {
  const name = useId();
  return (
    <fieldset class="segmented" disabled={disabled}>
      <legend>{label}</legend>
      <div class="segments">
        {choices.map((choice) => (
          <label key={choice.value}>
            <input type="radio" name={name} value={choice.value} checked={choice.value === value} onChange={() => onChange(choice.value)} />
            {choice.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

export interface CheckProps {
  readonly label: ComponentChildren;
  readonly checked: boolean;
  readonly disabled?: boolean;
  readonly onChange: (checked: boolean) => void;
}

/** On or off. */
export function Check({ label, checked, disabled = false, onChange }: CheckProps) {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} disabled={disabled} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

export interface ButtonProps {
  readonly children: ComponentChildren;
  readonly onClick: () => void;
  readonly kind?: "primary" | "plain";
  readonly small?: boolean;
  readonly disabled?: boolean;
  /** For a button that is held down; says so to a screen reader. */
  readonly pressed?: boolean;
  readonly title?: string;
}

/** Does something. */
export function Button({ children, onClick, kind, small = false, disabled = false, pressed, title }: ButtonProps) {
  const classes = ["button", kind, small && "small"].filter(Boolean).join(" ");
  return (
    <button type="button" class={classes} disabled={disabled} aria-pressed={pressed} title={title} onClick={onClick}>
      {children}
    </button>
  );
}
