import { describe, expect, it } from "vitest";
import { expectClose, useReference } from "../../test/values.js";
import { compile, Parameter, tensor, trace, zeros, type Tensor } from "../tensor/index.js";
import { Adam, NAdam, SGD, type Optimizer } from "./index.js";

useReference();

const parameter = (values: readonly number[]): Parameter => new Parameter(tensor(values, { dtype: "float64" }));
const plainAndCompiled = [
  ["plain", (fn: () => void) => fn],
  ["compiled", (fn: () => void) => compile(fn) as () => void],
] as const;

describe("members of a group share their step count", () => {
  const lossOf = (theta: Tensor): Tensor => theta.pow(4).sum();
  const counts = async (optimizer: Optimizer, n: number): Promise<unknown[]> => {
    const { state } = optimizer.stateDict();
    return Promise.all(Array.from({ length: n }, (_, i) => state[`${i}.step`]?.item()));
  };

  it("the work beside the elements does not grow with their number", () => {
    const scalars = (n: number): number => {
      const parameters = Array.from({ length: n }, () => parameter([1, 2]));
      const optimizer = new NAdam(parameters);
      const graph = trace(() => {
        for (const theta of parameters) theta.grad = zeros([2], { dtype: "float64" });
        optimizer.step();
      });
      const seen = new Set<object>();
      let found = 0;
      const visit = (value: (typeof graph.outputs)[number]): void => {
        if (seen.has(value.node)) return;
        seen.add(value.node);
        if (value.shape.length === 0 && value.node.inputs.length > 0) found++;
        value.node.inputs.forEach(visit);
      };
      graph.outputs.forEach(visit);
      return found;
    };
    expect(scalars(50)).toBe(scalars(2));
  });

  it.each(plainAndCompiled)("until some of them miss a step, %s", async (_, made) => {
    const [a, b, c] = [parameter([1, -2]), parameter([1, -2]), parameter([1, -2])];
    const shared = new Adam([a, b, c], { lr: 0.1 });
    const alone = [parameter([1, -2]), parameter([1, -2])] as const;
    const ownOptimizers = alone.map((theta) => new Adam([theta], { lr: 0.1 }));
    const backward = (...used: Parameter[]): void => {
      for (const theta of used) lossOf(theta).backward();
    };
    const all = made(() => {
      backward(a, b, c);
      shared.step();
      shared.zeroGrad();
    });
    const some = made(() => {
      backward(a);
      shared.step();
      shared.zeroGrad();
    });
    // Two steps in one call, the second of which parts what the first one shared.
    const both = made(() => {
      backward(a, b, c);
      shared.step();
      shared.zeroGrad();
      backward(a, b);
      shared.step();
      shared.zeroGrad();
    });
    for (const run of [all, some, all, both, all, both, some]) run();
    expect(await counts(shared, 3)).toEqual([9, 7, 5]);
    for (const [i, times] of [9, 7].entries()) {
      for (let t = 0; t < times; t++) {
        lossOf(alone[i] ?? a).backward();
        ownOptimizers[i]?.step();
        ownOptimizers[i]?.zeroGrad();
      }
    }
    expect([...(await a.data())]).toEqual([...(await alone[0].data())]);
    expect([...(await b.data())]).toEqual([...(await alone[1].data())]);
  });

  it("and states know who shares", async () => {
    const make = (): [Parameter[], Adam] => {
      const parameters = [parameter([1]), parameter([2]), parameter([3])];
      return [parameters, new Adam(parameters, { lr: 0.1 })];
    };
    const step = ([parameters, optimizer]: [Parameter[], Adam], used: number): void => {
      for (const theta of parameters.slice(0, used)) lossOf(theta).backward();
      optimizer.step();
      optimizer.zeroGrad();
    };
    const first = make();
    step(first, 3);
    step(first, 2);
    const { state, groups } = first[1].stateDict();
    expect(groups).toEqual([{ lr: 0.1, momentum: 0.9, shares: [0, 0, 1] }]);
    for (const shares of [groups, [{ lr: 0.1 }]]) {
      const second = make();
      for (const [i, theta] of second[0].entries()) theta.assign(first[0][i]?.detach() ?? 0);
      second[1].loadStateDict({ state, groups: JSON.parse(JSON.stringify(shares)) as typeof groups });
      expect(await counts(second[1], 3)).toEqual([2, 2, 1]);
      step(second, 3);
      expect(await counts(second[1], 3)).toEqual([3, 3, 2]);
    }
  });
});

describe("addParamGroup", () => {
  it.each(plainAndCompiled)("has later parameters trained with settings of their own, %s", async (_, made) => {
    const [a, b] = [parameter([1]), parameter([1])];
    const optimizer = new SGD([a], { lr: 0.5 });
    const step = made(() => {
      a.sum().add(b.sum()).backward();
      optimizer.step();
      optimizer.zeroGrad();
    });
    step();
    b.grad = null;
    optimizer.addParamGroup({ params: [b], lr: 0.25, maximize: true });
    step();
    await expectClose(a, [0]);
    await expectClose(b, [1.25]);
    expect(() => optimizer.addParamGroup({ params: [a] })).toThrow("listed twice");
  });
});
