import { describe, expect, test } from "vitest";
import { compile, device, nn, tensor, type Backend, type Tensor } from "../../src/node.js";
import { firstDifference, numbersOf, readGolden, weightOf, type GoldenTensor } from "./golden.js";
import { testedDevices } from "../tested-devices.js";

type LayerSpec = readonly [kind: string, ...args: unknown[]];

interface Network {
  readonly name: string;
  readonly layers: readonly LayerSpec[];
  readonly input: GoldenTensor;
  readonly output: GoldenTensor;
  readonly inputGradient: GoldenTensor;
  readonly parameters: Readonly<Record<string, GoldenTensor>>;
  readonly gradients: Readonly<Record<string, GoldenTensor>>;
}

interface Initializer {
  readonly shape: readonly number[];
  readonly fanIn: number;
  readonly fanOut: number;
  readonly xavierUniform: number;
  readonly xavierNormal: number;
  readonly kaimingUniform: number;
  readonly kaimingNormal: number;
}

interface InitialLayer {
  readonly layer: LayerSpec;
  readonly weightShape: readonly number[];
  readonly weightBound: number;
  readonly biasBound: number;
  readonly weightDeviation: number;
}

function layerOf([kind, ...args]: LayerSpec): nn.Module<Tensor, Tensor> {
  const constructor = new Map<string, unknown>(Object.entries(nn)).get(kind);
  if (typeof constructor !== "function") throw new TypeError(`nn has no ${kind}`);
  return Reflect.construct(constructor, args) as nn.Module<Tensor, Tensor>;
}

function made({ data, dtype, shape }: GoldenTensor, on: Backend): Tensor {
  return tensor(numbersOf(data), { dtype, shape, device: on });
}

const { networks } = readGolden<{ networks: Network[] }>("layers");
const { initializers, layers } = readGolden<{ initializers: Initializer[]; layers: InitialLayer[] }>("initializers");

describe.each(testedDevices)("networks on %s", (name) => {
  const on = device(name);
  describe.each(networks.map((network) => [network.name, network] as const))("%s", (_, network) => {
    const model = new nn.Sequential(...network.layers.map(layerOf)).to(on);
    model.loadStateDict(Object.fromEntries(Object.entries(network.parameters).map(([key, value]) => [key, made(value, on)])));

    const forward = (x: Tensor): [Tensor, Tensor] => {
      const y = model.forward(x);
      const weights = tensor(Array.from({ length: y.size }, (__, i) => weightOf(i)), { shape: y.shape, device: on });
      return [y, y.mul(weights).sum()];
    };

    test("has PyTorch's output and gradients", async () => {
      const x = made(network.input, on);
      x.requiresGrad = true;
      const [y, total] = forward(x);
      total.backward();
      expect(y.shape).toEqual(network.output.shape);
      expect(firstDifference(await y.data(), network.output.data, 1e-5)).toBeUndefined();
      expect(firstDifference((await x.grad?.data()) ?? [], network.inputGradient.data, 1e-4)).toBeUndefined();
      expect(model.namedParameters().map(([key]) => key)).toEqual(Object.keys(network.gradients));
      for (const [key, parameter] of model.namedParameters()) {
        expect(firstDifference((await parameter.grad?.data()) ?? [], network.gradients[key]?.data ?? [], 1e-4), key).toBeUndefined();
      }
      model.zeroGrad();
    });

    test("gives the same when it is compiled", async () => {
      const step = compile((x: Tensor) => {
        const [y, total] = forward(x);
        total.backward();
        return y;
      });
      const y = step(made(network.input, on));
      expect(firstDifference(await y.data(), network.output.data, 1e-5)).toBeUndefined();
      for (const [key, parameter] of model.namedParameters()) {
        expect(firstDifference((await parameter.grad?.data()) ?? [], network.gradients[key]?.data ?? [], 1e-4), key).toBeUndefined();
      }
      model.zeroGrad();
    });
  });
});

/** The largest magnitude and the standard deviation. */
function spreadOf(data: ArrayLike<number>): { most: number; deviation: number } {
  const values = Array.from(data);
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return {
    most: values.reduce((most, v) => Math.max(most, Math.abs(v)), 0),
    deviation: Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length),
  };
}

describe("initial values", () => {
  test.each(layers.map((row) => [JSON.stringify(row.layer), row] as const))("%s starts within PyTorch's bounds", async (_, row) => {
    const parameters = new Map(layerOf(row.layer).namedParameters());
    const [weight, bias] = [parameters.get("weight"), parameters.get("bias")];
    expect(weight?.shape).toEqual(row.weightShape);
    const { most, deviation } = spreadOf((await weight?.data()) ?? []);
    expect(most).toBeLessThanOrEqual(row.weightBound);
    expect(most).toBeGreaterThan(0.95 * row.weightBound);
    expect(Math.abs(deviation / row.weightDeviation - 1)).toBeLessThan(0.05);
    const biasMost = spreadOf((await bias?.data()) ?? []).most;
    expect(biasMost).toBeLessThanOrEqual(row.biasBound);
    expect(biasMost).toBeGreaterThan(0.5 * row.biasBound);
  });

  test.each(initializers.map((row) => [row.shape.join(), row] as const))("functions spread [%s] as PyTorch's do", async (_, row) => {
    expect(nn.init.fansOf(row.shape)).toEqual({ fanIn: row.fanIn, fanOut: row.fanOut });
    for (const kind of ["xavierUniform", "kaimingUniform"] as const) {
      const { most, deviation } = spreadOf(await nn.init[kind](row.shape).data());
      expect(most).toBeLessThanOrEqual(row[kind] * (1 + 1e-6));
      expect(Math.abs((deviation * Math.sqrt(3)) / row[kind] - 1)).toBeLessThan(0.08);
    }
    for (const kind of ["xavierNormal", "kaimingNormal"] as const) {
      expect(Math.abs(spreadOf(await nn.init[kind](row.shape).data()).deviation / row[kind] - 1)).toBeLessThan(0.1);
    }
  });
});
