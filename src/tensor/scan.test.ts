import { describe, expect, it } from "vitest";
import "../node.js";
import { grad, scan, setDefaultDevice, stack, tensor, valueAndGrad, type Tensor } from "./index.js";

setDefaultDevice("reference");

/** The same loop without the operator. */
function unrolled<C, Y>(fn: (carry: C, x: Tensor) => readonly [C, Y], init: C, xs: Tensor, reverse = false): [C, Y[]] {
  let carry = init;
  const ys: Y[] = [];
  for (let i = 0; i < (xs.shape[0] ?? 0); i++) {
    const t = reverse ? (xs.shape[0] ?? 0) - 1 - i : i;
    const [next, y] = fn(carry, xs.at(t));
    carry = next;
    ys[t] = y;
  }
  return [carry, ys];
}

function numbers(shape: readonly number[], seed: number): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(Float64Array.from({ length: size }, (_, i) => Math.sin(1.7 * i + seed)), { dtype: "float64" }).reshape(shape);
}

function lstm(w: Tensor, b: Tensor) {
  return ([h, c]: readonly [Tensor, Tensor], x: Tensor) => {
    const n = h.shape[1] ?? 0;
    const gates = x.add(h.matmul(w)).add(b);
    const gate = (k: number): Tensor => gates.at(":", `${k * n}:${(k + 1) * n}`);
    const next = gate(1).sigmoid().mul(c).add(gate(0).sigmoid().mul(gate(2).tanh()));
    const out = gate(3).sigmoid().mul(next.tanh());
    return [[out, next], out] as const;
  };
}

describe("scan", () => {
  it("sums", () => {
    const [last, sums] = scan((c: Tensor, x: Tensor) => [c.add(x), c.mul(x)], tensor(1), tensor([1, 2, 3]));
    expect(last.itemSync()).toBe(7);
    expect(sums.arraySync()).toEqual([1, 4, 12]);
  });

  for (const length of [1, 2, 5]) for (const reverse of [false, true]) {
    it(`differentiates an LSTM, ${length} steps${reverse ? " in reverse" : ""}`, () => {
      const [batch, hidden] = [2, 3];
      const args = [numbers([hidden, 4 * hidden], 1), numbers([4 * hidden], 2), numbers([length, batch, 4 * hidden], 3), numbers([batch, hidden], 4), numbers([batch, hidden], 5)] as const;
      const looped = (w: Tensor, b: Tensor, x: Tensor, h: Tensor, c: Tensor): Tensor => {
        const [[, last], hs] = scan(lstm(w, b), [h, c] as readonly [Tensor, Tensor], x, { reverse });
        return hs.mul(hs).sum().add(last.sum());
      };
      const plain = (w: Tensor, b: Tensor, x: Tensor, h: Tensor, c: Tensor): Tensor => {
        const [[, last], list] = unrolled(lstm(w, b), [h, c] as readonly [Tensor, Tensor], x, reverse);
        const hs = stack(list);
        return hs.mul(hs).sum().add(last.sum());
      };
      const [value, gradients] = valueAndGrad(looped, { argnums: [0, 1, 2, 3, 4] })(...args);
      const [expected, expectedGradients] = valueAndGrad(plain, { argnums: [0, 1, 2, 3, 4] })(...args);
      expect(value.itemSync()).toBeCloseTo(expected.itemSync(), 12);
      gradients.forEach((g, k) => {
        const e = expectedGradients[k];
        if (!e) throw new Error();
        expect(g.shape).toEqual(e.shape);
        g.dataSync().forEach((v, i) => expect(v, `gradient ${k}`).toBeCloseTo(e.dataSync()[i] ?? NaN, 12));
      });
      const penalty = (f: typeof looped) => (w: Tensor, b: Tensor, x: Tensor, h: Tensor, c: Tensor): Tensor => {
        const gs = grad(f, { argnums: [0, 2, 3] })(w, b, x, h, c);
        return gs.map((g) => g.mul(g).sum()).reduce((a, g) => a.add(g));
      };
      const second = grad(penalty(looped), { argnums: [0, 1, 2, 3, 4] })(...args);
      const expectedSecond = grad(penalty(plain), { argnums: [0, 1, 2, 3, 4] })(...args);
      second.forEach((g, k) => {
        const e = expectedSecond[k];
        if (!e) throw new Error();
        g.dataSync().forEach((v, i) => expect(v, `second ${k}`).toBeCloseTo(e.dataSync()[i] ?? NaN, 10));
      });
    });
  }
});
