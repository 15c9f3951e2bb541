import { Adam, AdamW, SGD, type Optimizer } from "../optim/index.js";
import type { Parameter } from "../tensor/index.js";
import type { OptimizerName } from "./optimizer-names.js";

const makers: Readonly<Record<OptimizerName, (parameters: Iterable<Parameter>, lr: number) => Optimizer>> = {
  sgd: (parameters, lr) => new SGD(parameters, { lr, momentum: 0.9 }),
  adam: (parameters, lr) => new Adam(parameters, { lr }),
  adamw: (parameters, lr) => new AdamW(parameters, { lr }),
};

/** The optimizer of a name: "sgd" with momentum 0.9, "adam" and "adamw" with their usual settings. */
export function makeOptimizer(name: OptimizerName, parameters: Iterable<Parameter>, lr: number): Optimizer {
  return makers[name](parameters, lr);
}
