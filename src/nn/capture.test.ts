import { describe, expect, it } from "vitest";
import { expectClose, useReference } from "../../test/values.js";
import { ArgumentError, compile, grad, manualSeed, noGrad, randn, tensor, type Tensor } from "../tensor/index.js";
import { Adam } from "../optim/index.js";
import { captureActivations, captureGradients, Linear, LSTM, Module, mseLoss, ReLU, Sequential } from "./index.js";

useReference();
manualSeed(3);

class Net extends Module<Tensor, Tensor> {
  features = new Sequential(new Linear(3, 4), new ReLU(), new Linear(4, 4));
  headLayer = new Linear(4, 2);
  forward(x: Tensor): Tensor {
    return this.headLayer.forward(this.features.forward(x).relu());
  }
}

describe("captureActivations", () => {
  const net = new Net();
  const x = randn([5, 3]);

  it("gives outputs by the modules' names", async () => {
    const { result, activations } = captureActivations(net, ["features.0", "head_layer", "features"], () => net.forward(x));
    await expectClose(activations["features.0"], await net.features.at(0).forward(x).array(2));
    await expectClose(activations.features, await net.features.forward(x).array(2));
    await expectClose(activations.head_layer, await result.array(2));
  });

  it("works inside compile, and takes the first of several tensors and the last of several calls", async () => {
    const lstm = new LSTM(3, 2);
    const steps = x.unsqueeze(1);
    const run = compile((input: Tensor) => {
      const { result, activations } = captureActivations(lstm, [""], () => {
        lstm.forward(input.mul(2));
        return lstm.forward(input)[1][0];
      });
      return [result, activations[""]] as const;
    });
    const [hidden, output] = run(steps);
    await expectClose(output, await lstm.forward(steps)[0].array(3), 1e-6);
    await expectClose(hidden.at(0), await output.at(-1).array(2), 1e-6);
    run(steps);
    expect(run.programCount).toBe(1);
  });

  it("says what it cannot find", () => {
    expect(() => captureActivations(net, ["features.7"], () => net.forward(x))).toThrow('its names are features, features.0');
    expect(() => captureActivations(net, ["head_layer"], () => net.features.forward(x))).toThrow(ArgumentError);
    const inner = compile((input: Tensor) => net.forward(input));
    expect(() => captureActivations(net, ["features"], () => inner(x))).toThrow("not around it");
  });
});

describe("captureGradients", () => {
  const net = new Net();
  const x = randn([5, 3]);
  const score = (): Tensor => net.forward(x).at(":", 1).sum();

  it("gives the derivatives with respect to outputs, frozen or not, plain or compiled", async () => {
    const deeper = (h: Tensor): Tensor => net.headLayer.forward(h.relu()).at(":", 1).sum();
    const expected = await grad(deeper)(net.features.forward(x)).array(2);
    const early = await grad((h: Tensor) => deeper(net.features.at(2).forward(h.relu())))(net.features.at(0).forward(x)).array(2);
    const names = ["features", "features.0"] as const;
    const run = compile(() => captureGradients(net, names, score));
    for (const on of [true, false]) {
      net.requiresGrad_(on);
      for (const { result, activations, gradients } of [captureGradients(net, names, score), noGrad(() => captureGradients(net, names, score)), run()]) {
        await expectClose(gradients.features, expected, 1e-6);
        await expectClose(gradients["features.0"], early, 1e-6);
        await expectClose(activations.features, await net.features.forward(x).array(2), 1e-6);
        await expectClose(result, await score().item(), 1e-5);
      }
      expect(net.parameters().every((p) => p.grad === null)).toBe(true);
    }
  });

  it("is 0 for what the result does not depend on", async () => {
    const { gradients } = captureGradients(net, ["head_layer"], () => {
      net.forward(x);
      return tensor(1).mul(2);
    });
    await expectClose(gradients.head_layer.abs().sum(), 0);
  });
});

describe("freeze", () => {
  it("keeps a part bitwise the same, without gradients, plain and compiled", async () => {
    for (const isCompiled of [false, true]) {
      const net = new Net();
      net.features.freeze();
      const optimizer = new Adam(net.parameters(), { lr: 0.1, weightDecay: 0.1 });
      const [x, y] = [randn([5, 3]), randn([5, 2])];
      const plain = (): Tensor => {
        const loss = mseLoss(net.forward(x), y);
        loss.backward();
        optimizer.step();
        return loss;
      };
      const step = isCompiled ? compile(plain) : plain;
      const values = async (): Promise<unknown[]> => Promise.all(net.parameters().map((p) => p.data()));
      const before = await values();
      await step().item();
      await step().item();
      const frozen = net.features.parameters().length;
      const after = await values();
      expect(after.slice(0, frozen)).toEqual(before.slice(0, frozen));
      after.slice(frozen).forEach((v, i) => expect(v).not.toEqual(before[frozen + i]));
      expect(net.features.parameters().every((p) => p.grad === null && !p.requiresGrad)).toBe(true);
      expect(net.headLayer.weight.grad).not.toBeNull();
      net.features.unfreeze();
      await step().item();
      (await values()).forEach((v, i) => expect(v).not.toEqual(after[i]));
    }
  });
});
