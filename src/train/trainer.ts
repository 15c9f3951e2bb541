import { ArgumentError } from "../core/errors.js";
import { inEvaluationMode } from "../nn/evaluation-mode.js";
import type { AnyModule, Module } from "../nn/index.js";
import type { Optimizer } from "../optim/index.js";
import { compile, noGrad, type Compiled, type Tensor } from "../tensor/index.js";
import { examplesIn, splitExample, type Batches, type Example } from "./batches.js";
import type { Callback, FitResult, Scores } from "./callback.js";
import type { FitOptions, TrainedBatch } from "./fit-run.js";
import type { Schedule, WeightAverage } from "./run-state.js";

/** A module with these inputs and this output. */
export type ModelOf<In extends readonly unknown[], Out> = AnyModule & { forward(...inputs: In): Out };

/** A loss of an output and a target, as a function or as a module; a scalar. */
export type LossOf<Out, Target> = ((output: Out, target: Target) => Tensor) | Module<[Out, Target], Tensor>;

/** A score that is gathered over the batches of a validation; see `Metric`. */
export interface MetricOf<Out, Target> {
  readonly name: string;
  /** Takes in one batch. */
  update(output: Out, target: Target): void | Promise<void>;
  /** The score of all batches since `reset`. */
  compute(): number | Promise<number>;
  /** Forgets all batches. */
  reset(): void;
}

export interface TrainerOptions<In extends readonly unknown[], Out, Target, Batch> {
  readonly model: ModelOf<In, Out>;
  readonly loss: LossOf<Out, Target>;
  readonly optimizer: Optimizer;
  /** A schedule, or the learning rate of each step, counted from 0. Constant if not given. */
  readonly schedule?: Schedule | ((step: number) => number) | undefined;
  /** When a schedule makes a step: after each change of the parameters, as if not given, or after each epoch. */
  readonly scheduleEvery?: "step" | "epoch" | undefined;
  /** Gathered in validations. */
  readonly metrics?: readonly MetricOf<Out, Target>[] | undefined;
  readonly callbacks?: readonly Callback[] | undefined;
  /**
   * From a batch to the model's inputs and the target, as a part of the compiled step: `([images, labels]) =>
   * [images.astype("float32").div(255), labels]`. The batch itself if not given.
   */
  readonly prepare?: ((batch: Batch) => Example<In, Target>) | undefined;
  /** Batches whose mean gradient makes one step; 1 if not given. An epoch's last step takes what is left. */
  readonly accumulate?: number | undefined;
  /** Changes the gradients before each step, such as `() => clipGradNorm(model.parameters(), 1)`; a part of the compiled step. */
  readonly clip?: (() => unknown) | undefined;
  /**
   * Scalars that each step computes besides its loss, by name, such as `() => ({ gradNorm: gradNorm(model.parameters()) })`: a part of the
   * compiled step, before `clip`. Callbacks get them unread with each step; `MetricsLog` writes them.
   */
  readonly watch?: ((output: Out, target: Target) => Readonly<Record<string, Tensor>>) | undefined;
  /** Averages of the weights, such as `optim.EMA`: updated with each step, and in the model's place in validations. */
  readonly average?: WeightAverage | undefined;
}

/** Batches whose losses may be unread while the next ones are queued. */
const unreadBatches = 8;

/**
 * Trains a model: each step is one compiled call, and losses are read some steps later, so that the device never waits.
 *
 * ```ts
 * const trainer = new Trainer({ model, loss: crossEntropy, optimizer: new optim.Adam(model.parameters()) });
 * const { loss } = await trainer.fit(trainLoader, validationLoader, { epochs: 10 });
 * ```
 *
 * The result depends on what it is given, not on timing.
 */
export class Trainer<In extends readonly unknown[], Out, Target, Batch = Example<In, Target>> {
  readonly options: TrainerOptions<In, Out, Target, Batch>;
  readonly #trainStep: Compiled<[batch: Batch, parts: number, update: boolean], TrainedBatch>;
  readonly #testStep: Compiled<[batch: Batch], { loss: Tensor; output: Out; target: Target }>;

  /** Throws ArgumentError for `accumulate` below 1, and callbacks with state that have no name of their own. */
  constructor(options: TrainerOptions<In, Out, Target, Batch>) {
    const { model, loss, optimizer, accumulate = 1, clip, watch, average, callbacks = [], metrics = [] } = options;
    if (!Number.isInteger(accumulate) || accumulate < 1) throw new ArgumentError(`[Trainer] accumulate ${accumulate} must be a whole number from 1`);
    requireDistinct("callbacks with stateDict", callbacks.filter((callback) => callback.stateDict).map(({ name }) => name));
    requireDistinct("metrics", ["loss", ...metrics.map(({ name }) => name)]);
    this.options = options;
    // Without `prepare`, a batch is an example.
    const prepare = options.prepare ?? ((batch: Batch) => batch as unknown as Example<In, Target>);
    const lossOf = (output: Out, target: Target): Tensor => (typeof loss === "function" ? loss(output, target) : loss.forward(output, target));
    this.#trainStep = compile((batch: Batch, parts: number, update: boolean) => {
      const { inputs, target } = splitExample(prepare(batch));
      const output = model.forward(...inputs);
      const value = lossOf(output, target);
      (parts === 1 ? value : value.div(parts)).backward();
      if (!update) return { loss: value, watched: {} };
      const watched = watch ? noGrad(() => watch(output, target)) : {};
      clip?.();
      optimizer.step();
      average?.update();
      // After the step, so that gradients never have to reach memory.
      optimizer.zeroGrad();
      return { loss: value, watched };
    });
    this.#testStep = compile((batch: Batch) =>
      noGrad(() => {
        const { inputs, target } = splitExample(prepare(batch));
        const output = model.forward(...inputs);
        return { loss: lossOf(output, target), output, target };
      }),
    );
  }

  /** Milliseconds that compiling took so far. */
  get compileMs(): number {
    return this.#trainStep.compileMs + this.#testStep.compileMs;
  }

  /** Queues one batch of a step that has `parts` batches, the last of which updates the parameters. */
  trainBatch(batch: Batch, parts = 1, update = true): TrainedBatch {
    return this.#trainStep(batch, parts, update);
  }

  /**
   * Trains for some epochs, with a validation after each if there is something to validate on. Throws NonFiniteError with the
   * step whose loss is none, ArgumentError for a checkpoint of something else, and what callbacks throw.
   */
  async fit(train: Batches<Batch>, validation: Batches<Batch> | undefined, options: FitOptions): Promise<FitResult> {
    const { FitRun } = await import("./fit-run.js");
    return new FitRun(this, train, validation, options).run();
  }

  /** Mean loss per example, and the metrics, in evaluation mode; the modules' modes are put back. Throws ArgumentError for no batch. */
  async evaluate(batches: Batches<Batch>): Promise<Scores> {
    const { model, metrics = [] } = this.options;
    for (const metric of metrics) metric.reset();
    const unread: { readonly loss: Promise<number>; readonly count: number }[] = [];
    let sum = 0;
    let examples = 0;
    const read = async (rest: number): Promise<void> => {
      for (let next = unread[0]; next && unread.length > rest; next = unread[0]) {
        unread.shift();
        sum += (await next.loss) * next.count;
        examples += next.count;
      }
    };
    await inEvaluationMode(model, async () => {
      for await (const batch of batches) {
        const { loss, output, target } = this.#testStep(batch);
        for (const metric of metrics) await metric.update(output, target);
        const value = loss.item();
        value.catch(() => undefined);
        unread.push({ loss: value, count: examplesIn(batch) });
        await read(unreadBatches);
      }
      await read(0);
    });
    if (examples === 0) throw new ArgumentError("[Trainer] there are no batches to evaluate on");
    const scores: Record<string, number> & { loss: number } = { loss: sum / examples };
    for (const metric of metrics) scores[metric.name] = await metric.compute();
    return scores;
  }
}

function requireDistinct(what: string, names: readonly (string | undefined)[]): void {
  if (names.every((name, i) => name !== undefined && names.indexOf(name) === i)) return;
  throw new ArgumentError(`[Trainer] ${what} need a name of their own each, and have ${names.map((name) => name ?? "none").join(", ")}`);
}
