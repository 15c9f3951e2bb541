import { expect, it, vi } from "vitest";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import { DeviceError } from "../core/errors.js";
import { device, getDefaultDevice, registerBackend, setAutoDevices, setDefaultDevice } from "./devices.js";

it("takes the first device that runs for auto, and says why not an earlier one, once", () => {
  const warn = vi.spyOn(console, "warn").mockReturnValue(undefined);
  registerBackend("broken", () => {
    throw new DeviceError("no compiler");
  });
  registerBackend("sound", () => new ReferenceBackend());
  setAutoDevices(["broken", "sound"]);
  expect(getDefaultDevice()).toBe(device("sound"));
  expect(device()).toBe(device("sound"));
  expect(warn).toHaveBeenCalledTimes(1);
  expect(warn.mock.calls[0]?.[0]).toMatch(/"broken".*no compiler/);
  expect(() => device("broken")).toThrow(/no compiler/);
  expect(() => device("nowhere")).toThrow(/known are auto, broken, sound/);
  expect(() => setDefaultDevice("nowhere")).toThrow(DeviceError);
});

it("starts one device for each number of threads", () => {
  const threads: (number | undefined)[] = [];
  registerBackend("counted", (options) => {
    threads.push(options.threads);
    return new ReferenceBackend();
  });
  expect(device("counted", { threads: 2 })).toBe(device("counted", { threads: 2 }));
  expect(device("counted", { threads: 2 })).not.toBe(device("counted"));
  expect(threads).toEqual([2, undefined]);
});
