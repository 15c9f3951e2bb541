import { ArgumentError, DataError } from "../../core/errors.js";
import { missingCount, type CategoricalColumn, type Column, type NumericColumn } from "../table.js";
import { percentile } from "./percentile.js";
import { ColumnwiseTransformer, field, numbersOf } from "./transformer.js";

/** What a missing value becomes. */
export type ImputeStrategy = "mean" | "median" | "most-frequent" | "constant";

export interface SimpleImputerOptions {
  /** "mean" if not given. Columns of categories take "most-frequent" and "constant". */
  readonly strategy?: ImputeStrategy | undefined;
  /** What "constant" fills in; 0 for numbers and "missing" for categories if not given. */
  readonly fill?: number | string | undefined;
  /** Adds a column `missing_NAME` of 0 and 1 for each column that had missing values in `fit`; false if not given. */
  readonly indicator?: boolean | undefined;
}

interface Filling {
  readonly fill: number | string;
  readonly indicator: boolean;
}

const strategies: readonly ImputeStrategy[] = ["mean", "median", "most-frequent", "constant"];

/**
 * Fills in what is missing: by the mean, the median, the most frequent value (the least of several) or a constant.
 * A column without any value gets the constant.
 */
export class SimpleImputer extends ColumnwiseTransformer<Filling> {
  readonly kind = "SimpleImputer";
  readonly #strategy: ImputeStrategy;
  readonly #fill: number | string | undefined;
  readonly #indicator: boolean;

  /** Throws ArgumentError. */
  constructor({ strategy = "mean", fill, indicator = false }: SimpleImputerOptions = {}) {
    super();
    if (!strategies.includes(strategy)) throw new ArgumentError(`[SimpleImputer] strategy ${strategy}: expected ${strategies.join(", ")}`);
    this.#strategy = strategy;
    this.#fill = fill;
    this.#indicator = indicator;
  }

  protected override options(): SimpleImputerOptions {
    return { strategy: this.#strategy, fill: this.#fill, indicator: this.#indicator };
  }

  protected override learn(column: Column): Filling {
    const fill = column.kind === "numeric" ? this.#numberFor(column) : this.#categoryFor(column);
    return { fill, indicator: this.#indicator && missingCount(column) > 0 };
  }

  protected override apply(column: Column, { fill, indicator }: Filling): readonly Column[] {
    const filled = typeof fill === "number" ? filledNumbers(column, fill) : filledCategories(column, fill);
    return indicator ? [filled, missingIndicator(column)] : [filled];
  }

  protected override isState(value: unknown): value is Filling {
    return ["number", "string"].includes(typeof field(value, "fill")) && typeof field(value, "indicator") === "boolean";
  }

  #numberFor({ name, values }: NumericColumn): number {
    const present = values.filter((x) => !Number.isNaN(x)).sort();
    if (this.#strategy === "constant" || present.length === 0) {
      const fill = this.#fill ?? 0;
      if (typeof fill === "number") return fill;
      throw new ArgumentError(`[SimpleImputer] fill "${fill}" does not go into the numeric column "${name}": give a number`);
    }
    if (this.#strategy === "mean") return present.reduce((sum, x) => sum + x, 0) / present.length;
    return this.#strategy === "median" ? percentile(present, 50) : mostFrequent(present);
  }

  #categoryFor({ name, categories, codes }: CategoricalColumn): string {
    if (this.#strategy === "mean" || this.#strategy === "median") {
      throw new ArgumentError(`[SimpleImputer] column "${name}" holds categories, which have no ${this.#strategy}: use "most-frequent" or "constant"`);
    }
    const present = Float64Array.from(codes.filter((code) => code >= 0)).sort();
    if (this.#strategy === "constant" || present.length === 0) return String(this.#fill ?? "missing");
    return categories[mostFrequent(present)] ?? "missing";
  }
}

/** The most frequent of ascending numbers, the least of several. */
function mostFrequent(sorted: Float64Array): number {
  let best = NaN;
  let most = 0;
  let count = 0;
  sorted.forEach((x, i) => {
    count = x === sorted[i - 1] ? count + 1 : 1;
    if (count <= most) return;
    most = count;
    best = x;
  });
  return best;
}

function filledNumbers(column: Column, fill: number): Column {
  const values = numbersOf(column, "SimpleImputer").map((x) => (Number.isNaN(x) ? fill : x));
  return { name: column.name, kind: "numeric", values };
}

function filledCategories(column: Column, fill: string): Column {
  if (column.kind === "numeric") {
    // Nothing was known about a column without a value, so it was read as one of numbers.
    if (missingCount(column) < column.values.length) {
      throw new DataError(`[SimpleImputer] column "${column.name}" was one of categories in fit and holds numbers now; read it as categorical`);
    }
    return { name: column.name, kind: "categorical", categories: [fill], codes: new Int32Array(column.values.length) };
  }
  const known = column.categories.indexOf(fill);
  const code = known < 0 ? column.categories.length : known;
  const categories = known < 0 ? [...column.categories, fill] : column.categories;
  return { name: column.name, kind: "categorical", categories, codes: column.codes.map((c) => (c < 0 ? code : c)) };
}

function missingIndicator(column: Column): Column {
  const values =
    column.kind === "numeric"
      ? column.values.map((x) => (Number.isNaN(x) ? 1 : 0))
      : Float64Array.from(column.codes, (code) => (code < 0 ? 1 : 0));
  return { name: `missing_${column.name}`, kind: "numeric", values };
}
