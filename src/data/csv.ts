import papa from "papaparse";
import { ArgumentError, DataError, FormatError } from "../core/errors.js";
import { tableOf, type Column, type Table } from "./table.js";

export interface CsvOptions {
  /** What separates the fields of a line; found by looking at the first lines if not given. */
  readonly separator?: string;
  /** True, as if not given: the first line holds the names. A list: the names, and the first line holds data. */
  readonly header?: boolean | readonly string[];
  /** The kind of columns by name; the others are numeric if all that is not missing is a number, else categorical. */
  readonly kinds?: Readonly<Record<string, Column["kind"]>>;
  /** The categories of columns by name, in an order that means something; these columns are categorical. */
  readonly categories?: Readonly<Record<string, readonly string[]>>;
  /** What stands for a missing value; an empty field always does. `NA`, `N/A`, `NaN`, `nan`, `null` and `?` if not given. */
  readonly missing?: readonly string[];
  /** Lines that begin with this are left out. */
  readonly comment?: string;
  /** Names the text in errors. */
  readonly source?: string;
}

const usuallyMissing: readonly string[] = ["NA", "N/A", "NaN", "nan", "null", "?"];
const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * A table from comma-separated values (RFC 4180: quotes around a field may hold separators, line ends and doubled quotes).
 * White space around fields and empty lines do not count. Categories are sorted: as numbers if all are, else by code unit.
 * Throws FormatError for lines of different lengths and open quotes, DataError where a column named numeric holds
 * something else, a listed column something unlisted, or two have one name, ArgumentError for a kind of a column there is not.
 */
export function parseCsv(text: string, options: CsvOptions = {}): Table {
  const { separator = "", header = true, kinds = {}, categories = {}, missing = usuallyMissing } = options;
  const { comment = false, source = "CSV" } = options;
  if (separator !== "" && separator === comment) {
    throw new ArgumentError(`${source}: "${comment}" cannot both separate fields and begin comments.`);
  }
  const parsed = papa.parse<string[]>(text.replace(/^\uFEFF/, ""), {
    delimiter: separator,
    delimitersToGuess: [",", "\t", ";", "|"].filter((guess) => guess !== comment),
    skipEmptyLines: true,
    comments: comment,
  });
  const broken = parsed.errors.find((error) => error.type === "Quotes");
  if (broken) {
    const place = `${source}: line ${(broken.row ?? 0) + 1}`;
    throw new FormatError(`${place}: ${broken.message}; quotes in a quoted field are doubled.`);
  }
  const lines = parsed.data.map((line) => line.map((field) => field.trim()));
  const names = header === true ? lines.shift() : header === false ? lines[0]?.map((_, i) => `column${i + 1}`) : header;
  if (names === undefined || names.length === 0) throw new FormatError(`${source}: holds no line.`);
  const ragged = lines.findIndex((line) => line.length !== names.length);
  if (ragged >= 0) {
    throw new FormatError(
      `${source}: row ${ragged + 1} has ${lines[ragged]?.length} fields and there are ${names.length} columns ` +
        `(separator ${JSON.stringify(parsed.meta.delimiter)}); a field that holds the separator needs quotes.`,
    );
  }
  const unknown = [...Object.keys(kinds), ...Object.keys(categories)].find((name) => !names.includes(name));
  if (unknown !== undefined) throw new ArgumentError(`${source}: no column "${unknown}"; there are ${names.join(", ")}.`);
  const absent = new Set(["", ...missing]);
  return tableOf(
    names.map((name, i) => {
      const fields = lines.map((line) => line[i] ?? "");
      const listed = Object.hasOwn(categories, name) ? categories[name] : undefined;
      if (listed) return categoricalColumn(name, fields, absent, source, listed);
      const told = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
      const kind = told ?? (fields.every((f) => absent.has(f) || number.test(f)) ? "numeric" : "categorical");
      return kind === "numeric" ? numericColumn(name, fields, absent, source) : categoricalColumn(name, fields, absent, source);
    }),
  );
}

function numericColumn(name: string, fields: readonly string[], absent: ReadonlySet<string>, source: string): Column {
  const values = new Float64Array(fields.length);
  fields.forEach((field, row) => {
    if (!absent.has(field) && !number.test(field)) {
      throw new DataError(
        `${source}: column "${name}" is to be numeric, and row ${row + 1} holds ${JSON.stringify(field)}; ` +
          "make it categorical, or list this among the missing values.",
      );
    }
    values[row] = absent.has(field) ? NaN : Number(field);
  });
  return { name, kind: "numeric", values };
}

function categoricalColumn(
  name: string,
  fields: readonly string[],
  absent: ReadonlySet<string>,
  source: string,
  categories: readonly string[] = sortedCategories(fields, absent),
): Column {
  const codes = new Map(categories.map((category, code) => [category, code]));
  const stranger = fields.findIndex((field) => !absent.has(field) && !codes.has(field));
  if (stranger >= 0) {
    throw new DataError(
      `${source}: column "${name}" holds ${JSON.stringify(fields[stranger])} in row ${stranger + 1}, ` +
        `which is none of its categories ${categories.join(", ")}.`,
    );
  }
  return { name, kind: "categorical", categories, codes: Int32Array.from(fields, (field) => codes.get(field) ?? -1) };
}

function sortedCategories(fields: readonly string[], absent: ReadonlySet<string>): string[] {
  const categories = [...new Set(fields)].filter((field) => !absent.has(field));
  const numbers = categories.every((category) => number.test(category));
  return numbers ? categories.sort((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1)) : categories.sort();
}
