export { accuracy } from "./accuracy.js";
export { averageScores, classScores, topKAccuracy, type Averaging, type ClassScores } from "./class-scores.js";
export { confusionMatrix, formatConfusionMatrix, type ConfusionMatrix } from "./confusion.js";
export type { Metric } from "./metric.js";
export { averagePrecision, rocAuc } from "./ranking.js";
export { meanAbsoluteError, meanSquaredError, r2Score, rootMeanSquaredError } from "./regression.js";
export * from "./streaming.js";
