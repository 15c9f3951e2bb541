import { beforeAll, describe, expect, test } from "vitest";
import { compile, device, evaluate, manualSeed, nn, setDefaultDevice, type Tensor } from "../../src/node.js";
import { firstDifference, readGolden, type GoldenTensor } from "./golden.js";
import { testedDevices } from "../tested-devices.js";

type Call = readonly [kind: string, ...args: unknown[]];

interface Certain {
  readonly init: Call;
  readonly values: GoldenTensor;
}

interface Random {
  readonly init: Call;
  readonly mean: number;
  readonly deviation: number;
  readonly least: number;
  readonly most: number;
}

const { certain, random } = readGolden<{ certain: Certain[]; random: Random[] }>("initial-values");

function made([kind, ...args]: Call): Tensor {
  const f = new Map<string, unknown>(Object.entries(nn.init)).get(kind);
  if (typeof f !== "function") throw new TypeError(`nn.init has no ${kind}`);
  return f(...args) as Tensor;
}

/** The largest distance of M·Mᵀ / gain² from the identity, M having fewer rows than columns; in float64. */
async function skewness(matrix: Tensor, gain: number): Promise<number> {
  const rows = await matrix.array(2);
  let worst = 0;
  rows.forEach((a, i) => {
    rows.forEach((b, j) => {
      const product = a.reduce((sum, v, k) => sum + v * (b[k] ?? 0), 0) / gain ** 2;
      worst = Math.max(worst, Math.abs(product - (i === j ? 1 : 0)));
    });
  });
  return worst;
}

describe.each(testedDevices)("initial values on %s", (name) => {
  let values: Map<Call, Tensor>;
  let wide: Tensor;
  let tall: Tensor;
  let kernel: Tensor;

  beforeAll(async () => {
    setDefaultDevice(device(name));
    manualSeed(5);
    // The interpreter is slow: what is statistical, and the same on all devices, is left to the others.
    const calls = [...certain, ...(name === "reference" ? [] : random)].map((row) => row.init);
    values = new Map(calls.map((call) => [call, made(call)]));
    wide = nn.init.orthogonal([30, 50]);
    tall = nn.init.orthogonal([50, 50], { gain: 2 });
    kernel = nn.init.orthogonal([20, 3, 2, 2]);
    await evaluate(...values.values(), wide, tall, kernel);
  }, 120_000);

  test.each(certain.map((row) => [JSON.stringify(row.init), row] as const))("%s is PyTorch's", async (_, row) => {
    const got = values.get(row.init);
    expect(got?.shape).toEqual(row.values.shape);
    expect(firstDifference((await got?.data()) ?? [], row.values.data, 0)).toBeUndefined();
  });

  if (name !== "reference") {
    test.each(random.map((row) => [JSON.stringify(row.init), row] as const))("%s is spread as PyTorch's", async (_, row) => {
      const data = Array.from((await values.get(row.init)?.data()) ?? []);
      const mean = data.reduce((sum, v) => sum + v, 0) / data.length;
      const deviation = Math.sqrt(data.reduce((sum, v) => sum + (v - mean) ** 2, 0) / data.length);
      // Five standard errors of a mean; twenty thousand numbers or more give a deviation to 2 %.
      expect(Math.abs(mean - row.mean)).toBeLessThan((5 * row.deviation) / Math.sqrt(data.length));
      expect(Math.abs(deviation / row.deviation - 1)).toBeLessThan(0.02);
      const range = row.most - row.least;
      const [least, most] = [data.reduce((a, b) => Math.min(a, b)), data.reduce((a, b) => Math.max(a, b))];
      expect(Math.abs(least - row.least) / range).toBeLessThan(0.1);
      expect(Math.abs(most - row.most) / range).toBeLessThan(0.1);
    });

    test("sparse has its zeros in each column", async () => {
      const call = random.find((row) => row.init[0] === "sparse")?.init;
      const rows = (await (call && values.get(call))?.array(2)) ?? [];
      const zeros = Array.from({ length: 200 }, (_, column) => rows.filter((row) => row[column] === 0).length);
      expect(new Set(zeros)).toEqual(new Set([150]));
    });
  }

  test("orthogonal matrices are orthogonal to 1e-5", async () => {
    expect(await skewness(wide, 1)).toBeLessThan(1e-5);
    expect(await skewness(tall, 2)).toBeLessThan(1e-5);
    expect(await skewness(kernel.reshape(20, 12).transpose(), 1)).toBeLessThan(1e-5);
  });
});

test("large orthogonal matrices are, too", async () => {
  setDefaultDevice(device("native"));
  expect(await skewness(nn.init.orthogonal([512, 512]).at(":40"), 1)).toBeLessThan(1e-5);
});

test("orthogonal matrices have no preferred sign or direction", async () => {
  setDefaultDevice(device("native"));
  manualSeed(1);
  const draw = compile(() => nn.init.orthogonal([2, 2]));
  const angles: number[] = [];
  let turned = 0;
  for (let i = 0; i < 400; i++) {
    const [[a = 0, b = 0] = [], [c = 0, d = 0] = []] = await draw().array(2);
    angles.push(Math.atan2(c, a));
    if (a * d - b * c < 0) turned++;
  }
  // Uniform angles have mean cosine and sine 0, and half of all matrices mirror: within four standard errors.
  expect(Math.abs(angles.reduce((sum, v) => sum + Math.cos(v), 0) / 400)).toBeLessThan(4 * Math.sqrt(0.5 / 400));
  expect(Math.abs(angles.reduce((sum, v) => sum + Math.sin(v), 0) / 400)).toBeLessThan(4 * Math.sqrt(0.5 / 400));
  expect(Math.abs(turned / 400 - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / 400));
});

test("initial values refuse what does not fit, and parameters take them", async () => {
  setDefaultDevice(device("reference"));
  expect(() => nn.init.eye([3])).toThrow("[init] eye makes matrices");
  expect(() => nn.init.dirac([3, 3])).toThrow("[init] dirac makes weights of convolutions");
  expect(() => nn.init.dirac([3, 3, 3], { groups: 2 })).toThrow("[init] groups 2 must divide the 3 outputs");
  expect(() => nn.init.sparse([3, 3], 2)).toThrow("[init] sparsity 2");
  expect(() => nn.init.orthogonal([3])).toThrow("[init] orthogonal makes matrices");
  expect(() => nn.init.truncNormal([3], { a: 7, b: 8 })).toThrow("[truncatedNormal] no numbers");
  expect(() => nn.init.truncNormal([3], { std: 0 })).toThrow("[truncatedNormal] std 0");
  const layer = new nn.Linear(3, 3);
  layer.weight.assign(nn.init.eye(layer.weight.shape));
  expect(await layer.weight.array()).toEqual([
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ]);
});
