import { compileForGroups } from "../../compiler/compile-for-groups.js";
import { directTiles, largeTiles, smallTiles, tileFits } from "../../compiler/group-tiles.js";
import type { GroupTile, Target, TileCost } from "../../compiler/target.js";
import { input } from "../../ir/graph.js";
import { dot } from "../../ops/dot.js";
import { bufferUsage, mapRead } from "./buffer-usage.js";
import { encodeProgram } from "./encode-program.js";
import { MemoryRoots } from "./memory-roots.js";
import { renderWgsl } from "./render-wgsl.js";

/** Milliseconds after the first tiles from which on no further ones are begun with, and tiles that are compiled side by side where that is quick. */
const mostTime = 1000;
const quick = 100;
const sideBySide = 8;

/** A product [size, sum] · [size, sum]ᵀ: large enough to occupy any GPU, the rows of both far apart, as in a layer's forward pass. */
const size = 2048;
const sum = 256;

/** Groups of one dispatch that is measured, from one to more than any GPU runs at a time. */
const groupCounts = [4, 32, 256, 2048, 16_384, 65_535];
/** Most dispatches that are measured together, and how often. */
const mostDispatches = 512;
const repeats = 3;
/** Milliseconds that a measurement should take: a page's timestamps are as coarse as 0.1 ms, and a submission takes some of its own. */
const enough = { byTimestamp: 1.5, byClock: 5 };

interface Product {
  readonly tile: GroupTile;
  readonly groups: number;
  readonly pipeline: GPUComputePipeline;
  readonly bindings: GPUBindGroup;
  readonly args: GPUBuffer;
}

/**
 * What tiles cost on a device: the time of each for a part of one product, that of one group and that of as many as the device likes.
 * Takes about a second. One tile in shared memory and one that reads in place come first, then the others of the better kind, so that
 * those that matter are known where there is no time for all. Tiles that do not fit, or that the device does not compile, are
 * not in the result. Rejects where the device is lost meanwhile.
 */
export async function measureTiles(device: GPUDevice, target: Target): Promise<GroupTile[]> {
  const { group } = target;
  if (!group) return [];
  device.pushErrorScope("out-of-memory");
  const memory = [sum, sum, size].map((columns) => device.createBuffer({ size: 4 * size * columns, usage: bufferUsage.storage }));
  const stopwatch = new Stopwatch(device);
  let end = Infinity;
  const hasTime = (): boolean => performance.now() < end;
  const measure = async (tiles: readonly GroupTile[]): Promise<(GroupTile | undefined)[]> => {
    const products = await Promise.all(tiles.map((tile) => prepare(device, target, tile, memory)));
    try {
      const found: (GroupTile | undefined)[] = [];
      for (const product of products) {
        const cost = product && hasTime() ? await costOf(stopwatch, product) : undefined;
        found.push(product && cost && { ...product.tile, cost });
      }
      return found;
    } finally {
      for (const product of products) product?.args.destroy();
    }
  };
  const found: (GroupTile | undefined)[] = [];
  try {
    if ((await device.popErrorScope()) !== null) return [];
    const fit = (tiles: readonly GroupTile[]): GroupTile[] => tiles.filter((tile) => tileFits(tile, group, 4));
    const [direct, shared] = [fit(directTiles), fit([...smallTiles, ...largeTiles])];
    const [first, second] = await measure([...direct.splice(0, 1), ...shared.splice(0, 1)]);
    found.push(first, second);
    const isDirectBetter = (first?.cost?.product ?? Infinity) < (second?.cost?.product ?? Infinity);
    const left = isDirectBetter ? [...direct, ...shared] : [...shared, ...direct];
    end = performance.now() + mostTime;
    for (let count = 1; left.length > 0 && hasTime(); ) {
      const begin = performance.now();
      found.push(...(await measure(left.splice(0, count))));
      count = performance.now() - begin < quick * count ? Math.min(sideBySide, 2 * count) : 1;
    }
  } finally {
    stopwatch.close();
    for (const buffer of memory) buffer.destroy();
  }
  return found.filter((tile) => tile !== undefined);
}

/** The product by one tile, or undefined where the device does not compile it. */
async function prepare(device: GPUDevice, target: Target, tile: GroupTile, memory: readonly GPUBuffer[]): Promise<Product | undefined> {
  const operands = [0, 1].map(() => input({ shape: [size, sum], dtype: "float32" }));
  const [x, y] = operands;
  if (!x || !y || !target.group) return undefined;
  const product = dot(x, y, { batchA: [], batchB: [], contractA: [1], contractB: [1] });
  const program = compileForGroups({ inputs: operands, outputs: [product] }, { ...target, group: { ...target.group, tiles: [tile] } });
  const { sites, shaders, params, dispatches } = encodeProgram(program, [], (kernel, bindings) => renderWgsl(kernel, bindings));
  const [shader, site] = [shaders[0], sites[0]];
  if (!shader || !site) return undefined;
  let pipeline: GPUComputePipeline;
  try {
    const module = device.createShaderModule({ label: "tile", code: shader.code });
    pipeline = await device.createComputePipelineAsync({ label: "tile", layout: "auto", compute: { module, entryPoint: "main" } });
  } catch {
    return undefined;
  }
  const args = device.createBuffer({ size: params.byteLength, usage: bufferUsage.uniform | bufferUsage.copyTarget });
  device.queue.writeBuffer(args, 0, params);
  const roots = new MemoryRoots(program);
  const places = [roots.input(0), roots.input(1), roots.output(0)];
  const entries = site.roots.map((root, i) => ({ binding: 1 + i, resource: { buffer: memory[places.indexOf(root)] ?? args } }));
  const bindings = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: args } }, ...entries] });
  return { tile, groups: (dispatches[2] ?? 0) * (dispatches[3] ?? 0), pipeline, bindings, args };
}

/** What a tile costs, or undefined where no time that was measured is one. */
async function costOf(stopwatch: Stopwatch, product: Product): Promise<TileCost | undefined> {
  const { rows, columns } = product.tile;
  const one = await stopwatch.measure(product, 1);
  let groups = 1;
  for (const count of groupCounts) {
    groups = Math.min(count, product.groups);
    if (groups < count || (await stopwatch.run(product, groups, 1)) >= stopwatch.enough) break;
  }
  const all = await stopwatch.measure(product, groups);
  const cost = { product: rounded((1e6 * all) / (groups * rows * columns * sum)), step: rounded((1e6 * one) / sum) };
  return [cost.product, cost.step].every((x) => x > 0 && x < Infinity) ? cost : undefined;
}

function rounded(x: number): number {
  return Number(x.toPrecision(3));
}

/** Times dispatches: by the GPU's timestamps where it has them, else by the clock around a submission. */
class Stopwatch {
  /** Milliseconds that can be measured well. */
  readonly enough: number;
  readonly #device: GPUDevice;
  readonly #stamps: { readonly set: GPUQuerySet; readonly resolved: GPUBuffer; readonly read: GPUBuffer } | undefined;

  constructor(device: GPUDevice) {
    this.#device = device;
    const hasStamps = device.features.has("timestamp-query");
    this.enough = hasStamps ? enough.byTimestamp : enough.byClock;
    if (!hasStamps) return;
    this.#stamps = {
      set: device.createQuerySet({ type: "timestamp", count: 2 }),
      resolved: device.createBuffer({ size: 16, usage: bufferUsage.queryResolve | bufferUsage.copySource }),
      read: device.createBuffer({ size: 16, usage: bufferUsage.copyTarget | bufferUsage.mapRead }),
    };
  }

  /** Milliseconds of one dispatch of so many groups; the shortest of some measurements, since others may have been at work; infinite where none is positive. */
  async measure(product: Product, groups: number): Promise<number> {
    for (let count = 1; ; ) {
      const time = await this.run(product, groups, count);
      if (time >= this.enough || count >= mostDispatches) {
        const times = [time];
        while (times.length < repeats) times.push(await this.run(product, groups, count));
        // Some GPUs give timestamps that go backwards now and then.
        return Math.min(...times.filter((each) => each > 0)) / count;
      }
      count = Math.min(mostDispatches, Math.ceil((1.5 * count * this.enough) / Math.max(time, this.enough / 16)));
    }
  }

  /** Milliseconds of `count` dispatches, one after the other. */
  async run({ pipeline, bindings }: Product, groups: number, count: number): Promise<number> {
    const stamps = this.#stamps;
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginComputePass(stamps && { timestampWrites: { querySet: stamps.set, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindings);
    for (let i = 0; i < count; i++) pass.dispatchWorkgroups(groups);
    pass.end();
    if (stamps) {
      encoder.resolveQuerySet(stamps.set, 0, 2, stamps.resolved, 0);
      encoder.copyBufferToBuffer(stamps.resolved, 0, stamps.read, 0, 16);
    }
    const start = performance.now();
    this.#device.queue.submit([encoder.finish()]);
    if (!stamps) {
      await this.#device.queue.onSubmittedWorkDone();
      return performance.now() - start;
    }
    await stamps.read.mapAsync(mapRead);
    const [begin = 0n, end = 0n] = new BigUint64Array(stamps.read.getMappedRange());
    stamps.read.unmap();
    return Math.max(0, Number(end - begin)) / 1e6;
  }

  close(): void {
    this.#stamps?.set.destroy();
    this.#stamps?.resolved.destroy();
    this.#stamps?.read.destroy();
  }
}

