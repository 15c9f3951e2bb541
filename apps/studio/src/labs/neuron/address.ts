import { choices, defaults, limits, takesClasses, type LabPoint, type Named, type Settings } from "./settings.js";

/** A setting as it stands in an address, and back; undefined where the text means nothing. */
interface Coding<T> {
  write(value: T): string;
  read(text: string): T | undefined;
}

const number = (min: number, max: number, whole = false): Coding<number> => ({
  write: String,
  read(text) {
    const value = Number(text);
    if (text === "" || !Number.isFinite(value)) return undefined;
    const limited = Math.min(max, Math.max(min, value));
    return whole ? Math.round(limited) : limited;
  },
});

const oneOf = <T extends string>(known: readonly Named<T>[]): Coding<T> => ({
  write: (value) => value,
  read: (text) => known.find(({ value }) => value === text)?.value,
});

const features: Coding<Settings["features"]> = {
  write: (names) => names.join(" "),
  read(text) {
    const wanted = new Set(text.split(" "));
    const found = choices.features.map(({ value }) => value).filter((name) => wanted.has(name));
    return found.length > 0 ? found : undefined;
  },
};

const hidden: Coding<readonly number[]> = {
  write: (widths) => (widths.length === 0 ? "none" : widths.join(" ")),
  read(text) {
    if (text === "none") return [];
    const widths = text.split(" ").slice(0, limits.layers).map(Number);
    return widths.every((width) => Number.isInteger(width) && width >= 1 && width <= limits.neurons) ? widths : undefined;
  },
};

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** A number from 0 to 1 in characters of 64 values each. */
function toDigits(share: number, length: number): string {
  let rest = Math.round(share * (64 ** length - 1));
  let text = "";
  for (let i = 0; i < length; i++) {
    text = (digits[rest % 64] ?? "A") + text;
    rest = Math.floor(rest / 64);
  }
  return text;
}

const fromDigits = (text: string): number =>
  [...text].reduce((sum, digit) => sum * 64 + digits.indexOf(digit), 0) / (64 ** text.length - 1);

/** Two characters for each coordinate, one for the target: classes are whole, values lie between −1 and 1. */
function writePoint({ x1, x2, target }: LabPoint, problem: Settings["problem"]): string {
  const place = (x: number): string => toDigits((x / limits.extent + 1) / 2, 2);
  return place(x1) + place(x2) + toDigits(problem === "regression" ? (target + 1) / 2 : target / 63, 1);
}

function readPoint(text: string, problem: Settings["problem"]): LabPoint | undefined {
  if (!/^[\w-]{5}$/.test(text)) return undefined;
  const place = (part: string): number => (2 * fromDigits(part) - 1) * limits.extent;
  const share = fromDigits(text.slice(4));
  const target = problem === "regression" ? 2 * share - 1 : Math.min(limits.classes.max - 1, Math.round(share * 63));
  return { x1: place(text.slice(0, 2)), x2: place(text.slice(2, 4)), target };
}

/** A point where an address can hold it, so that what is trained is what a link restores. */
export function roundedPoint(point: LabPoint, problem: Settings["problem"]): LabPoint {
  return readPoint(writePoint(point, problem), problem) ?? point;
}

type Codings = { readonly [K in Exclude<keyof Settings, "drawn" | "points">]: Coding<Settings[K]> };

const codings: Codings = {
  problem: oneOf(choices.problem),
  classes: number(limits.classes.min, limits.classes.max, true),
  count: number(limits.count.min, limits.count.max, true),
  noise: number(0, 0.5),
  trainShare: number(0.1, 1),
  seed: number(0, 2 ** 31, true),
  model: oneOf(choices.model),
  features,
  hidden,
  activation: oneOf(choices.activation),
  initialization: oneOf(choices.initialization),
  loss: oneOf(choices.loss),
  optimizer: oneOf(choices.optimizer),
  lr: number(1e-5, 30),
  schedule: oneOf(choices.schedule),
  scheduleSteps: number(10, 100_000, true),
  penalty: oneOf(choices.penalty),
  penaltyRate: number(0, 10),
  dropout: number(0, 0.9),
  batch: number(0, limits.count.max, true),
};

/** The options of an address: what differs from the defaults, and "" for what does not. */
export function optionsOf(settings: Settings): Record<string, string> {
  const options: Record<string, string> = { points: settings.points === defaults.points ? "" : settings.points };
  const write = <K extends keyof Codings>(name: K): void => {
    const text = codings[name].write(settings[name] as never);
    options[name] = text === codings[name].write(defaults[name] as never) ? "" : text;
  };
  for (const name of Object.keys(codings) as (keyof Codings)[]) write(name);
  options["drawn"] = settings.points === "drawn" ? settings.drawn.map((point) => writePoint(point, settings.problem)).join("") : "";
  return options;
}

/** The settings of an address; what is missing or means nothing is as the defaults say. */
export function settingsOf(options: URLSearchParams): Settings {
  const read = Object.fromEntries(
    (Object.keys(codings) as (keyof Codings)[]).map((name) => [name, codings[name].read(options.get(name) ?? "") ?? defaults[name]]),
  ) as unknown as Omit<Settings, "drawn" | "points">;
  const known: readonly Named<Settings["points"]>[] = choices.points[read.problem];
  const points = oneOf(known).read(options.get("points") ?? defaults.points) ?? known[0]?.value ?? defaults.points;
  const drawn = (options.get("drawn")?.match(/.{5}/g) ?? []).slice(0, limits.drawn).flatMap((text) => readPoint(text, read.problem) ?? []);
  return sound({ ...read, points, drawn: points === "drawn" ? drawn : [] });
}

/** Settings that fit each other: every target of drawn points is a class, and only a network does regression. */
export function sound(settings: Settings): Settings {
  const classes = takesClasses(settings.points) ? settings.classes : 2;
  const isRegression = settings.problem === "regression";
  return {
    ...settings,
    model: isRegression ? "network" : settings.model,
    drawn: settings.drawn.filter(({ target }) => isRegression || target < classes),
  };
}
