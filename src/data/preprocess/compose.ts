import { ArgumentError } from "../../core/errors.js";
import { tableOf, type Column, type Table } from "../table.js";
import { requireColumn, type SavedTransformer, type Transformer } from "./transformer.js";

/** Transformers one after the other, each fitted on what the one before it gives. */
export class Pipeline implements Transformer {
  readonly steps: readonly Transformer[];

  constructor(...steps: Transformer[]) {
    this.steps = steps;
  }

  fit(table: Table): this {
    this.fitTransform(table);
    return this;
  }

  transform(table: Table): Table {
    return this.steps.reduce((changed, step) => step.transform(changed), table);
  }

  fitTransform(table: Table): Table {
    return this.steps.reduce((changed, step) => step.fitTransform(changed), table);
  }

  toJSON(): SavedTransformer {
    return { kind: "Pipeline", steps: this.steps.map((step) => step.toJSON()) };
  }
}

/** Columns by name, or all of a kind. */
export type ColumnSelection = readonly string[] | Column["kind"];

export interface ColumnTransformerOptions {
  /** Columns that no transformer takes are left out, or kept behind the others as they are; "drop" if not given. */
  readonly remainder?: "drop" | "passthrough" | undefined;
}

/** What a fitted part does with which columns; without a transformer they stay as they are. */
interface Part {
  readonly transformer: Transformer | undefined;
  readonly columns: readonly string[];
}

/**
 * Transformers beside each other, each for its columns; their columns come in the transformers' order.
 *
 * ```ts
 * const preprocessing = new ColumnTransformer([
 *   [new Pipeline(new SimpleImputer({ strategy: "median" }), new StandardScaler()), "numeric"],
 *   [new OneHotEncoder({ unknown: "ignore" }), ["sex", "embarked"]],
 * ]);
 * const features = toMatrix(preprocessing.fitTransform(table));
 * ```
 */
export class ColumnTransformer implements Transformer {
  readonly #given: readonly (readonly [Transformer, ColumnSelection])[];
  readonly #remainder: "drop" | "passthrough";
  #parts: readonly Part[] | undefined;

  /** Throws ArgumentError. */
  constructor(parts: readonly (readonly [Transformer, ColumnSelection])[], { remainder = "drop" }: ColumnTransformerOptions = {}) {
    if (remainder !== "drop" && remainder !== "passthrough") {
      throw new ArgumentError(`[ColumnTransformer] remainder "${String(remainder)}": expected "drop" or "passthrough"`);
    }
    this.#given = parts;
    this.#remainder = remainder;
  }

  /** A fitted one of what `toJSON` gave, with its parts restored. */
  static restored(parts: readonly Part[]): ColumnTransformer {
    const restored = new ColumnTransformer(parts.flatMap(({ transformer, columns }) => (transformer ? [[transformer, columns]] : [])), {
      remainder: parts.some(({ transformer }) => !transformer) ? "passthrough" : "drop",
    });
    restored.#parts = parts;
    return restored;
  }

  /** The names of all columns that it reads, without repetition. Throws ArgumentError before `fit`. */
  get inputs(): readonly string[] {
    return [...new Set(this.#fitted().flatMap(({ columns }) => columns))];
  }

  fit(table: Table): this {
    const parts: Part[] = this.#given.map(([transformer, selection]) => {
      const columns = typeof selection === "string" ? table.columns.filter((c) => c.kind === selection).map((c) => c.name) : selection;
      return { transformer: transformer.fit(part(table, columns)), columns };
    });
    const taken = new Set(parts.flatMap(({ columns }) => columns));
    const rest = table.columns.map((c) => c.name).filter((name) => !taken.has(name));
    this.#parts = this.#remainder === "drop" || rest.length === 0 ? parts : [...parts, { transformer: undefined, columns: rest }];
    return this;
  }

  transform(table: Table): Table {
    const changed = this.#fitted().map(({ transformer, columns }) => {
      const chosen = part(table, columns);
      return transformer ? transformer.transform(chosen) : chosen;
    });
    return { ...tableOf(changed.flatMap(({ columns }) => columns)), rows: table.rows };
  }

  fitTransform(table: Table): Table {
    return this.fit(table).transform(table);
  }

  toJSON(): SavedTransformer {
    const parts = this.#fitted().map(({ transformer, columns }) => ({ transformer: transformer?.toJSON() ?? null, columns }));
    return { kind: "ColumnTransformer", parts };
  }

  #fitted(): readonly Part[] {
    if (this.#parts) return this.#parts;
    throw new ArgumentError("[ColumnTransformer] has learned nothing yet; call fit or fitTransform first");
  }
}

function part(table: Table, names: readonly string[]): Table {
  return { columns: names.map((name) => requireColumn(table, name, "ColumnTransformer")), rows: table.rows };
}
