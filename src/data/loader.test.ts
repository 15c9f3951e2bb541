import { describe, expect, expectTypeOf, it } from "vitest";
import { expectClose, useReference } from "../../test/values.js";
import { ArgumentError, DataError, tensor, type Tensor } from "../tensor/index.js";
import { imageDataset, listDataset, tensorDataset, type ImageBatch } from "./dataset.js";
import type { ImageSet } from "./image-set.js";
import { DataLoader } from "./loader.js";

useReference();

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

async function epochOf<T>(loader: AsyncIterable<T>): Promise<T[]> {
  const batches: T[] = [];
  for await (const batch of loader) batches.push(batch);
  return batches;
}

const set: ImageSet = {
  images: Uint8Array.from({ length: 12 }, (_, i) => i * 20),
  labels: Uint8Array.of(7, 8, 9),
  count: 3,
  height: 2,
  width: 2,
  classes: 10,
};

describe("order", () => {
  it("goes through everything once, in order or not", async () => {
    const plain = new DataLoader(listDataset(numbers(7)), { batchSize: 3 });
    expect(plain).toHaveLength(3);
    expect(await epochOf(plain)).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
    const dropping = new DataLoader(listDataset(numbers(7)), { batchSize: 3, dropLast: true });
    expect(await epochOf(dropping)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    const shuffled = new DataLoader(listDataset(numbers(100)), { batchSize: 7, shuffle: true });
    const order = (await epochOf(shuffled)).flat();
    expect(order).not.toEqual(numbers(100));
    expect([...order].sort((a, b) => a - b)).toEqual(numbers(100));
    expect(await epochOf(new DataLoader(listDataset([])))).toEqual([]);
  });

  it("depends on seed and epoch only", async () => {
    const make = (seed: number): DataLoader<number[]> =>
      new DataLoader(listDataset(numbers(50)), { batchSize: 8, shuffle: true, seed });
    const loader = make(1);
    const [first, second] = [await epochOf(loader), await epochOf(loader)];
    expect(second).not.toEqual(first);
    expect(loader.epoch).toBe(2);
    expect(await epochOf(make(1))).toEqual(first);
    expect(await epochOf(make(2))).not.toEqual(first);
  });

  it("places each example everywhere alike", async () => {
    const loader = new DataLoader(listDataset(numbers(4)), { batchSize: 4, shuffle: true });
    const places = numbers(4).map(() => 0);
    for (let epoch = 0; epoch < 400; epoch++) {
      const [batch = []] = await epochOf(loader);
      places[batch.indexOf(0)] = (places[batch.indexOf(0)] ?? 0) + 1;
    }
    for (const count of places) expect(Math.abs(count - 100)).toBeLessThan(35);
  });
});

describe("position", () => {
  it("is what was handed out, and can be taken up again", async () => {
    const make = (): DataLoader<number[]> =>
      new DataLoader(listDataset(numbers(10)), { batchSize: 2, shuffle: true, seed: 4 });
    const loader = make();
    await epochOf(loader);
    const all = await epochOf(make());
    expect(all).toHaveLength(5);
    const whole = make();
    await epochOf(whole);
    const secondEpoch = await epochOf(whole);
    let saved = loader.state();
    for await (const batch of loader) {
      expect(loader.progress).toBeGreaterThan(0);
      saved = loader.state();
      if (batch === undefined || loader.progress >= 0.6) break;
    }
    expect(saved).toEqual({ seed: 4, epoch: 1, batch: 3 });
    const resumed = make();
    resumed.loadState(saved);
    expect(await epochOf(resumed)).toEqual(secondEpoch.slice(3));
    expect(resumed.state()).toEqual({ seed: 4, epoch: 2, batch: 0 });
    expect(loader.state()).toEqual({ seed: 4, epoch: 2, batch: 0 });
    expect(() => resumed.loadState({ seed: 5, epoch: 0, batch: 0 })).toThrow(ArgumentError);
    expect(() => resumed.loadState({ seed: 4, epoch: 0, batch: 6 })).toThrow(ArgumentError);
  });

  it("refuses batches and seeds that are none", () => {
    expect(() => new DataLoader(listDataset([1]), { batchSize: 0 })).toThrow(ArgumentError);
    expect(() => new DataLoader(listDataset([1]), { seed: -1 })).toThrow(ArgumentError);
  });
});

describe("preparing", () => {
  it("happens one batch ahead while the caller waits, and not before", async () => {
    const prepared: number[] = [];
    const loader = new DataLoader(listDataset(numbers(6)), {
      batchSize: 2,
      transform: (batch) => {
        prepared.push(batch[0] ?? -1);
        return batch.length;
      },
    });
    const counts: number[] = [];
    for await (const count of loader) {
      expectTypeOf(count).toEqualTypeOf<number>();
      counts.push(prepared.length);
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      counts.push(prepared.length);
    }
    expect(prepared).toEqual([0, 2, 4]);
    expect(counts).toEqual([1, 2, 2, 3, 3, 3]);
  });

  it("lets timers run though the caller never waits", async () => {
    const loader = new DataLoader(listDataset(numbers(1000)));
    let fired = false;
    setTimeout(() => (fired = true), 0);
    let batches = 0;
    while (!fired) for await (const batch of loader) batches += batch.length;
    expect(batches).toBeGreaterThan(0);
  });

  it("throws to the one who asks for the batch", async () => {
    const loader = new DataLoader(listDataset(numbers(3)), {
      transform: ([value = 0]) => {
        if (value === 1) throw new DataError("damaged");
        return value;
      },
    });
    const seen: number[] = [];
    await expect(
      (async () => {
        for await (const value of loader) {
          seen.push(value);
          await new Promise((resolve) => setImmediate(resolve));
          await new Promise((resolve) => setImmediate(resolve));
        }
      })(),
    ).rejects.toThrow("damaged");
    expect(seen).toEqual([0]);
  });
});

describe("data sets", () => {
  it("of images hold bytes, or normalized numbers", async () => {
    const [batch] = await epochOf(new DataLoader(imageDataset(set), { batchSize: 2 }));
    expectTypeOf(batch).toEqualTypeOf<ImageBatch | undefined>();
    const [images, labels] = batch ?? [];
    expect(images?.dtype).toBe("uint8");
    await expectClose(images ?? tensor(0), [
      [
        [
          [0, 20],
          [40, 60],
        ],
      ],
      [
        [
          [80, 100],
          [120, 140],
        ],
      ],
    ]);
    expect(labels?.dtype).toBe("int32");
    await expectClose(labels ?? tensor(0), [7, 8]);
    const flat = imageDataset(set, { layout: "flat", normalize: { mean: 0.5, std: 0.25 } });
    const [pixels] = flat.batch(Int32Array.of(2));
    expect(pixels.dtype).toBe("float32");
    await expectClose(pixels, [[160, 180, 200, 220].map((v) => (v / 255 - 0.5) / 0.25)]);
    expect(() => imageDataset({ ...set, count: 4 })).toThrow(DataError);
    expect(() => imageDataset(set, { normalize: { mean: 0, std: 0 } })).toThrow(ArgumentError);
  });

  it("of tensors go together by rows", async () => {
    const dataset = tensorDataset(
      tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      tensor([10, 20, 30]),
    );
    const [x, y] = dataset.batch(Int32Array.of(2, 0));
    expectTypeOf(x).toEqualTypeOf<Tensor>();
    await expectClose(x, [
      [5, 6],
      [1, 2],
    ]);
    await expectClose(y, [30, 10]);
    expect(() => tensorDataset(tensor([1, 2]), tensor([1]))).toThrow(ArgumentError);
  });
});

it("gives a transform random numbers that depend on seed, epoch and batch only", async () => {
  const make = (seed = 4): DataLoader<number[], number> =>
    new DataLoader(listDataset(numbers(9)), { batchSize: 3, seed, transform: (_, random) => random.uint32() });
  const loader = make();
  const [first, second] = [await epochOf(loader), await epochOf(loader)];
  expect(new Set([...first, ...second, ...(await epochOf(make(5)))]).size).toBe(9);
  const resumed = make();
  resumed.loadState({ seed: 4, epoch: 1, batch: 1 });
  expect(await epochOf(resumed)).toEqual(second.slice(1));
});
