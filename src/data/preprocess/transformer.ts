import { ArgumentError, DataError, FormatError } from "../../core/errors.js";
import { tableOf, type Column, type Table } from "../table.js";

/** A transformer as plain data. */
export interface SavedTransformer {
  readonly kind: string;
  readonly [key: string]: unknown;
}

/** Learns from one table how to change it and every table like it. */
export interface Transformer {
  /** Learns from these columns; what was learned before is forgotten. */
  fit(table: Table): this;
  /** The learned columns, found by their names and changed; others are left out. Throws ArgumentError before `fit`, DataError. */
  transform(table: Table): Table;
  /** `fit` and `transform` on one table. */
  fitTransform(table: Table): Table;
  /** Everything that was learned; `transformerFromJSON` makes the same transformer of it. */
  toJSON(): SavedTransformer;
}

/** A transformer that learns about each column by itself and makes columns of it. */
export abstract class ColumnwiseTransformer<State> implements Transformer {
  /** The name in saved files. */
  abstract readonly kind: string;
  #learned: ReadonlyMap<string, State> | undefined;

  fit(table: Table): this {
    this.#learned = new Map(table.columns.map((column) => [column.name, this.learn(column)]));
    return this;
  }

  transform(table: Table): Table {
    return this.changed(table, (column, state) => this.apply(column, state));
  }

  fitTransform(table: Table): Table {
    return this.fit(table).transform(table);
  }

  /** What was learned about each column, by name. Throws ArgumentError before `fit`. */
  get learned(): ReadonlyMap<string, State> {
    if (this.#learned) return this.#learned;
    throw new ArgumentError(`[${this.kind}] has learned nothing yet; call fit or fitTransform first`);
  }

  toJSON(): SavedTransformer {
    return { kind: this.kind, options: this.options(), columns: [...this.learned] };
  }

  /** Takes up what `toJSON` gave. Throws FormatError where it is something else. */
  restore(columns: unknown): this {
    const isEntry = (entry: unknown): entry is [string, State] =>
      Array.isArray(entry) && entry.length === 2 && typeof entry[0] === "string" && this.isState(entry[1]);
    if (!Array.isArray(columns) || !columns.every(isEntry)) {
      throw new FormatError(`[${this.kind}] what was saved about its columns cannot be read; save the transformer again`);
    }
    this.#learned = new Map(columns);
    return this;
  }

  protected changed(table: Table, change: (column: Column, state: State) => readonly Column[]): Table {
    const columns = [...this.learned].flatMap(([name, state]) => change(requireColumn(table, name, this.kind), state));
    return columns.length === 0 ? { columns, rows: table.rows } : tableOf(columns);
  }

  /** The options that make the same transformer. */
  protected abstract options(): object;
  protected abstract learn(column: Column): State;
  protected abstract apply(column: Column, state: State): readonly Column[];
  protected abstract isState(value: unknown): value is State;
}

/** Throws DataError where a table lacks a column that was there when a transformer was fitted. */
export function requireColumn(table: Table, name: string, who: string): Column {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column) return column;
  throw new DataError(
    `[${who}] the table has no column "${name}", which was there in fit; it has ${table.columns.map((c) => c.name).join(", ")}`,
  );
}

/** Its numbers. Throws DataError for a column of categories. */
export function numbersOf(column: Column, who: string): Float64Array {
  if (column.kind === "numeric") return column.values;
  throw new DataError(
    `[${who}] column "${column.name}" holds categories such as "${column.categories[0] ?? ""}" and must be numeric; encode it first`,
  );
}

/** A property of what may be no object at all. */
export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}
