export { ColumnTransformer, Pipeline, type ColumnSelection, type ColumnTransformerOptions } from "./compose.js";
export { categorize, OneHotEncoder, OrdinalEncoder, type EncoderOptions } from "./encoders.js";
export { transformerFromJSON } from "./from-json.js";
export { SimpleImputer, type ImputeStrategy, type SimpleImputerOptions } from "./imputer.js";
export { toMatrix, type Matrix } from "./matrix.js";
export {
  MinMaxScaler,
  RobustScaler,
  StandardScaler,
  type MinMaxScalerOptions,
  type RobustScalerOptions,
  type StandardScalerOptions,
} from "./scalers.js";
export { splitRows, type Split, type SplitOptions } from "./split.js";
export type { SavedTransformer, Transformer } from "./transformer.js";
