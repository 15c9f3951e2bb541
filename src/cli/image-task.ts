import { imageDataset } from "../data/dataset.js";
import type { FileProgress } from "../data/file-progress.js";
import { firstImages } from "../data/image-set.js";
import { confusionMatrix } from "../metrics/confusion.js";
import { crossEntropy } from "../node.js";
import { evaluateImages } from "../train/evaluate.js";
import { imageReportFiles } from "../train/image-report.js";
import { measureNormalization, normalize } from "../train/normalization.js";
import { classScoring } from "./class-scoring.js";
import { confusionText } from "./confusion-text.js";
import { formatCount, formatLoss } from "./progress-line.js";
import { fitOfData } from "./saved-run.js";
import type { Task } from "./task.js";
import { hasColour, painter } from "./terminal.js";
import type { ImageTrainOptions } from "./train-options.js";

/** Classification of images. Throws DataError, FormatError for a data set that cannot be had. */
export async function imageTask(
  { recipe, data: { name, load }, dataDir, limit }: ImageTrainOptions,
  onProgress: (progress: FileProgress) => void,
): Promise<Task> {
  const { train: all, test, notice } = await load(dataDir, onProgress);
  const train = firstImages(all, limit ?? all.count);
  const { channels = 1, height, width, classes, classNames } = train;
  const normalization = measureNormalization(train.images);
  const model = await recipe.model(train);
  return {
    model,
    train: imageDataset(train),
    dropLast: false,
    loss: crossEntropy,
    ...classScoring,
    prepare: ([images, labels]) => [normalize(images, normalization), labels],
    size: `${formatCount(train.count)} training and ${formatCount(test.count)} test images`,
    notices: notice === undefined ? [] : [notice],
    description: { preprocessing: { channels, height, width, ...normalization, fit: fitOfData(name) }, classes, ...(classNames && { classNames }) },
    evaluate: async () => {
      const evaluation = await evaluateImages(model, test, normalization);
      const { loss, accuracy, predicted, compileSeconds } = evaluation;
      return {
        scores: { loss, accuracy },
        compileSeconds,
        files: imageReportFiles(evaluation, test),
        lines: (stream) => [
          `Test accuracy ${painter(hasColour(stream))("bold", `${(100 * accuracy).toFixed(2)} %`)}, loss ${formatLoss(loss)}`,
          "",
          confusionText(confusionMatrix(predicted, test.labels, test.classes), stream),
        ],
      };
    },
  };
}
