import { beforeEach, expect, test } from "vitest";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import { ArgumentError } from "../core/errors.js";
import { manualSeed, mseLoss, setDefaultDevice, tensor, type Tensor } from "../index.js";
import type { Metric } from "../metrics/metric.js";
import * as nn from "../nn/index.js";
import * as optim from "../optim/index.js";
import type { Callback } from "./callback.js";
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from "./checkpoint.js";
import { EarlyStopping } from "./early-stopping.js";
import { MetricsLog } from "./metrics-log.js";
import { ModelCheckpoint } from "./model-checkpoint.js";
import { Trainer } from "./trainer.js";

beforeEach(() => {
  setDefaultDevice(new ReferenceBackend());
  manualSeed(0);
});

/** y = w·x from w = 0, whose gradient of (w·x − y)² is 2x(w·x − y). */
class Line extends nn.Module<Tensor, Tensor> {
  linear = new nn.Linear(1, 1, { bias: false });
  drop = new nn.Dropout(0.5);
  constructor() {
    super();
    this.linear.weight.assign(tensor([[0]]));
  }
  forward(x: Tensor): Tensor {
    return this.linear.forward(x);
  }
}

const batch = (x: number[], y: number[]): [Tensor, Tensor] => [tensor(x.map((v) => [v])), tensor(y.map((v) => [v]))];
const weightOf = async (model: Line): Promise<number> => (await model.linear.weight.data())[0] ?? NaN;

test("accumulated batches make one step of their mean gradient, and the last step takes what is left", async () => {
  const model = new Line();
  const steps: number[][] = [];
  const watch: Callback = { onStepEnd: (_, { step, examples, loss }) => void steps.push([step, examples, loss]) };
  const trainer = new Trainer({ model, loss: mseLoss, optimizer: new optim.SGD(model.parameters(), { lr: 0.25 }), accumulate: 2, callbacks: [watch] });
  await trainer.fit([batch([1], [1]), batch([2, 2, 2], [2, 2, 2]), batch([1], [3])], undefined, { epochs: 1 });
  // Gradients at 0: −2 and −8, mean −5, so w = 1.25; then 2·(1.25 − 3) = −3.5, so w = 2.125.
  expect(steps).toEqual([
    [1, 4, (1 + 3 * 4) / 4],
    [2, 5, 1.75 ** 2],
  ]);
  expect(await weightOf(model)).toBe(2.125);
  const endless = { *[Symbol.iterator]() { yield batch([1], [1]); } };
  await expect(async () => trainer.fit(endless, undefined, { epochs: 1 })).rejects.toThrow("whose number is known");
});

test("what is watched is computed in the step, before clipping, and written with the metrics", async () => {
  const model = new Line();
  const log = new MetricsLog(2);
  const trainer = new Trainer({
    model,
    loss: mseLoss,
    optimizer: new optim.SGD(model.parameters(), { lr: 0.25 }),
    clip: () => optim.clipGradValue(model.parameters(), 0.5),
    watch: (output, target) => ({ gradNorm: optim.gradNorm(model.parameters()), furthest: output.sub(target).abs().max() }),
    callbacks: [log],
  });
  const data = [batch([1], [1]), batch([2], [2]), batch([1], [1])];
  await trainer.fit(data, undefined, { epochs: 1 });
  // w = 0, then 0.125 (the clipped gradient is −0.5), then 0.25; the gradient 2x(w·x − y) of the second step is 4·(0.25 − 2) = −7, of the third 2·(0.25 − 1) = −1.5.
  expect(log.lines).toMatchObject([
    { step: 2, gradNorm: 7, furthest: 1.75 },
    { step: 3, gradNorm: 1.5, furthest: 0.75 },
  ]);
});

test("clipping and averages are a part of the step; the average is validated, and the model keeps its own weights", async () => {
  const model = new Line();
  const average = new optim.EMA(model.parameters(), { decay: 0.5 });
  const trainer = new Trainer({
    model,
    loss: mseLoss,
    optimizer: new optim.SGD(model.parameters(), { lr: 1 }),
    clip: () => optim.clipGradValue(model.parameters(), 0.5),
    average,
  });
  const { epochs } = await trainer.fit([batch([1], [8])], [batch([1], [0])], { epochs: 2 });
  // w = 0.5, 1; averages 0.25, 0.625.
  expect(epochs.map(({ validation }) => validation?.loss)).toEqual([0.0625, 0.390625]);
  expect(await weightOf(model)).toBe(1);
});

/** The largest error; reads what it is given. */
class LargestError implements Metric {
  readonly name = "largest";
  #value = 0;
  async update(output: Tensor, target: Tensor): Promise<void> {
    this.#value = Math.max(this.#value, await output.sub(target).abs().max().item());
  }
  compute(): number {
    return this.#value;
  }
  reset(): void {
    this.#value = 0;
  }
}

test("validates after each epoch with metrics, in evaluation mode, and puts each module's mode back", async () => {
  const model = new Line();
  const told: string[] = [];
  const watch: Callback = {
    onFitStart: () => void model.drop.eval(),
    onEpochStart: (fit) => void told.push(`start ${fit.epoch} of ${fit.epochs}, ${fit.stepsPerEpoch}`),
    onValidationStart: () => void told.push(`validate ${model.training}`),
    onValidationEnd: (_, scores) => void told.push(`${scores.loss} ${scores["largest"]}`),
    onEpochEnd: (_, { epoch, step, validation }) => void told.push(`end ${epoch} ${step} ${validation?.["largest"]}`),
    onFitEnd: async (_, { steps }) => void told.push(`${steps} ${model.training} ${model.drop.training}`),
  };
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.5 });
  const schedule = new optim.ReduceLROnPlateau(optimizer, { patience: 0 });
  const trainer = new Trainer({ model, loss: new nn.MSELoss(), optimizer, metrics: [new LargestError()], callbacks: [watch], schedule, scheduleEvery: "epoch" });
  // One step gives w = 1 at once: the validation never improves.
  const validation = [batch([1, 1], [2, 4]), batch([1], [1])];
  const { epochs } = await trainer.fit([batch([1], [1])], validation, { epochs: 2 });
  const loss = 10 / 3;
  expect(told).toEqual([
    "start 0 of 2, 1", "validate true", `${loss} 3`, "end 1 1 3", "start 1 of 2, 1", "validate true", `${loss} 3`, "end 2 2 3", "2 true false",
  ]);
  expect(epochs.map(({ lr }) => lr)).toEqual([0.5, 0.5]);
  expect(optimizer.lr).toBeCloseTo(0.05, 12);
  await expect(trainer.evaluate([])).rejects.toThrow(ArgumentError);
});

test("early stopping bears some epochs without improvement", async () => {
  const model = new Line();
  const stopping = new EarlyStopping({ patience: 3, monitor: "loss", minDelta: 0.01 });
  const trainer = new Trainer({ model, loss: mseLoss, optimizer: new optim.SGD(model.parameters(), { lr: 0.5 }), callbacks: [stopping] });
  const result = await trainer.fit([batch([1], [1])], undefined, { epochs: 100 });
  // Losses 1, 0, 0, 0, 0.
  expect(result).toMatchObject({ steps: 5, interrupted: false, stopped: "no improvement in 3 epochs" });
  expect(stopping.best).toBe(0);
  const missing = new Trainer({ model, loss: mseLoss, optimizer: new optim.SGD(model.parameters()), callbacks: [new EarlyStopping({ monitor: "accuracy" })] });
  await expect(missing.fit([batch([1], [1])], undefined, { epochs: 1 })).rejects.toThrow('no score "accuracy", only loss');
});

test("batches of any form are prepared, and arrays of them are passed over on resume", async () => {
  const run = async (resume?: Checkpoint): Promise<{ weight: number; seen: number[]; saved: Checkpoint[] }> => {
    const model = new Line();
    const saved: Checkpoint[] = [];
    const save = async (checkpoint: Checkpoint): Promise<string> => {
      saved.push(await decodeCheckpoint(await encodeCheckpoint(checkpoint)));
      return "memory";
    };
    const seen: number[] = [];
    const trainer = new Trainer({
      model,
      loss: mseLoss,
      optimizer: new optim.SGD(model.parameters(), { lr: 0.125 }),
      prepare: ({ x, factor }: { x: Tensor; factor: number }) => [x, x.mul(factor)] as const,
      callbacks: [{ onStepEnd: (_, { step }) => void seen.push(step) }, new ModelCheckpoint({ save }, { everySteps: 2, everyEpochs: Infinity, keepBest: false })],
    });
    await trainer.fit([1, 2, 3].map((factor) => ({ x: tensor([[1]]), factor })), undefined, { epochs: 2, resume });
    return { weight: await weightOf(model), seen, saved };
  };
  const whole = await run();
  expect(whole.saved.map(({ step }) => step)).toEqual([2, 4, 6]);
  const resumed = await run(whole.saved[0]);
  expect([resumed.weight, resumed.seen]).toEqual([whole.weight, [3, 4, 5, 6]]);
});

test("what cannot be trained is refused", () => {
  const model = new Line();
  const optimizer = new optim.SGD(model.parameters());
  const parts = { model, loss: mseLoss, optimizer };
  expect(() => new Trainer({ ...parts, accumulate: 0 })).toThrow(ArgumentError);
  expect(() => new Trainer({ ...parts, callbacks: [{ stateDict: () => 1 }] })).toThrow("need a name of their own");
  expect(() => new EarlyStopping({ patience: 0 })).toThrow(ArgumentError);
  expect(() => new ModelCheckpoint({ save: () => Promise.resolve("") }, { everySteps: 0 })).toThrow(ArgumentError);
});
