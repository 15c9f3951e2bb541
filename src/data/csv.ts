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
 * something else, or two have one name, ArgumentError for a kind of a column there is not.
 */
export function parseCsv(text: string, options: CsvOptions = {}): Table {
  const { separator = "", header = true, kinds = {}, missing = usuallyMissing, comment = false, source = "CSV" } = options;
  const parsed = papa.parse<string[]>(text.replace(/^\uFEFF/, ""), {
    delimiter: separator,
    skipEmptyLines: true,
    comments: comment,
  });
  const broken = parsed.errors.find((error) => error.type === "Quotes");
  if (broken) throw new FormatError(`${source}: line ${(broken.row ?? 0) + 1}: ${broken.message}; quotes in a quoted field are doubled.`);
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
  const unknown = Object.keys(kinds).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new ArgumentError(`${source}: no column "${unknown}"; there are ${names.join(", ")}.`);
  const absent = new Set(["", ...missing]);
  return tableOf(
    names.map((name, i) => {
      const fields = lines.map((line) => line[i] ?? "");
      const kind = kinds[name] ?? (fields.every((f) => absent.has(f) || number.test(f)) ? "numeric" : "categorical");
      return kind === "numeric" ? numericColumn(name, fields, absent, source) : categoricalColumn(name, fields, absent);
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

function categoricalColumn(name: string, fields: readonly string[], absent: ReadonlySet<string>): Column {
  const categories = [...new Set(fields)].filter((field) => !absent.has(field));
  if (categories.every((category) => number.test(category))) categories.sort((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1));
  else categories.sort();
  const codes = new Map(categories.map((category, code) => [category, code]));
  return { name, kind: "categorical", categories, codes: Int32Array.from(fields, (field) => codes.get(field) ?? -1) };
}
