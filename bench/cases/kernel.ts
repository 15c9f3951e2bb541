import { compile, device, randn, type Shape, type Tensor } from "../../src/node.js";
import type { BenchCase } from "../case.js";

/** One tensor for each shape. */
type Inputs<S extends readonly Shape[]> = { -readonly [K in keyof S]: Tensor };

interface KernelOptions<S extends readonly Shape[]> extends Pick<BenchCase, "name" | "flops" | "bytes" | "work"> {
  /** Shapes of the inputs, which are normally distributed. */
  readonly shapes: S;
  readonly compute: (...inputs: Inputs<S>) => Tensor;
}

/** A compiled function of fixed inputs; each run's result is given back before the next. */
export function kernel<const S extends readonly Shape[]>({ shapes, compute, ...rest }: KernelOptions<S>): BenchCase {
  return {
    suite: "kernels",
    ...rest,
    prepare: (deviceName) => {
      const inputs = shapes.map((shape) => randn(shape)) as Inputs<S>;
      const compiled = compile(compute);
      const backend = device(deviceName);
      return {
        given: Object.fromEntries(inputs.map((input, i) => [`input${i}`, input])),
        check: async () => ({ output: await compiled(...inputs).data() }),
        run: async () => {
          const result = compiled(...inputs);
          await backend.idle();
          result.dispose();
        },
      };
    },
  };
}
