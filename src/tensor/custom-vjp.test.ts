import { describe, expect, it } from "vitest";
import { NativeBackend } from "../backends/native/native-backend.js";
import { isNativeAvailable } from "../backends/native/native-host.js";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import { createNodeWasm } from "../backends/wasm/wasm-node.js";
import { ArgumentError, ShapeError } from "../core/errors.js";
import { setDefaultDevice } from "../runtime/devices.js";
import { compile, customVjp, grad, Parameter, scan, tensor, valueAndGrad, vmap, zeros, type Tensor } from "./index.js";

const devices = [new ReferenceBackend(), createNodeWasm({ threads: 1 }), ...(isNativeAvailable() ? [new NativeBackend({ threads: 1 })] : [])];

const reversed = customVjp((x: Tensor) => x, (g) => [g.neg()]);
const rounded = customVjp((x: Tensor) => x.round(), (g) => [g]);
/** x², whose gradient is said to be x³·g. */
const odd = customVjp((x: Tensor) => x.square(), (g, _, x) => [x.pow(3).mul(g)]);

describe("customVjp", () => {
  it.each(devices.map((device) => [device.name, device] as const))("has the rule's gradient, plain and compiled, on %s", async (_, device) => {
    setDefaultDevice(device);
    const x = tensor([0.2, 1.7, -2.4]);
    const f = (v: Tensor): Tensor => reversed(v).mul(2).add(rounded(v).mul(10)).add(odd(v)).sum();
    for (const both of [valueAndGrad(f), compile(valueAndGrad(f))]) {
      const [value, gradient] = both(x);
      expect(await value.item()).toBeCloseTo(2 * -0.5 + 10 * (0 + 2 - 2) + 0.04 + 2.89 + 5.76, 4);
      const numbers = await gradient.data();
      [0.2, 1.7, -2.4].forEach((v, i) => expect(numbers[i]).toBeCloseTo(-2 + 10 + v ** 3, 4));
    }
    // The rule is differentiated in its turn: d(x³)/dx.
    const second = await compile(grad((v: Tensor) => grad((u: Tensor) => odd(u).sum())(v).sum()))(x).data();
    [0.2, 1.7, -2.4].forEach((v, i) => expect(second[i]).toBeCloseTo(3 * v * v, 4));
    const same = compile((v: Tensor) => grad((u: Tensor) => reversed(u).sum())(v));
    expect(await same(x).array()).toEqual([-1, -1, -1]);
    const alone = tensor([1, 2], { requiresGrad: true });
    const out = reversed(alone);
    expect(await out.array()).toEqual([1, 2]);
    out.sum().backward();
    expect(await alone.grad?.array()).toEqual([-1, -1]);
  });

  it("is batched, and works in loops", async () => {
    setDefaultDevice(devices[0] ?? new ReferenceBackend());
    const x = tensor([[0.5, 1], [2, 3], [-1, 4]]);
    const one = (v: Tensor): Tensor => odd(v).sum();
    expect(await vmap(grad(one))(x).array()).toEqual(await x.pow(3).array());
    expect(await grad((v: Tensor) => vmap(one)(v).sum())(x).array()).toEqual(await x.pow(3).array());
    const product = customVjp((v: Tensor, w: Tensor) => v.mul(w), (g, _, v, w) => [g.mul(w), g.mul(v).mul(100)]);
    const weight = tensor([1, 2]);
    const shared = grad((w: Tensor) => vmap((v: Tensor) => product(v, w).sum())(x).sum())(weight);
    expect(await shared.array()).toEqual([150, 800]);
    const looped = (v: Tensor): Tensor => scan((c: Tensor, s: Tensor) => [c.add(odd(s)), undefined], zeros([2]), v)[0].sum();
    expect(await grad(looped)(x).array()).toEqual(await x.pow(3).array());
  });

  it("takes trees, state and tensors of outside", async () => {
    setDefaultDevice(devices[0] ?? new ReferenceBackend());
    const scale = tensor([10, 20]);
    let saved: Tensor | undefined;
    const f = customVjp(
      ({ a, n }: { a: Tensor; n: number }, list: [Tensor, Tensor]) => {
        saved = a.exp();
        return { y: saved.mul(n), z: [list[0].add(list[1])] };
      },
      ({ y, z }, _result, { n }) => [{ a: y.mul(n).mul(saved ?? y).mul(scale), n }, [z[0], null]],
    );
    const weight = new Parameter(tensor([0, 1]));
    const [a, b] = [tensor([5, 5], { requiresGrad: true }), tensor([6, 6])];
    expect(() => f({ a: weight, n: 3 }, [a, b])).toThrow(ArgumentError);
    const g = customVjp(
      ({ v, n }: { v: Tensor; n: number }, pair: [Tensor]) => {
        saved = v.exp();
        return { y: saved.mul(n), z: [pair[0].mul(7)] };
      },
      ({ y, z }, _result, { n }) => [{ v: y.mul(n).mul(saved ?? y).mul(scale) }, z],
    );
    const { y, z } = g({ v: weight, n: 3 }, [a]);
    y.sum().add(z[0]?.sum() ?? 0).backward();
    expect((await weight.grad?.data())?.[0]).toBeCloseTo(30, 4);
    expect((await weight.grad?.data())?.[1]).toBeCloseTo(60 * Math.E, 3);
    expect(await a.grad?.array()).toEqual([1, 1]);
  });

  it("refuses rules that do not fit", () => {
    const x = tensor([1, 2], { requiresGrad: true });
    expect(() => customVjp((v: Tensor) => v, () => [])(x)).toThrow(ArgumentError);
    expect(() => customVjp((v: Tensor) => v, (g) => [[g, g]])(x)).toThrow(ArgumentError);
    expect(() => customVjp((v: Tensor) => v, (g) => [g.sum()])(x)).toThrow(ShapeError);
    expect(customVjp((v: Tensor) => v, () => [null])(x).requiresGrad).toBe(true);
  });
});
