import { FormatError } from "../../core/errors.js";
import { ColumnTransformer, Pipeline } from "./compose.js";
import { OneHotEncoder, OrdinalEncoder } from "./encoders.js";
import { SimpleImputer } from "./imputer.js";
import { MinMaxScaler, RobustScaler, StandardScaler } from "./scalers.js";
import { field, type ColumnwiseTransformer, type Transformer } from "./transformer.js";

const columnwise: Readonly<Record<string, (options: object) => ColumnwiseTransformer<unknown>>> = {
  StandardScaler: (options) => new StandardScaler(options),
  MinMaxScaler: (options) => new MinMaxScaler(options),
  RobustScaler: (options) => new RobustScaler(options),
  SimpleImputer: (options) => new SimpleImputer(options),
  OneHotEncoder: (options) => new OneHotEncoder(options),
  OrdinalEncoder: (options) => new OrdinalEncoder(options),
};

/** The fitted transformer of which `toJSON` gave this. Throws FormatError for what is none, ArgumentError for bad options. */
export function transformerFromJSON(saved: unknown): Transformer {
  const kind = field(saved, "kind");
  if (kind === "Pipeline") return new Pipeline(...list(saved, "steps").map(transformerFromJSON));
  if (kind === "ColumnTransformer") return ColumnTransformer.restored(list(saved, "parts").map(readPart));
  const make = typeof kind === "string" && Object.hasOwn(columnwise, kind) ? columnwise[kind] : undefined;
  const options = field(saved, "options");
  if (!make || typeof options !== "object" || options === null) {
    throw new FormatError(
      `[transformerFromJSON] kind ${JSON.stringify(kind)}: expected Pipeline, ColumnTransformer or, with options, ${Object.keys(columnwise).join(", ")}`,
    );
  }
  return make(options).restore(field(saved, "columns"));
}

function readPart(saved: unknown): { readonly transformer: Transformer | undefined; readonly columns: readonly string[] } {
  const transformer = field(saved, "transformer");
  return {
    transformer: transformer === null ? undefined : transformerFromJSON(transformer),
    columns: list(saved, "columns").map(String),
  };
}

function list(saved: unknown, name: string): readonly unknown[] {
  const value = field(saved, name);
  if (Array.isArray(value)) return value;
  throw new FormatError(`[transformerFromJSON] "${name}" of a ${String(field(saved, "kind"))} must be a list`);
}
