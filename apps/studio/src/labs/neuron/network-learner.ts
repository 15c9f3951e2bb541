import { compile, concat, defaultGenerator, manualSeed, nn, stack, tensor, type optim, type Tensor } from "gradus";
import { gradientSizes } from "./gradient-sizes.js";
import { keepTensors, keptTensors, type KeptLearner } from "./kept-training.js";
import type { Learner, LayerWeights, Pictures, Score, WeightPlace } from "./learner.js";
import { Network } from "./network.js";
import { gridPoints, paint } from "./pictures.js";
import type { Split } from "./points.js";
import { outputsOf, type LabPoint, type Settings } from "./settings.js";
import { answerOf, Batches, lossOf, optimizers, rightOf, schedules, trainingStep } from "./training.js";

/** Points as tensors. */
interface Examples {
  readonly count: number;
  readonly points: Tensor;
  readonly targets: Tensor;
}

/** What a network goes on from beside its numbers. */
interface KeptRest {
  readonly groups: optim.OptimizerState["groups"];
  readonly schedule: optim.ScheduleState;
  readonly scheduledSteps: number;
  /** The stream of which dropout draws. */
  readonly random: { readonly key: readonly [number, number]; readonly counter: number };
}

type OfExamples = (points: Tensor, targets: Tensor) => Tensor;

/** A multi-layer perceptron in training. */
export class NetworkLearner implements Learner {
  readonly parameterCount: number;
  readonly #network: Network;
  #settings: Settings;
  #train: Examples;
  #test: Examples | undefined;
  #optimizer: optim.Optimizer;
  #schedule: optim.LRScheduler;
  #scheduledSteps = 0;
  #step: ReturnType<typeof trainingStep>;
  #batches: Batches;
  #evaluate: OfExamples;
  #gradients: OfExamples;
  readonly #everyAnswer: (points: Tensor) => Tensor;
  readonly #grid: Tensor;

  constructor(settings: Settings, split: Split) {
    manualSeed(settings.seed);
    const network = new Network({ ...settings, outputs: outputsOf(settings) });
    this.#network = network;
    this.#settings = settings;
    [this.#train, this.#test] = [examplesOf(split.train), testsOf(split)];
    this.#optimizer = optimizers[settings.optimizer](network, settings.lr);
    this.#schedule = schedules[settings.schedule](this.#optimizer, settings.scheduleSteps);
    this.#step = trainingStep(network, this.#optimizer, settings);
    this.#batches = new Batches(this.#train.count, this.batchSize, settings.seed);
    [this.#evaluate, this.#gradients] = this.#measures();
    this.parameterCount = network.parameters().reduce((sum, { size }) => sum + size, 0);
    this.#everyAnswer = compile((points: Tensor) => {
      const layers = network.everyLayer(points);
      const answer = answerOf(layers.at(-1) ?? points, settings.problem);
      return concat([...layers.slice(0, -1), answer].map((x) => x.transpose()));
    });
    const grid = gridPoints();
    this.#grid = tensor(grid, { shape: [grid.length / 2, 2] });
  }

  /** Goes on with the same weights, other points and another way of training. */
  change(settings: Settings, split: Split): void {
    const before = this.#settings;
    const isNew = (...names: readonly (keyof Settings)[]): boolean => names.some((name) => settings[name] !== before[name]);
    const count = this.#train.count;
    this.#settings = settings;
    if (isNew("points", "drawn", "trainShare")) [this.#train, this.#test] = [examplesOf(split.train), testsOf(split)];
    if (isNew("dropout")) this.#network.dropout = new nn.Dropout(settings.dropout);
    if (isNew("optimizer")) this.#optimizer = optimizers[settings.optimizer](this.#network, settings.lr);
    if (isNew("optimizer", "lr", "schedule", "scheduleSteps")) {
      for (const group of this.#optimizer.groups) {
        group.lr = settings.lr;
        group.initialLr = undefined;
      }
      this.#schedule = schedules[settings.schedule](this.#optimizer, settings.scheduleSteps);
      this.#scheduledSteps = 0;
    }
    if (isNew("loss")) [this.#evaluate, this.#gradients] = this.#measures();
    if (isNew("loss", "optimizer", "penalty", "penaltyRate", "dropout")) this.#step = trainingStep(this.#network, this.#optimizer, settings);
    if (isNew("batch") || this.#train.count !== count) this.#batches = new Batches(this.#train.count, this.batchSize, settings.seed);
  }

  get batchSize(): number {
    const { batch } = this.#settings;
    return batch === 0 ? this.#train.count : Math.min(batch, this.#train.count);
  }

  get lr(): number {
    return this.#optimizer.lr;
  }

  step(): number {
    this.#network.train();
    const batch = tensor(this.#batches.next());
    const loss = this.#step(this.#train.points, this.#train.targets, batch).itemSync();
    if (this.#scheduledSteps++ < this.#settings.scheduleSteps) this.#schedule.step();
    return loss;
  }

  evaluate(): { readonly train: Score; readonly test: Score | undefined } {
    this.#network.eval();
    return { train: this.#scoreOf(this.#train), test: this.#test && this.#scoreOf(this.#test) };
  }

  gradientSizes(): readonly number[] {
    this.#network.eval();
    return [...this.#gradients(this.#train.points, this.#train.targets).dataSync()];
  }

  weights(): LayerWeights[] {
    return this.#network.layers.map(({ inFeatures, outFeatures, weight, bias }) => ({
      inputs: inFeatures,
      outputs: outFeatures,
      weights: Float32Array.from(weight.dataSync()),
      biases: Float32Array.from(bias?.dataSync() ?? new Float32Array(outFeatures)),
    }));
  }

  setWeight({ layer, output, input }: WeightPlace, value: number): void {
    const linear = this.#network.layers[layer];
    const parameter = input === "bias" ? linear?.bias : linear?.weight;
    if (!linear || !parameter) return;
    const values = Float32Array.from(parameter.dataSync());
    values[input === "bias" ? output : output * linear.inFeatures + input] = value;
    parameter.assign(tensor(values, { shape: parameter.shape }));
  }

  pictures(): Pictures {
    this.#network.eval();
    const { problem, activation, features, hidden } = this.#settings;
    const inUnit = activation === "sigmoid" || activation === "tanh";
    const outputs = this.#network.layers.at(-1)?.outFeatures ?? 1;
    const values = this.#everyAnswer(this.#grid).dataSync();
    return paint(values, {
      outputs,
      bounded: [...features.map(() => false), ...hidden.flatMap((width) => Array.from({ length: width }, () => inUnit))],
      isValue: problem === "regression",
    });
  }

  keep(): KeptLearner {
    const { state, groups } = this.#optimizer.stateDict();
    const { key, counter } = defaultGenerator;
    const rest: KeptRest = { groups, schedule: this.#schedule.stateDict(), scheduledSteps: this.#scheduledSteps, random: { key, counter } };
    return { numbers: { ...keepTensors("network ", this.#network.stateDict()), ...keepTensors("optimizer ", state) }, taken: this.#batches.taken, rest };
  }

  takeUp({ numbers, taken, rest }: KeptLearner): void {
    const { groups, schedule, scheduledSteps, random } = rest as KeptRest;
    this.#network.loadStateDict(keptTensors("network ", numbers));
    this.#optimizer.loadStateDict({ state: keptTensors("optimizer ", numbers), groups });
    this.#schedule.loadStateDict(schedule);
    this.#scheduledSteps = scheduledSteps;
    this.#batches = new Batches(this.#train.count, this.batchSize, this.#settings.seed, taken);
    defaultGenerator.key = random.key;
    defaultGenerator.counter = random.counter;
  }

  #scoreOf({ points, targets }: Examples): Score {
    const [loss = NaN, accuracy] = this.#evaluate(points, targets).dataSync();
    return { loss, accuracy: this.#settings.problem === "regression" ? undefined : accuracy };
  }

  /** What is measured depends on the loss that is trained with. */
  #measures(): [evaluate: OfExamples, gradients: OfExamples] {
    const { problem, loss } = this.#settings;
    const network = this.#network;
    const measure = (z: Tensor, targets: Tensor): Tensor => lossOf(z, targets, problem, loss);
    const evaluate = compile((points: Tensor, targets: Tensor) => {
      const z = network.forward(points);
      return stack(problem === "regression" ? [measure(z, targets)] : [measure(z, targets), rightOf(z, targets)]);
    });
    return [evaluate, gradientSizes(network, measure)];
  }
}

function examplesOf(points: readonly LabPoint[]): Examples {
  return {
    count: points.length,
    points: tensor(Float32Array.from(points.flatMap(({ x1, x2 }) => [x1, x2])), { shape: [points.length, 2] }),
    targets: tensor(Float32Array.from(points, ({ target }) => target)),
  };
}

const testsOf = ({ test }: Split): Examples | undefined => (test.length === 0 ? undefined : examplesOf(test));
