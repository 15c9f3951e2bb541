import { expect, it } from "vitest";
import { groupTarget, smallGroups } from "../../../test/interpreted-device.js";
import { measureTiles } from "./measure-tiles.js";

const nothing = (): void => undefined;

/** A device that computes nothing and whose passes take the times that are given, in ms, one after the other. */
class TimedDevice {
  readonly features = new Set(["timestamp-query"]);
  readonly queue = { writeBuffer: nothing, submit: nothing };
  /** Buffers and sets of queries that were not destroyed. */
  alive = 0;
  readonly #times: readonly number[];
  #passes = 0;

  constructor(times: readonly number[]) {
    this.#times = times;
  }

  pushErrorScope(): void {}

  popErrorScope(): Promise<null> {
    return Promise.resolve(null);
  }

  createBuffer(): object {
    this.alive++;
    return {
      destroy: () => void this.alive--,
      unmap: nothing,
      mapAsync: () => (this.#times.length === 0 ? Promise.reject(new DOMException("the device was lost")) : Promise.resolve()),
      getMappedRange: () => BigUint64Array.of(10n ** 9n, 10n ** 9n + BigInt(1e6 * (this.#times[this.#passes++ % this.#times.length] ?? 0))).buffer,
    };
  }

  createQuerySet(): object {
    return this.createBuffer();
  }

  createShaderModule(): object {
    return {};
  }

  createComputePipelineAsync(): Promise<object> {
    return Promise.resolve({ getBindGroupLayout: nothing });
  }

  createBindGroup(): object {
    return {};
  }

  createCommandEncoder(): object {
    const pass = { setPipeline: nothing, setBindGroup: nothing, dispatchWorkgroups: nothing, end: nothing };
    return { beginComputePass: () => pass, resolveQuerySet: nothing, copyBufferToBuffer: nothing, finish: nothing };
  }
}

function measured(device: TimedDevice): ReturnType<typeof measureTiles> {
  return measureTiles(device as unknown as GPUDevice, groupTarget(smallGroups));
}

it("measures nothing by timestamps that go backwards", async () => {
  const device = new TimedDevice([2, -1]);
  const tiles = await measured(device);
  expect(tiles.length).toBeGreaterThan(1);
  for (const { cost } of tiles) expect(Math.min(cost?.product ?? 0, cost?.step ?? 0)).toBeGreaterThan(0);
  expect(await measured(new TimedDevice([-1]))).toEqual([]);
  expect(device.alive).toBe(0);
});

it("gives back what it took from a device that is lost", async () => {
  const device = new TimedDevice([]);
  await expect(measured(device)).rejects.toThrow("lost");
  expect(device.alive).toBe(0);
});
