import { oneOf } from "./one-of.js";

/** What `--device` takes. */
export const deviceNames = ["auto", "native", "wasm", "webgpu", "reference"] as const;

export type DeviceName = (typeof deviceNames)[number];

/** The device of that name, "auto" if none is given. Throws ArgumentError. */
export function parseDevice(text: string | undefined): DeviceName {
  return oneOf("--device", text ?? "auto", deviceNames);
}
