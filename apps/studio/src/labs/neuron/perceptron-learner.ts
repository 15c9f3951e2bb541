import { Perceptron, tensor } from "gradus";
import { keepNumbers, keptValues, type KeptLearner } from "./kept-training.js";
import type { Learner, LayerWeights, Pictures, Score, WeightPlace } from "./learner.js";
import { featuresOf } from "./network.js";
import { surfaceSize } from "./picture-size.js";
import { gridPoints, paint } from "./pictures.js";
import type { Split } from "./points.js";
import { outputsOf, type Settings } from "./settings.js";
import { Batches } from "./training.js";

/** Points as the perceptron takes them. */
interface Examples {
  readonly rows: readonly (readonly number[])[];
  readonly targets: readonly number[];
}

/** Rosenblatt's perceptron, one example in a step; of more than two classes each has one that tells it from the others. */
export class PerceptronLearner implements Learner {
  readonly batchSize = 1;
  readonly #perceptrons: readonly Perceptron[];
  #settings: Settings;
  #train: Examples;
  #test: Examples;
  #order: Batches;
  readonly #grid: readonly (readonly number[])[];

  constructor(settings: Settings, split: Split) {
    this.#settings = settings;
    this.#perceptrons = Array.from({ length: outputsOf(settings) }, () => new Perceptron());
    for (const perceptron of this.#perceptrons) perceptron.weights = new Float64Array(settings.features.length);
    [this.#train, this.#test] = [this.#examplesOf(split.train), this.#examplesOf(split.test)];
    this.#order = new Batches(split.train.length, 1, settings.seed);
    const grid = gridPoints();
    this.#grid = this.#rowsOf(grid);
  }

  /** Goes on with the same weights and other points. */
  change(settings: Settings, split: Split): void {
    this.#settings = settings;
    [this.#train, this.#test] = [this.#examplesOf(split.train), this.#examplesOf(split.test)];
    this.#order = new Batches(split.train.length, 1, settings.seed);
  }

  get parameterCount(): number {
    return this.#perceptrons.length * (this.#settings.features.length + 1);
  }

  get lr(): number {
    return this.#settings.lr;
  }

  step(): number {
    const [i = 0] = this.#order.next();
    const row = this.#train.rows[i] ?? [];
    const target = this.#train.targets[i] ?? 0;
    const before = this.#lossOf(row, target);
    this.#perceptrons.forEach((perceptron, k) => perceptron.update(row, this.#label(target, k), this.#settings.lr));
    return before;
  }

  evaluate(): { readonly train: Score; readonly test: Score | undefined } {
    return { train: this.#scoreOf(this.#train), test: this.#test.rows.length === 0 ? undefined : this.#scoreOf(this.#test) };
  }

  /** A step has no slope: there is nothing to differentiate. */
  gradientSizes(): readonly number[] {
    return [];
  }

  weights(): LayerWeights[] {
    return [
      {
        inputs: this.#settings.features.length,
        outputs: this.#perceptrons.length,
        weights: Float32Array.from(this.#perceptrons.flatMap(({ weights }) => [...weights])),
        biases: Float32Array.from(this.#perceptrons, ({ bias }) => bias),
      },
    ];
  }

  setWeight({ output, input }: WeightPlace, value: number): void {
    const perceptron = this.#perceptrons[output];
    if (!perceptron) return;
    if (input === "bias") perceptron.bias = value;
    else perceptron.weights[input] = value;
  }

  pictures(): Pictures {
    const outputs = this.#perceptrons.length;
    const area = surfaceSize ** 2;
    const seen = this.#settings.features.length;
    const values = new Float32Array((seen + outputs) * area);
    this.#grid.forEach((row, i) => {
      row.forEach((value, j) => (values[j * area + i] = value));
      const answer = this.#answerOf(row);
      if (outputs === 1) values[seen * area + i] = answer;
      else values[(seen + answer) * area + i] = 1;
    });
    return paint(values, { outputs, bounded: this.#settings.features.map(() => false), isValue: false });
  }

  keep(): KeptLearner {
    return { numbers: Object.fromEntries(this.#perceptrons.map(({ weights, bias }, k) => [k, keepNumbers([...weights, bias])])), taken: this.#order.taken };
  }

  takeUp({ numbers, taken }: KeptLearner): void {
    this.#perceptrons.forEach((perceptron, k) => {
      const kept = numbers[k] && keptValues(numbers[k]);
      if (kept?.length !== perceptron.weights.length + 1) throw new Error(`the kept training has no ${perceptron.weights.length} weights and bias for perceptron ${k}`);
      perceptron.weights = kept.slice(0, -1);
      perceptron.bias = kept.at(-1) ?? 0;
    });
    this.#order = new Batches(this.#train.rows.length, 1, this.#settings.seed, taken);
  }

  #examplesOf(points: Split["train"]): Examples {
    const coordinates = Float32Array.from(points.flatMap(({ x1, x2 }) => [x1, x2]));
    return { rows: this.#rowsOf(coordinates), targets: points.map(({ target }) => target) };
  }

  /** The features of points. */
  #rowsOf(coordinates: Float32Array): number[][] {
    const count = coordinates.length / 2;
    if (count === 0) return [];
    const seen = featuresOf(tensor(coordinates, { shape: [count, 2] }), this.#settings.features);
    return seen.arraySync(2);
  }

  /** 1 for the points that perceptron k shall say 1 to: those of class 1, or of class k. */
  #label(target: number, k: number): 1 | -1 {
    return target === (this.#perceptrons.length === 1 ? 1 : k) ? 1 : -1;
  }

  /** The class of a point: what lies on the line is of class 1. */
  #answerOf(row: readonly number[]): number {
    const scores = this.#perceptrons.map((perceptron) => perceptron.score(row));
    if (scores.length === 1) return (scores[0] ?? 0) >= 0 ? 1 : 0;
    return scores.indexOf(Math.max(...scores));
  }

  /** How far a point lies on the wrong side, which is the perceptron's criterion. */
  #lossOf(row: readonly number[], target: number): number {
    return this.#perceptrons.reduce((sum, perceptron, k) => sum + Math.max(0, -this.#label(target, k) * perceptron.score(row)), 0);
  }

  #scoreOf({ rows, targets }: Examples): Score {
    const mean = (of: (row: readonly number[], target: number) => number): number =>
      rows.reduce((sum, row, i) => sum + of(row, targets[i] ?? 0), 0) / rows.length;
    return {
      loss: mean((row, target) => this.#lossOf(row, target)),
      accuracy: mean((row, target) => (this.#answerOf(row) === target ? 1 : 0)),
    };
  }
}
