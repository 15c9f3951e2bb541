import { compile, crossEntropy, randint, randn, type Tensor } from "../../src/node.js";
import { LeNet } from "../../src/models/lenet.js";
import { Mlp } from "../../src/models/mlp.js";
import type { Module } from "../../src/nn/index.js";
import { Adam, SGD, type Optimizer } from "../../src/optim/index.js";
import type { BenchCase } from "../case.js";

/** A compiled training step on one batch, its loss read. */
function trainingStep(name: string, batch: readonly number[], classes: number, make: () => { model: Module<Tensor, Tensor>; optimizer: Optimizer }): BenchCase {
  return {
    suite: "steps",
    name,
    prepare: () => {
      const { model, optimizer } = make();
      const x = randn(batch);
      const y = randint(0, classes, [batch[0] ?? 1]);
      const step = compile((input: Tensor, target: Tensor) => {
        const loss = crossEntropy(model.forward(input), target);
        loss.backward();
        optimizer.step();
        optimizer.zeroGrad();
        return loss;
      });
      return async () => {
        await step(x, y).item();
      };
    },
  };
}

export const steps: readonly BenchCase[] = [
  trainingStep("mlp-adam", [64, 784], 10, () => {
    const model = new Mlp();
    return { model, optimizer: new Adam(model.parameters(), { lr: 1e-3 }) };
  }),
  trainingStep("lenet5-sgd", [64, 1, 28, 28], 10, () => {
    const model = new LeNet();
    return { model, optimizer: new SGD(model.parameters(), { lr: 0.1 }) };
  }),
];
