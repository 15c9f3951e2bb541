import { signal } from "@preact/signals";
import type { ReadingOrder } from "../ui/chart-readings.js";
import { seriesTokens } from "../ui/theme.js";
import type { RunRow } from "./api.js";

/** By what runs are told apart: each by itself, or those alike in something by one colour. */
export type ColourBy = "run" | "recipe" | "data" | "pattern";

/** How a user likes the charts; kept in the browser. */
export interface Preferences {
  readonly ignoreOutliers: boolean;
  /** Validations are few, and shown as they are if not wished otherwise. */
  readonly smoothValidation: boolean;
  readonly readingOrder: ReadingOrder;
  readonly colourBy: ColourBy;
  /** A regular expression: runs in whose names it finds the same text have one colour. */
  readonly pattern: string;
  /** Colours that were chosen, by the run or what groups it. */
  readonly colours: Readonly<Record<string, string>>;
  /** Charts that stand before the others. */
  readonly pinned: readonly string[];
  /** Charts with logarithmic values where the others have linear ones, and the reverse. */
  readonly otherScale: readonly string[];
  /** The least width of a chart, in pixels of CSS. */
  readonly chartWidth: number;
}

export const chartWidths = { min: 280, max: 1200 };

const key = "gradus-charts";
const usual: Preferences = { ignoreOutliers: false, smoothValidation: false, readingOrder: "given", colourBy: "run", pattern: "", colours: {}, pinned: [], otherScale: [], chartWidth: 420 };

export const preferences = signal<Preferences>(readPreferences(stored()));

/** Changes some of them. What another page of the studio has changed meanwhile is kept. */
export function prefer(change: (now: Preferences) => Partial<Preferences>): void {
  const text = stored();
  const now = text === "" ? preferences.peek() : readPreferences(text);
  preferences.value = { ...now, ...change(now) };
  try {
    localStorage.setItem(key, JSON.stringify(preferences.peek()));
  } catch {
    // Storage is switched off: they last as long as the page.
  }
}

function stored(): string {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

/** What the browser has kept, as far as it is what it should be. */
export function readPreferences(text: string): Preferences {
  const kept = recordOf(parsed(text));
  const oneOf = <T extends string>(value: unknown, known: readonly T[], otherwise: T): T => known.find((one) => one === value) ?? otherwise;
  const { ignoreOutliers, smoothValidation, readingOrder, colourBy, pattern, colours, pinned, otherScale, chartWidth } = kept;
  const names = (value: unknown): readonly string[] => (Array.isArray(value) ? value.filter((name) => typeof name === "string") : []);
  return {
    ignoreOutliers: ignoreOutliers === true,
    smoothValidation: smoothValidation === true,
    readingOrder: oneOf(readingOrder, ["given", "highest", "lowest", "nearest"], usual.readingOrder),
    colourBy: oneOf(colourBy, ["run", "recipe", "data", "pattern"], usual.colourBy),
    pattern: typeof pattern === "string" ? pattern : usual.pattern,
    colours: Object.fromEntries(Object.entries(recordOf(colours)).filter((entry): entry is [string, string] => seriesTokens.some((token) => token === entry[1]))),
    pinned: names(pinned),
    otherScale: names(otherScale),
    chartWidth: typeof chartWidth === "number" && chartWidth >= chartWidths.min && chartWidth <= chartWidths.max ? chartWidth : usual.chartWidth,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** A regular expression as the user types it, in any case; text that is none is looked for as it is. */
export function patternOf(text: string): RegExp {
  try {
    return new RegExp(text, "i");
  } catch {
    return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "i");
  }
}

/** What a run shares its colour with. */
export function groupOf({ id, name, recipe, data }: Pick<RunRow, "id" | "name" | "recipe" | "data">, { colourBy, pattern }: Pick<Preferences, "colourBy" | "pattern">): string {
  if (colourBy === "recipe") return recipe;
  if (colourBy === "data") return data ?? "";
  if (colourBy === "run") return id;
  const found = patternOf(pattern).exec(name);
  return found?.[1] ?? found?.[0] ?? "";
}

/** The design token of each run's colour. It stays while other runs come: the oldest has the first. */
export function coloursOf(runs: readonly RunRow[], preferred: Preferences): ReadonlyMap<string, string> {
  const groups: string[] = [];
  const colours = new Map<string, string>();
  for (const run of [...runs].reverse()) {
    const group = groupOf(run, preferred);
    if (!groups.includes(group)) groups.push(group);
    colours.set(run.id, preferred.colours[group] ?? seriesTokens[groups.indexOf(group) % seriesTokens.length] ?? "--accent");
  }
  return colours;
}
