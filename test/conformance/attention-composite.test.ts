import { expect, test } from "vitest";
import { grad, manualSeed, Parameter, randn, scaledDotProductAttention, setDefaultDevice, zeros, type Tensor } from "../../src/node.js";
import { compiledDevices, reference } from "./devices.js";

/** A mask of floats that wants a gradient makes attention keep all its weights: it changes nothing here, being 0. */
test.each([reference(), ...compiledDevices()].map((device) => [device.name, device] as const))("on %s attention gives what it gives with all weights in memory, the same of them dropped", async (_, device) => {
  setDefaultDevice(device);
  manualSeed(3);
  const [q, k, v] = [randn([2, 3, 70, 20]), randn([2, 1, 150, 20]), randn([3, 150, 12])];
  const options = { causal: true, scale: 0.3, dropout: 0.4 };
  const attend = (mask: Tensor | undefined) => (a: Tensor, b: Tensor, c: Tensor) => {
    manualSeed(5);
    const y = scaledDotProductAttention(a, b, c, { ...options, mask });
    return y.mul(y).sum();
  };
  const results = [undefined, new Parameter(zeros([70, 150]))].map((mask) => [attend(mask)(q, k, v), ...grad(attend(mask), { argnums: [0, 1, 2] })(q, k, v)]);
  const [kernel = [], composite = []] = results;
  for (const [i, x] of kernel.entries()) {
    const expected = (await composite[i]?.data()) ?? [];
    const largest = Math.max(...Array.from(expected, Math.abs));
    (await x.data()).forEach((value, j) => expect(Math.abs(value - (expected[j] ?? NaN))).toBeLessThan(1e-5 * largest));
  }
});
