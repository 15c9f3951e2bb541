import { device, setDefaultDevice, type Backend } from "../node.js";
import type { DeviceName } from "./device-names.js";

/** Starts a device and makes it the one on which tensors are made. Throws DeviceError for a device that cannot run here. */
export function openDevice(name: DeviceName, threads: number | undefined): Backend {
  const opened = device(name, { threads });
  setDefaultDevice(opened);
  return opened;
}
