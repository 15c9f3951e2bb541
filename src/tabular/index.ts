export { evaluateTable, tableLoss, type TableEvaluation } from "./evaluate-table.js";
export { omittedColumns, usualPreprocessing, type OmittedColumn } from "./features.js";
export { prepareTable, tabularDataset, type InputColumn, type TabularBatch, type TabularData, type TabularOptions, type TabularPart } from "./tabular-data.js";
export { TabularModel, type ClassPrediction, type SavedTabularModel, type ValuePrediction } from "./tabular-model.js";
export { taskOf, type ClassTarget, type NumberTarget, type Target, type TaskName } from "./target.js";
