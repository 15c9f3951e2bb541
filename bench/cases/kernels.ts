import { Adam } from "../../src/optim/index.js";
import { compile, device, gelu, layerNorm, ones, Parameter, randn, softmax, type Tensor } from "../../src/node.js";
import type { BenchCase } from "../case.js";
import { contractions, contractionSweep } from "./contractions.js";
import { kernel } from "./kernel.js";

/** A function that reads a matrix and writes another of its shape. */
function rowsCase(operation: string, rows: number, columns: number, compute: (x: Tensor) => Tensor): BenchCase {
  return kernel({
    name: `${operation}-${rows}x${columns}`,
    bytes: 8 * rows * columns,
    work: { kind: operation },
    shapes: [[rows, columns]],
    compute: (x) => compute(x),
  });
}

/** A layer norm with weights that are given, as a layer has them. */
function layerNormCase(rows: number, columns: number): BenchCase {
  return kernel({
    name: `layernorm-${rows}x${columns}`,
    bytes: 8 * rows * columns,
    work: { kind: "layernorm" },
    shapes: [[rows, columns], [columns], [columns]],
    compute: (x, weight, bias) => layerNorm(x, columns, weight, bias),
  });
}

/** One step of Adam over `count` square matrices, with gradients that are given. */
function adamCase(name: string, count: number, side: number): BenchCase {
  return {
    suite: "kernels",
    name,
    // The gradient is read; the parameter and both moments are read and written.
    bytes: 7 * 4 * count * side * side,
    work: { kind: "adam", count },
    prepare: (deviceName) => {
      const first = Array.from({ length: count }, () => randn([side, side]));
      const parameters = first.map((value) => new Parameter(value));
      const gradients = first.map(() => randn([side, side]));
      const optimizer = new Adam(parameters, { lr: 1e-3 });
      const step = compile((...given: Tensor[]) => {
        parameters.forEach((parameter, i) => (parameter.grad = given[i] ?? null));
        optimizer.step();
        optimizer.zeroGrad();
        return ones([]);
      });
      const run = async (): Promise<void> => {
        step(...gradients);
        await device(deviceName).idle();
      };
      const named = (prefix: string, tensors: readonly Tensor[]): Record<string, Tensor> => Object.fromEntries(tensors.map((t, i) => [`${prefix}${i}`, t]));
      return {
        given: { ...named("parameter", first), ...named("gradient", gradients) },
        check: async () => {
          for (let i = 0; i < 3; i++) await run();
          return Object.fromEntries(await Promise.all(parameters.map(async (p, i) => [`parameter${i}`, await p.data()] as const)));
        },
        run,
      };
    },
  };
}

export const kernels: readonly BenchCase[] = [
  ...contractions,
  rowsCase("softmax", 4096, 1024, (x) => softmax(x)),
  layerNormCase(4096, 1024),
  rowsCase("gelu", 4096, 1024, (x) => gelu(x)),
  adamCase("adam-10m", 10, 1000),
  ...contractionSweep,
  rowsCase("softmax", 100000, 10, (x) => softmax(x)),
  rowsCase("softmax", 16, 65537, (x) => softmax(x)),
  layerNormCase(8192, 63),
];
