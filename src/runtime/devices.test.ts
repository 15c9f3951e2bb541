import { expect, it, vi } from "vitest";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import { DeviceError } from "../core/errors.js";
import { device, getDefaultDevice, openDevice, registerBackend, registerGpu, setAutoDevices, setDefaultDevice } from "./devices.js";

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

it("gives a GPU once it was opened, and another after it was lost", async () => {
  let lost = false;
  let openings = 0;
  registerGpu("far", async ({ hardware }) => {
    if (hardware) throw new DeviceError("software");
    openings++;
    return Object.defineProperties(new ReferenceBackend(), { isLost: { get: () => lost }, isSoftware: { value: true } });
  });
  expect(() => device("far")).toThrow(/await openDevice\("far"\)/);
  const [first, second] = await Promise.all([openDevice("far"), openDevice("far")]);
  expect(second).toBe(first);
  expect(device("far")).toBe(first);
  lost = true;
  expect(() => device("far")).toThrow(/was lost.*await openDevice/);
  const fresh = openDevice("far");
  lost = false;
  expect(await fresh).not.toBe(first);
  expect(openings).toBe(2);
});

it("takes a GPU that is no software for auto, where the work is large", async () => {
  const asked: boolean[] = [];
  let real = false;
  registerBackend("cpu", () => new ReferenceBackend());
  setAutoDevices(["cpu"]);
  registerGpu("distant", async ({ hardware }) => {
    asked.push(hardware);
    if (!real) throw new DeviceError("software");
    return new ReferenceBackend();
  });
  const before = await openDevice("cpu");
  expect(await openDevice("auto", { work: 1e6 })).toBe(before);
  expect(asked).toEqual([]);
  expect(await openDevice("auto", { work: 1e12 })).toBe(before);
  expect(await openDevice()).toBe(before);
  expect(asked).toEqual([true, true]);
  real = true;
  expect(await openDevice("auto", { work: 1e12 })).not.toBe(before);
});

it.each([false, true])("opens one GPU for calls at once that want different things of it, in software: %s", async (isSoftware) => {
  vi.resetModules();
  const fresh = await import("./devices.js");
  const { DeviceError: Refusal } = await import("../core/errors.js");
  const asked: boolean[] = [];
  fresh.registerBackend("plain", () => new ReferenceBackend());
  fresh.setAutoDevices(["plain"]);
  fresh.registerGpu("near", async ({ hardware }) => {
    asked.push(hardware);
    await Promise.resolve();
    if (hardware && isSoftware) throw new Refusal("software");
    return Object.assign(new ReferenceBackend(), { isSoftware });
  });
  const opened = await Promise.all([fresh.openDevice(), fresh.openDevice("near"), fresh.openDevice("near")]);
  const gpu = fresh.device("near");
  expect(opened).toEqual([isSoftware ? fresh.device("plain") : gpu, gpu, gpu]);
  expect(opened[1]).toBe(opened[2]);
  expect(asked).toEqual(isSoftware ? [true, false] : [true]);
});

it("starts a default device anew that was named and then lost, and keeps one that was given", () => {
  const made: { isLost: boolean }[] = [];
  registerBackend("brittle", () => {
    const backend = Object.assign(new ReferenceBackend(), { isLost: false });
    made.push(backend);
    return backend;
  });
  setDefaultDevice("brittle");
  const first = getDefaultDevice();
  expect(() => setDefaultDevice("nowhere")).toThrow(DeviceError);
  expect(getDefaultDevice()).toBe(first);
  Object.assign(first, { isLost: true });
  expect(getDefaultDevice()).not.toBe(first);
  expect(made).toHaveLength(2);
  setDefaultDevice(first);
  expect(getDefaultDevice()).toBe(first);
  setDefaultDevice("auto");
});
