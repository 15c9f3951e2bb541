import { DataLoader } from "../data/loader.js";
import { accuracy } from "../metrics/accuracy.js";
import { r2Score, rootMeanSquaredError } from "../metrics/regression.js";
import { inEvaluationMode } from "../nn/evaluation-mode.js";
import { compile, crossEntropy, mseLoss, noGrad, type Tensor } from "../tensor/index.js";
import { tabularDataset, type TabularPart } from "./tabular-data.js";
import type { TabularModel } from "./tabular-model.js";

/** How good a model is on rows that it was not trained on. */
export type TableEvaluation = {
  /** Mean per row: cross-entropy, or the squared error of the scaled target. */
  readonly loss: number;
  readonly compileSeconds: number;
} & (
  | { readonly task: "classification"; readonly accuracy: number; readonly predicted: Int32Array }
  /** The root of the mean squared error is in the target's unit. */
  | { readonly task: "regression"; readonly rmse: number; readonly r2: number; /** In the target's unit. */ readonly predicted: Float64Array }
);

/** Rows that are evaluated at once. */
const batchSize = 1024;

/** The loss that a model of tables learns by: cross-entropy, or the squared error of the scaled target. */
export function tableLoss({ target }: TabularModel): (output: Tensor, target: Tensor) => Tensor {
  return target.task === "classification" ? (output, wanted) => crossEntropy(output, wanted) : (output, wanted) => mseLoss(output, wanted);
}

/** Evaluates a model in evaluation mode; its mode is put back. Throws ArgumentError for a part without rows. */
export async function evaluateTable(model: TabularModel, part: TabularPart): Promise<TableEvaluation> {
  const { network, target } = model;
  const lossOf = tableLoss(model);
  const step = compile((features: Tensor, wanted: Tensor) =>
    noGrad(() => {
      const output = network.forward(features);
      return { loss: lossOf(output, wanted), answer: target.task === "classification" ? output.argmax(1) : output };
    }),
  );
  const answers = new Float64Array(part.rows);
  let sum = 0;
  let at = 0;
  await inEvaluationMode(network, async () => {
    for await (const [features, wanted] of new DataLoader(tabularDataset(part), { batchSize })) {
      const { loss, answer } = step(features, wanted);
      const values = await answer.data();
      answers.set(values, at);
      at += values.length;
      sum += values.length * (await loss.item());
    }
  });
  const common = { loss: sum / part.rows, compileSeconds: step.compileMs / 1000 };
  if (target.task === "classification") {
    const predicted = Int32Array.from(answers);
    return { ...common, task: "classification", accuracy: accuracy(predicted, part.targets), predicted };
  }
  const { mean, std } = target;
  const predicted = answers.map((answer) => mean + std * answer);
  return { ...common, task: "regression", rmse: std * rootMeanSquaredError(answers, part.targets), r2: r2Score(answers, part.targets), predicted };
}
