// How initial weights carry a signal through 30 ReLU layers (He et al. 2015):  npx tsx examples/initialization.ts
import { compile, manualSeed, nn, randn, scan, type Tensor } from "gradus";

const [depth, width, networks] = [30, 256, 200];

/** The variance of each layer's outputs, before ReLU, over that of the first layer's; many networks run side by side. */
async function varianceRatios(draw: (shape: number[]) => Tensor): Promise<number[]> {
  const run = compile((input: Tensor) => {
    const layer = (x: Tensor): readonly [Tensor, Tensor] => {
      const weights = draw([networks * width, width]).reshape(networks, width, width);
      const y = weights.matmul(x); // (networks, width, 1)
      return [y.relu(), y];
    };
    return scan(layer, input, undefined, { length: depth })[1];
  });
  manualSeed(0);
  const outputs = Array.from(await run(randn([networks, width, 1])).data());
  const size = networks * width;
  // In double precision: what has collapsed has squares too small for float32.
  const variance = (layer: number) => outputs.slice(layer * size, (layer + 1) * size).reduce((sum, y) => sum + y * y, 0) / size;
  return Array.from({ length: depth }, (_, layer) => variance(layer) / variance(0));
}

const he = await varianceRatios((shape) => nn.init.kaimingNormal(shape, { nonlinearity: "relu" }));
const small = await varianceRatios((shape) => nn.init.normal(shape, 0, 0.01));
console.log("layer   He     N(0, 0.01)");
for (const layer of [1, 5, 10, 20, 30]) {
  console.log(`${String(layer).padEnd(7)} ${(he[layer - 1] ?? NaN).toFixed(3)}  ${(small[layer - 1] ?? NaN).toExponential(1)}`);
}
