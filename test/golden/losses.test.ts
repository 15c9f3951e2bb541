import { nn, type CtcOptions, type Tensor } from "../../src/node.js";
import { layerTests } from "./layer-test.js";

/** PyTorch's gradient of the CTC loss is right only behind a log-softmax. */
class CtcOfLogits extends nn.Module<[logits: Tensor, targets: Tensor, inputLengths: Tensor, targetLengths: Tensor]> {
  loss: nn.CTCLoss;

  constructor(options?: CtcOptions) {
    super();
    this.loss = new nn.CTCLoss(options);
  }

  override forward(logits: Tensor, targets: Tensor, inputLengths: Tensor, targetLengths: Tensor): Tensor {
    return this.loss.forward(logits.logSoftmax(-1), targets, inputLengths, targetLengths);
  }
}

layerTests("regression-losses");
layerTests("classification-losses");
layerTests("probability-losses");
layerTests("pair-losses");
layerTests("ctc-losses", { CTCLoss: (options?: CtcOptions) => new CtcOfLogits(options) });
