// The adding problem of Hochreiter and Schmidhuber (1997): add the two marked numbers of a sequence of 100. A network
// that cannot remember does no better than always saying 1, whose mean squared error is the variance 1/6 = 0.167.
// Trains three recurrent networks and prints their errors:  npx tsx examples/adding-problem.ts [steps of training] [length]
import { arange, compile, manualSeed, nn, optim, rand, randint, stack, where, type Tensor } from "gradus";

const length = Number(process.argv[3] ?? 100);
const batch = 64;
const hidden = 64;
const trainingSteps = Number(process.argv[2] ?? 2000);

/** Random sequences [length, batch, 2] of a number and a mark (one in either half), and the sums of what is marked. */
function sequences(): [x: Tensor, sum: Tensor] {
  const numbers = rand([length, batch]);
  const step = arange(length).unsqueeze(1);
  const first = step.eq(randint(0, length / 2, [batch]));
  const second = step.eq(randint(length / 2, length, [batch]));
  const marks = first.logicalOr(second).astype("float32");
  return [stack([numbers, marks], 2), numbers.mul(marks).sum(0)];
}

class Adder extends nn.Module<Tensor, Tensor> {
  recurrent: nn.RNN | nn.LSTM | nn.GRU;
  output = new nn.Linear(hidden, 1);

  constructor(recurrent: nn.RNN | nn.LSTM | nn.GRU) {
    super();
    this.recurrent = recurrent;
  }

  forward(x: Tensor) {
    const [outputs] = this.recurrent.forward(x); // (length, batch, hidden)
    return this.output.forward(outputs.at(-1)).squeeze(1); // (batch)
  }
}

async function errorAfterTraining(model: Adder): Promise<number> {
  const optimizer = new optim.Adam(model.parameters(), { lr: 0 });
  const errorOfOneBatch = () => {
    const [x, sum] = sequences();
    return nn.mseLoss(model.forward(x), sum);
  };
  const train = compile(() => {
    errorOfOneBatch().backward();
    optim.clipGradNorm(model.parameters(), 1);
    optimizer.step();
    optimizer.zeroGrad();
  });
  for (let step = 0; step < trainingSteps; step++) {
    optimizer.lr = 5e-3 * Math.min(1, 2 * (1 - step / trainingSteps)); // constant, then falling to 0
    train();
  }
  const test = compile(errorOfOneBatch);
  let total = 0;
  for (let i = 0; i < 20; i++) total += await test().item();
  return total / 20;
}

/** An LSTM whose forget gates begin open (Gers et al. 2000): it remembers until it learns to forget. */
function openLstm(): nn.LSTM {
  const lstm = new nn.LSTM(2, hidden);
  const gate = arange(4 * hidden).floorDivide(hidden); // input, forget, cell, output
  lstm.loadStateDict({ bias_ih_l0: where(gate.eq(1), 1, 0) }, { strict: false });
  return lstm;
}

const networks = { RNN: () => new nn.RNN(2, hidden), LSTM: openLstm, GRU: () => new nn.GRU(2, hidden) };
for (const [name, build] of Object.entries(networks)) {
  manualSeed(0);
  const started = performance.now();
  const error = await errorAfterTraining(new Adder(build()));
  console.log(`${name}: mean squared error ${error.toFixed(4)} after ${((performance.now() - started) / 1000).toFixed(0)} s`);
}
