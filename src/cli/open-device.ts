import { openDevice as openNamed, setDefaultDevice, type Backend } from "../node.js";
import type { DeviceName } from "./device-names.js";

/**
 * Starts a device and makes it the one on which tensors are made. `work`, the multiply-adds of a step, decides whether "auto" is
 * a GPU. Rejects with DeviceError for a device that cannot run here.
 */
export async function openDevice(name: DeviceName, threads: number | undefined, work: number): Promise<Backend> {
  const opened = await openNamed(name, { threads, work });
  setDefaultDevice(opened);
  return opened;
}

/**
 * Makes something on a device, and once more if "auto" is another device for the work that it turns out to be. What is made
 * must not depend on how often.
 */
export async function openDeviceFor<T>(name: DeviceName, threads: number | undefined, make: () => Promise<T>, workOf: (made: T) => number): Promise<{ readonly device: Backend; readonly made: T }> {
  const device = await openDevice(name, threads, 0);
  const made = await make();
  if (name !== "auto") return { device, made };
  const better = await openDevice(name, threads, workOf(made));
  return { device: better, made: better === device ? made : await make() };
}
