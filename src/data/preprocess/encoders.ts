import { ArgumentError, DataError } from "../../core/errors.js";
import type { CategoricalColumn, Column } from "../table.js";
import { ColumnwiseTransformer, field } from "./transformer.js";

export interface EncoderOptions {
  /** What becomes of a category that `fit` did not see; "error" if not given. */
  readonly unknown?: "error" | "ignore" | undefined;
}

/** The categories of a column, in order. */
interface Categories {
  readonly categories: readonly string[];
  /** Whether values were missing. */
  readonly missing: boolean;
}

/** A column whose values are categories: those of a numeric column are its numbers, ascending. */
export function categorize(column: Column): CategoricalColumn {
  if (column.kind === "categorical") return column;
  const present = [...new Set(column.values)].filter((x) => !Number.isNaN(x)).sort((a, b) => a - b);
  const codes = new Map(present.map((x, code) => [x, code]));
  const { name, values } = column;
  return { name, kind: "categorical", categories: present.map(String), codes: Int32Array.from(values, (x) => codes.get(x) ?? -1) };
}

/** Encodes categories as numbers; a numeric column's values are categories too. */
abstract class Encoder extends ColumnwiseTransformer<Categories> {
  readonly unknown: "error" | "ignore";

  /** Throws ArgumentError. */
  constructor({ unknown = "error" }: EncoderOptions = {}) {
    super();
    if (unknown !== "error" && unknown !== "ignore") throw new ArgumentError(`[encoder] unknown "${String(unknown)}": expected "error" or "ignore"`);
    this.unknown = unknown;
  }

  protected override options(): EncoderOptions {
    return { unknown: this.unknown };
  }

  protected override learn(column: Column): Categories {
    const { categories, codes } = categorize(column);
    const used = new Set(codes);
    return { categories: categories.filter((_, code) => used.has(code)), missing: used.has(-1) };
  }

  protected override isState(value: unknown): value is Categories {
    const categories = field(value, "categories");
    return Array.isArray(categories) && categories.every((c) => typeof c === "string") && typeof field(value, "missing") === "boolean";
  }

  /** Per row the place among the learned categories, after which a learned missing value comes; -1 for what is not known. */
  protected codesOf(column: Column, { categories, missing }: Categories): Int32Array {
    const now = categorize(column);
    const places = new Map(categories.map((category, place) => [category, place]));
    const used = new Set(now.codes);
    const translated = now.categories.map((category, code) => {
      const place = places.get(category) ?? -1;
      if (place >= 0 || this.unknown === "ignore" || !used.has(code)) return place;
      throw new DataError(
        `[${this.kind}] column "${column.name}" holds "${category}", which was not there in fit; known are ` +
          `${categories.slice(0, 20).join(", ")}; { unknown: "ignore" } passes over such values`,
      );
    });
    return now.codes.map((code) => (code >= 0 ? (translated[code] ?? -1) : missing ? categories.length : -1));
  }
}

/**
 * A column of 0 and 1 for each category, `NAME_CATEGORY`; missing values are a category `NAME_nan` where `fit` saw some.
 * With "ignore", a category that is not known, or a missing value that is none, is 0 in all of them; else it throws DataError.
 */
export class OneHotEncoder extends Encoder {
  readonly kind = "OneHotEncoder";

  protected override apply(column: Column, learned: Categories): readonly Column[] {
    const codes = this.codesOf(column, learned);
    if (this.unknown === "error" && codes.includes(-1)) {
      throw new DataError(`[OneHotEncoder] column "${column.name}" has missing values, and had none in fit; impute them first`);
    }
    const names = learned.missing ? [...learned.categories, "nan"] : learned.categories;
    return names.map((name, place) => ({
      name: `${column.name}_${name}`,
      kind: "numeric",
      values: Float64Array.from(codes, (code) => (code === place ? 1 : 0)),
    }));
  }
}

/** The place of a category among the learned ones, from 0; missing stays missing, as does, with "ignore", what is not known. */
export class OrdinalEncoder extends Encoder {
  readonly kind = "OrdinalEncoder";

  protected override apply(column: Column, { categories }: Categories): readonly Column[] {
    const codes = this.codesOf(column, { categories, missing: false });
    return [{ name: column.name, kind: "numeric", values: Float64Array.from(codes, (code) => (code < 0 ? NaN : code)) }];
  }
}
