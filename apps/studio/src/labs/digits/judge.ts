import { accuracy, compile, confusionMatrix, crossEntropy, DataLoader, imageDataset, noGrad, normalize } from "gradus";
import type { Compiled, ConfusionMatrix, ImageSet, nn, Normalization, Tensor } from "gradus";

/** How well a network reads images that it has not been trained on. */
export interface Judgement {
  /** Mean cross-entropy. */
  readonly loss: number;
  /** The share of images that were read right. */
  readonly accuracy: number;
  /** What each image was taken for, and how sure the network was. */
  readonly predicted: Int32Array;
  readonly confidence: Float32Array;
  readonly confusion: ConfusionMatrix;
}

/** A program that reads a batch of images. */
export type BatchReader = Compiled<[images: Tensor, labels: Tensor], { loss: Tensor; predicted: Tensor; confidence: Tensor }>;

/** Makes the program that `judge` runs. */
export function batchReader(network: nn.Sequential, pixels: Normalization): BatchReader {
  return compile((images: Tensor, labels: Tensor) =>
    noGrad(() => {
      const logits = network.forward(normalize(images, pixels));
      return { loss: crossEntropy(logits, labels, { reduction: "sum" }), predicted: logits.argmax(1), confidence: logits.softmax(1).max(1) };
    }),
  );
}

/** Reads all images of a set without dropout, and goes back to training after each batch. */
export async function judge(network: nn.Sequential, read: BatchReader, images: ImageSet): Promise<Judgement> {
  const predicted: number[] = [];
  const confidence: number[] = [];
  let loss = 0;
  for await (const [batch, labels] of new DataLoader(imageDataset(images), { batchSize: 100 })) {
    network.eval();
    const answer = read(batch, labels);
    network.train();
    predicted.push(...(await answer.predicted.data()));
    confidence.push(...(await answer.confidence.data()));
    loss += await answer.loss.item();
  }
  return {
    loss: loss / images.count,
    accuracy: accuracy(predicted, images.labels),
    predicted: Int32Array.from(predicted),
    confidence: Float32Array.from(confidence),
    confusion: confusionMatrix(predicted, images.labels, images.classes),
  };
}
