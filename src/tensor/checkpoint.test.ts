import { describe, expect, it } from "vitest";
import { NativeBackend } from "../backends/native/native-backend.js";
import { isNativeAvailable } from "../backends/native/native-host.js";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import { createNodeWasm } from "../backends/wasm/wasm-node.js";
import { compileGraph } from "../../test/compile-graph.js";
import type { Target } from "../compiler/target.js";
import { setDefaultDevice } from "../runtime/devices.js";
import { checkpoint, compile, dropout, grad, hvp, manualSeed, noGrad, Parameter, randn, scan, tensor, trace, valueAndGrad, vmap, zeros, type Tensor } from "./index.js";

const devices = [new ReferenceBackend(), createNodeWasm({ threads: 1 }), ...(isNativeAvailable() ? [new NativeBackend({ threads: 1 })] : [])];
const target: Target = { name: "avx2", vectorBytes: 32, vectorRegisters: 16, l1Bytes: 32768, l2Bytes: 262144, float64: true, memoryBytes: 2 ** 40 };

/** A layer of two products with an activation and a normalization. */
function layer(x: Tensor, [w, u]: readonly [Tensor, Tensor], p: number): Tensor {
  const hidden = dropout(x.sub(x.mean(-1, { keepdims: true })).matmul(w).tanh(), p);
  return x.add(hidden.matmul(u));
}

/** A deep network of which each layer is a block of its own, kept or computed again. */
function network(depth: number, again: boolean, p = 0): (x: Tensor, weights: readonly (readonly [Tensor, Tensor])[]) => Tensor {
  const block = again ? checkpoint(layer) : layer;
  return (x, weights) => weights.slice(0, depth).reduce((h, w) => block(h, w, p), x).square().mean();
}

function weightsOf(depth: number, n: number): (readonly [Tensor, Tensor])[] {
  return Array.from({ length: depth }, () => [randn([n, 4 * n]).mul(0.1), randn([4 * n, n]).mul(0.1)] as const);
}

describe("checkpoint", () => {
  it.each(devices.map((device) => [device.name, device] as const))("gives the same gradients with the same dropout, bit by bit, on %s", async (_, device) => {
    setDefaultDevice(device);
    manualSeed(4);
    const [x, weights] = [randn([6, 8]), weightsOf(2, 8)];
    const numbersOf = async (again: boolean, isCompiled: boolean): Promise<number[][]> => {
      manualSeed(5);
      const both = valueAndGrad(network(2, again, 0.5), { argnums: [0, 1] });
      const [value, [dx, dw]] = (isCompiled ? compile(both) : both)(x, weights);
      return Promise.all([value, dx, ...dw.flat()].map(async (t) => Array.from(await t.data())));
    };
    for (const isCompiled of device.name === "reference" ? [false, true] : [true]) expect(await numbersOf(true, isCompiled)).toEqual(await numbersOf(false, isCompiled));
  });

  it("keeps only what lies between the blocks in memory, in whichever order the gradients are asked for", () => {
    setDefaultDevice(devices[0] ?? new ReferenceBackend());
    const [x, weights] = [zeros([256, 32]), weightsOf(9, 32)];
    const rectified: typeof layer = (v, [w, u]) => v.relu().matmul(w).relu().matmul(u).relu();
    for (const block of [layer, rectified]) {
      const bytes = (again: boolean, isReversed: boolean): number => {
        const run = again ? checkpoint(block) : block;
        const loss = (v: Tensor, ws: typeof weights): Tensor => ws.reduce((h, w) => run(h, w, 0), v).square().mean();
        const graph = trace((v: Tensor, ws: typeof weights) => {
          const gradients = grad(loss, { argnums: 1 })(v, ws).flat();
          return isReversed ? gradients.reverse() : gradients;
        }, x, weights);
        return compileGraph(graph, target).arenaBytes;
      };
      const perLayer = 256 * 32 * 4;
      for (const isReversed of [false, true]) {
        const computed = bytes(true, isReversed);
        if (block === rectified && !isReversed) expect(bytes(false, isReversed)).toBeGreaterThan(4 * computed);
        // The results of all layers, and what one layer computes at a time.
        expect(computed).toBeLessThan((9 + 14) * perLayer);
      }
    }
  });

  it("uses state and tensors of outside, and is what it is without gradients", async () => {
    setDefaultDevice(devices[0] ?? new ReferenceBackend());
    const weight = new Parameter(tensor([1, 2]));
    const scale = tensor([3, 4]).mul(2);
    const f = checkpoint((x: Tensor, n: number): { y: Tensor; parts: Tensor[] } => ({ y: x.mul(weight).mul(scale).mul(n), parts: [noGrad(() => x.exp()), x] }));
    const { y, parts } = f(tensor([5, 6]), 2);
    expect(parts.map((t) => t.requiresGrad)).toEqual([false, false]);
    y.sum().backward();
    expect(await weight.grad?.array()).toEqual([60, 96]);
    expect(noGrad(() => f(tensor([5, 6]), 2).y.requiresGrad)).toBe(false);
    const silent = checkpoint((x: Tensor) => x.mul(noGrad(() => x.exp())));
    expect(await grad((x: Tensor) => silent(x).sum())(zeros([2])).array()).toEqual([1, 1]);
  });

  it("is differentiated again, batched, nested and looped over", async () => {
    setDefaultDevice(devices[0] ?? new ReferenceBackend());
    manualSeed(6);
    const [x, weights, v] = [randn([3, 4]), weightsOf(2, 4), randn([3, 4])];
    const outer = checkpoint((a: Tensor) => network(2, true)(a, weights));
    const plain = (a: Tensor): Tensor => network(2, false)(a, weights);
    const pairs: [Tensor, Tensor][] = [
      [hvp(outer, x, v), hvp(plain, x, v)],
      [vmap(grad((a: Tensor) => outer(a.unsqueeze(0))))(x), vmap(grad((a: Tensor) => plain(a.unsqueeze(0))))(x)],
      ...([grad, (f: (a: Tensor) => Tensor) => compile(grad(f))] as const).map((g): [Tensor, Tensor] => {
        const looped = (block: typeof layer) => (a: Tensor): Tensor => scan((c: Tensor, _: Tensor) => [block(c, weights[0] ?? [c, c], 0), undefined], a, zeros([4]))[0].sum();
        return [g(looped(checkpoint(layer)))(x), g(looped(layer))(x)];
      }),
    ];
    for (const [a, b] of pairs) {
      const [p, q] = [await a.data(), await b.data()];
      Array.from(p).forEach((n, i) => expect(n).toBeCloseTo(q[i] ?? NaN, 5));
    }
  });
});
