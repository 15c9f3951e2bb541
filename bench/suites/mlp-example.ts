/* What a web page needs that trains a small network: the size suite bundles it. */
import { compile, nn, optim, randint, randn, type Tensor } from "../../src/browser.js";

class Net extends nn.Module<Tensor, Tensor> {
  fc1 = new nn.Linear(784, 128);
  fc2 = new nn.Linear(128, 64);
  fc3 = new nn.Linear(64, 10);

  forward(x: Tensor): Tensor {
    return this.fc3.forward(this.fc2.forward(this.fc1.forward(x).relu()).relu());
  }
}

const model = new Net();
const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
const step = compile((x: Tensor, y: Tensor) => {
  const loss = nn.crossEntropy(model.forward(x), y);
  loss.backward();
  optimizer.step();
  optimizer.zeroGrad();
  return loss;
});

for (let i = 0; i < 100; i++) console.log(await step(randn([64, 784]), randint(0, 10, [64])).item());
