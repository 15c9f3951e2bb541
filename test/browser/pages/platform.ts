import { createBrowserWasm, device, tensor } from "../../../src/browser.js";
import { setAutoDevices } from "../../../src/runtime/devices.js";

/** What the page is and what it computes with. */
export async function platform(): Promise<{ isolated: boolean; secure: boolean; adapter: boolean; device: string; threads: number; cores: number }> {
  const adapter = await navigator.gpu?.requestAdapter();
  const { name, threads } = device("wasm");
  return { isolated: crossOriginIsolated, secure: isSecureContext, adapter: Boolean(adapter), device: name, threads, cores: navigator.hardwareConcurrency };
}

/** The squares of some numbers, by a device whose worker comes from an address if one is given. */
export async function squares(numbers: readonly number[], workerUrl?: string): Promise<number[]> {
  const x = tensor([...numbers], { device: workerUrl === undefined ? device("wasm") : createBrowserWasm({ workerUrl }) });
  return [...(await x.mul(x).data())];
}

/** The sum of some numbers by the device that is taken where none was chosen, from among wasm and, if need be, the reference. */
export async function sum(numbers: readonly number[], orReference = false): Promise<number> {
  if (orReference) {
    await import("../../../src/reference.js");
    setAutoDevices(["wasm", "reference"]);
  }
  return tensor([...numbers]).sum().item();
}
