import { manualSeed, openDevice, setDefaultDevice } from "../../src/browser.js";
import type { Prepared } from "../case.js";
import { steps } from "../cases/steps.js";
import { timed } from "../peers/timed.mjs";

/** A tensor for a peer, in values of JSON. */
export interface PlainTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: readonly number[];
}

/** A case made ready: what a peer is given, what came of the check, threads, and the GPU's name where it is one. */
export interface PreparedInPage {
  readonly given: Readonly<Record<string, PlainTensor>>;
  readonly results: Readonly<Record<string, readonly number[]>>;
  readonly threads: number;
  readonly adapter: string | undefined;
}

let prepared: Prepared | undefined;

/** Makes a case ready on a device and checks it. */
export async function prepare(deviceName: string, name: string): Promise<PreparedInPage> {
  const device = await openDevice(deviceName);
  setDefaultDevice(device);
  manualSeed(0);
  prepared = steps.find((c) => c.name === name)?.prepare(deviceName);
  if (!prepared) throw new Error(`there is no case ${name}`);
  const given: Record<string, PlainTensor> = {};
  for (const [key, tensor] of Object.entries(prepared.given)) given[key] = { shape: tensor.shape, dtype: tensor.dtype, data: [...(await tensor.data())] };
  const results = Object.fromEntries(Object.entries(await prepared.check()).map(([key, data]) => [key, [...data]]));
  const info = deviceName === "webgpu" ? (await navigator.gpu.requestAdapter())?.info : undefined;
  return { given, results, threads: device.threads, adapter: info && [info.vendor, info.architecture, info.description].filter((text) => text !== "").join(" ") };
}

/** What one run of the case hands to WebGPU: submissions that compute, their dispatches, and submissions that only copy for a read. */
export async function gpuCalls(): Promise<{ readonly submissions: number; readonly dispatches: number; readonly reads: number }> {
  if (!prepared) throw new Error("nothing is prepared");
  await prepared.run();
  const { submit } = GPUQueue.prototype;
  const { dispatchWorkgroups } = GPUComputePassEncoder.prototype;
  const counts = { submissions: 0, dispatches: 0, reads: 0 };
  let submitted = 0;
  GPUQueue.prototype.submit = function (...args) {
    counts[counts.dispatches > submitted ? "submissions" : "reads"]++;
    submitted = counts.dispatches;
    return submit.apply(this, args);
  };
  GPUComputePassEncoder.prototype.dispatchWorkgroups = function (...args) {
    counts.dispatches++;
    return dispatchWorkgroups.apply(this, args);
  };
  await prepared.run();
  Object.assign(GPUQueue.prototype, { submit });
  Object.assign(GPUComputePassEncoder.prototype, { dispatchWorkgroups });
  return counts;
}

/** Milliseconds of one run, averaged over a round. */
export async function round(seconds: number): Promise<number> {
  if (!prepared) throw new Error("nothing is prepared");
  return timed(prepared.run, seconds);
}
