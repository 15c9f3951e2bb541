import type { activations, features, initializations } from "./network.js";
import type { optimizers, schedules } from "./training.js";

export type Problem = "classification" | "regression";
export type Feature = keyof typeof features;
export type Activation = keyof typeof activations;
export type Initialization = keyof typeof initializations;
export type OptimizerName = keyof typeof optimizers;
export type ScheduleName = keyof typeof schedules;
export type Penalty = "none" | "l1" | "l2";
export type PointSet = "clusters" | "xor" | "circle" | "spirals" | "moons" | "plane" | "hills" | "drawn";

/** A point of the plane with what a network shall say of it: the number of its class, or a value in [−1, 1]. */
export interface LabPoint {
  readonly x1: number;
  readonly x2: number;
  readonly target: number;
}

/** Everything that decides how a training of the lab goes; equal settings give equal trainings. */
export interface Settings {
  readonly problem: Problem;
  readonly points: PointSet;
  /** Classes of the point sets that can have more than two, and of drawn points. */
  readonly classes: number;
  readonly count: number;
  /** 0 for none, 0.5 for the most. */
  readonly noise: number;
  /** The share of points that is trained with; the others test. */
  readonly trainShare: number;
  readonly drawn: readonly LabPoint[];
  readonly seed: number;
  readonly model: "perceptron" | "network";
  readonly features: readonly Feature[];
  /** Neurons of each hidden layer. */
  readonly hidden: readonly number[];
  readonly activation: Activation;
  readonly initialization: Initialization;
  readonly loss: "crossEntropy" | "squared";
  readonly optimizer: OptimizerName;
  readonly lr: number;
  readonly schedule: ScheduleName;
  /** Steps over which the schedule goes. */
  readonly scheduleSteps: number;
  readonly penalty: Penalty;
  readonly penaltyRate: number;
  readonly dropout: number;
  /** Points in a step; 0 for all of them. */
  readonly batch: number;
}

export const limits = {
  /** The plane reaches from −extent to extent on both axes. */
  extent: 6,
  classes: { min: 2, max: 4 },
  count: { min: 20, max: 1000 },
  drawn: 500,
  layers: 10,
  neurons: 16,
} as const;

export const defaults: Settings = {
  problem: "classification",
  points: "circle",
  classes: 2,
  count: 300,
  noise: 0.1,
  trainShare: 0.5,
  drawn: [],
  seed: 1,
  model: "network",
  features: ["x1", "x2"],
  hidden: [4, 2],
  activation: "tanh",
  initialization: "uniform",
  loss: "crossEntropy",
  optimizer: "sgd",
  lr: 0.03,
  schedule: "constant",
  scheduleSteps: 2000,
  penalty: "none",
  penaltyRate: 0.001,
  dropout: 0,
  batch: 10,
};

/** A value of a setting with what the page calls it. */
export interface Named<T> {
  readonly value: T;
  readonly label: string;
}

const named = <T extends string>(names: Readonly<Record<T, string>>): readonly Named<T>[] =>
  (Object.keys(names) as T[]).map((value) => ({ value, label: names[value] }));

export const choices = {
  problem: named<Problem>({ classification: "Classes", regression: "Numbers" }),
  points: {
    classification: named<Exclude<PointSet, "plane" | "hills">>({
      circle: "Circle",
      xor: "XOR",
      clusters: "Clusters",
      spirals: "Spirals",
      moons: "Moons",
      drawn: "Drawn",
    }),
    regression: named<Extract<PointSet, "plane" | "hills" | "drawn">>({ plane: "Plane", hills: "Hills", drawn: "Drawn" }),
  },
  model: named<Settings["model"]>({ network: "Network", perceptron: "Perceptron" }),
  features: named<Feature>({
    x1: "x₁",
    x2: "x₂",
    x1Squared: "x₁²",
    x2Squared: "x₂²",
    product: "x₁x₂",
    sinX1: "sin x₁",
    sinX2: "sin x₂",
  }),
  activation: named<Activation>({
    identity: "Identity",
    sigmoid: "Sigmoid",
    tanh: "Tanh",
    relu: "ReLU",
    leakyRelu: "Leaky ReLU",
    elu: "ELU",
    gelu: "GELU",
    silu: "SiLU (swish)",
  }),
  initialization: named<Initialization>({
    uniform: "Uniform ±1/√inputs",
    xavier: "Xavier (Glorot)",
    he: "He (Kaiming)",
    small: "Normal, σ 0.01",
    large: "Normal, σ 3",
    zeros: "All zero",
  }),
  loss: named<Settings["loss"]>({ crossEntropy: "Cross-entropy", squared: "Squared error" }),
  optimizer: named<OptimizerName>({
    sgd: "SGD",
    momentum: "SGD with momentum",
    nesterov: "Nesterov momentum",
    rmsprop: "RMSprop",
    adam: "Adam",
    adamw: "AdamW",
    radam: "RAdam",
  }),
  schedule: named<ScheduleName>({
    constant: "Constant",
    halving: "Halved 5 times",
    exponential: "Exponential, to 1 %",
    cosine: "Cosine, to 0",
    warmup: "Warm-up, then constant",
  }),
  penalty: named<Penalty>({ none: "None", l1: "L1", l2: "L2" }),
} as const;

/** Whether a point set can have more than two classes. */
export const takesClasses = (points: PointSet): boolean => points === "clusters" || points === "spirals" || points === "circle" || points === "drawn";

/** How many classes the points have: 0 where they have numbers. */
export function classesOf({ problem, points, classes }: Settings): number {
  if (problem === "regression") return 0;
  return takesClasses(points) ? classes : 2;
}

/** Neurons of the last layer: one tells two classes apart or gives a number; else each class has one. */
export function outputsOf(settings: Settings): number {
  const classes = classesOf(settings);
  return classes > 2 ? classes : 1;
}
