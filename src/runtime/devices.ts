import { DeviceError } from "../core/errors.js";
import type { DeviceTag } from "../ir/graph.js";
import type { Backend } from "./backend.js";

export type { Backend } from "./backend.js";

export interface DeviceOptions {
  /** Threads that compute; as many as the machine has cores if not given. */
  readonly threads?: number | undefined;
}

/** Makes a backend. Throws DeviceError where the machine cannot run it. */
export type BackendFactory = (options: DeviceOptions) => Backend;

const factories = new Map<string, BackendFactory>();
const open = new Map<string, Backend>();
const backends = new WeakMap<DeviceTag, Backend>();
/** Names that device "auto" tries, in order. */
let candidates: readonly string[] = [];
let defaultDevice: Backend | string = "auto";
let started: (backend: Backend) => void = () => undefined;

/** Makes a backend known by name; it is started when a tensor first needs it. */
export function registerBackend(name: string, factory: BackendFactory): void {
  factories.set(name, factory);
}

/** What device "auto" means: the first of these that runs here. */
export function setAutoDevices(names: readonly string[]): void {
  candidates = names;
}

/** What is done with every backend that `device` starts. */
export function onDeviceStart(listener: (backend: Backend) => void): void {
  started = listener;
}

/** A backend that was made elsewhere, ready to hold tensors. */
function adopt(backend: Backend): Backend {
  backends.set(backend, backend);
  return backend;
}

function start(name: string, options: DeviceOptions): Backend {
  const key = options.threads === undefined ? name : `${name} ${options.threads}`;
  const running = open.get(key);
  if (running) return running;
  const factory = factories.get(name);
  if (!factory) {
    const known = factories.size === 0 ? "none is registered" : `known are auto, ${[...factories.keys()].join(", ")}`;
    throw new DeviceError(`[device] there is no device "${name}": ${known}`);
  }
  const backend = adopt(factory(options));
  open.set(key, backend);
  started(backend);
  return backend;
}

/**
 * The device of a name: "native", "wasm", "reference", or "auto" for the fastest that runs here. One is started for each
 * name and number of threads. Throws DeviceError for a name that is not known and a device that cannot run on this machine.
 */
export function device(name = "auto", options: DeviceOptions = {}): Backend {
  if (name !== "auto") return start(name, options);
  for (const candidate of candidates) {
    try {
      return start(candidate, options);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      if (!refused.has(candidate)) console.warn(`gradus: device "${candidate}" cannot run here, a slower one is used: ${error.message}`);
      refused.add(candidate);
    }
  }
  throw new DeviceError(`[device] no device runs here: tried ${candidates.join(", ") || "none"}`);
}

/** Devices whose absence was told. */
const refused = new Set<string>();

/** Where tensors are made when no device is given; "auto" at first. Throws DeviceError for an unknown name. */
export function setDefaultDevice(target: Backend | string): void {
  defaultDevice = typeof target === "string" && target !== "auto" ? device(target) : typeof target === "string" ? target : adopt(target);
}

/** The device where tensors are made when none is given. */
export function getDefaultDevice(): Backend {
  if (typeof defaultDevice === "string") defaultDevice = device(defaultDevice);
  return defaultDevice;
}

/** A device given by name, as itself, or not at all (the default one). */
export function resolveDevice(target: Backend | string | undefined): Backend {
  if (target === undefined) return getDefaultDevice();
  return typeof target === "string" ? device(target) : typeof target === "string" ? target : adopt(target);
}

/** The backend behind the tag of a value; the default device for values that no device is tied to. */
export function backendOf(tag: DeviceTag | undefined): Backend {
  if (tag === undefined) return getDefaultDevice();
  const backend = backends.get(tag);
  if (!backend) throw new DeviceError(`[device] "${tag.name}" holds no tensors`);
  return backend;
}
