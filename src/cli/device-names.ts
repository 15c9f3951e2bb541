/** What `--device` takes. */
export const deviceNames = ["auto", "native", "wasm", "reference"] as const;

export type DeviceName = (typeof deviceNames)[number];
