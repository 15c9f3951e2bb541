import { compile, device, matmul, randn, type Tensor } from "../../src/node.js";
import type { BenchCase } from "../case.js";

/** A compiled function of fixed inputs; each run's result is given back before the next. */
function kernel(
  name: string,
  shapes: readonly (readonly number[])[],
  work: { readonly flops?: number; readonly bytes?: number },
  fn: (...inputs: Tensor[]) => Tensor,
): BenchCase {
  return {
    suite: "kernels",
    name,
    ...work,
    prepare: (deviceName) => {
      const inputs = shapes.map((shape) => randn(shape));
      const compiled = compile(fn);
      const backend = device(deviceName);
      return async () => {
        const result = compiled(...inputs);
        await backend.idle();
        result.dispose();
      };
    },
  };
}

export const kernels: readonly BenchCase[] = [
  kernel("matmul-1024", [[1024, 1024], [1024, 1024]], { flops: 2 * 1024 ** 3 }, (a, b) => matmul(required(a), required(b))),
];

function required(t: Tensor | undefined): Tensor {
  if (!t) throw new TypeError("a case lacks an input");
  return t;
}
