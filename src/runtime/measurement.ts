import { isProfiling } from "../core/debug.js";
import { DeviceError } from "../core/errors.js";
import type { Backend } from "./backend.js";
import { formatProfile } from "./profile-report.js";
import { Profiler, type Profile } from "./profile.js";

/** A measurement under way. */
export interface Measurement {
  /** What was measured so far; runs that are still queued are missing. */
  read(): Profile;
  /** Ends the measurement, after the runs under way where the device can wait. */
  stop(): Profile;
}

/**
 * Measures every step of every program that a device runs from now on. Throws DeviceError for a device that has no clock
 * for steps.
 */
export function startProfile(device: Backend): Measurement {
  if (!device.profile) throw new DeviceError(`[profile] ${device.name} cannot be measured: use the native or the wasm device`);
  const profiler = new Profiler(device);
  device.profile(profiler);
  return {
    read: () => profiler.read(),
    stop: () => {
      device.profile?.(undefined);
      return profiler.read();
    },
  };
}

/** Measures a device where GRADUS_PROFILE asks for it, and prints the profile to standard error when the process ends. */
export function profileUntilExit(device: Backend): void {
  const scope: { readonly process?: { readonly once?: (event: "exit", listener: () => void) => unknown } } = globalThis;
  if (!isProfiling() || !device.profile || !scope.process?.once) return;
  const measurement = startProfile(device);
  scope.process.once("exit", () => console.error(formatProfile(measurement.stop())));
}
