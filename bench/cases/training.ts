import { compile, crossEntropy, noGrad, valueAndGrad, type Tensor, type TypedArray } from "../../src/node.js";
import { functionalCall, type Module } from "../../src/nn/index.js";
import type { Optimizer } from "../../src/optim/index.js";
import type { BenchCase } from "../case.js";

type Model = Module<Tensor, Tensor>;

interface StepOptions extends Pick<BenchCase, "name" | "work"> {
  /** Floating-point operations of one forward pass; a training step is counted as three. */
  readonly forwardFlops: number;
  readonly model: () => Model;
  readonly input: () => Tensor;
  readonly target: () => Tensor;
}

/** A copy of the values, since a step may overwrite them. */
function valuesOf(model: Model): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(model.stateDict()).map(([name, value]) => [name, value.clone().detach()]));
}

/** A training step, to be compiled. */
export function stepFunction(model: Model, optimizer: Optimizer): (input: Tensor, target: Tensor) => Tensor {
  return (input, target) => {
    const loss = crossEntropy(model.forward(input), target);
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    return loss;
  };
}

/** A compiled training step on one batch, its loss read each time. */
export function trainingStep(options: StepOptions & { readonly optimizer: (model: Model) => Optimizer }): BenchCase {
  return {
    suite: "steps",
    name: options.name,
    flops: 3 * options.forwardFlops,
    work: options.work,
    prepare: () => {
      const model = options.model();
      const optimizer = options.optimizer(model);
      const x = options.input();
      const y = options.target();
      const step = compile(stepFunction(model, optimizer));
      const run = async (): Promise<number> => step(x, y).item();
      return {
        given: { ...valuesOf(model), "batch.x": x, "batch.y": y },
        check: async () => {
          const losses = new Float32Array(2);
          for (let i = 0; i < losses.length; i++) losses[i] = await run();
          const after: Record<string, TypedArray> = { losses };
          for (const [name, value] of Object.entries(model.stateDict())) after[name] = await value.data();
          return after;
        },
        run: async () => {
          await run();
        },
      };
    },
  };
}

/** A compiled forward pass of an evaluated model. */
export function inference(options: Omit<StepOptions, "target">): BenchCase {
  return {
    suite: "steps",
    name: options.name,
    flops: options.forwardFlops,
    work: options.work,
    prepare: () => {
      const model = options.model().eval();
      const x = options.input();
      const forward = compile((input: Tensor) => noGrad(() => model.forward(input)));
      return {
        given: { ...valuesOf(model), "batch.x": x },
        check: async () => ({ output: await forward(x).data() }),
        run: async () => {
          await forward(x).data();
        },
      };
    },
  };
}

/** A compiled loss with the gradients of all parameters, and no optimizer. */
export function gradients(options: StepOptions): BenchCase {
  return {
    suite: "steps",
    name: options.name,
    flops: 3 * options.forwardFlops,
    work: options.work,
    prepare: () => {
      const model = options.model();
      const x = options.input();
      const y = options.target();
      const parameters = valuesOf(model);
      const both = compile((values: Record<string, Tensor>, input: Tensor, target: Tensor) =>
        valueAndGrad((p: Record<string, Tensor>) => crossEntropy(functionalCall(model, p, input), target))(values),
      );
      return {
        given: { ...parameters, "batch.x": x, "batch.y": y },
        check: async () => {
          const [loss, slopes] = both(parameters, x, y);
          const result: Record<string, TypedArray> = { losses: await loss.data() };
          for (const [name, slope] of Object.entries(slopes)) result[`gradient ${name}`] = await slope.data();
          return result;
        },
        run: async () => {
          const [loss, slopes] = both(parameters, x, y);
          await loss.item();
          for (const slope of Object.values(slopes)) slope.dispose();
        },
      };
    },
  };
}
