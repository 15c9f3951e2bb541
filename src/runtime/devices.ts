import { DeviceError } from "../core/errors.js";
import type { DeviceTag } from "../ir/graph.js";
import type { Backend } from "./backend.js";

export type { Backend } from "./backend.js";

/** Makes a backend, or gives undefined where the machine cannot run it. */
export type BackendFactory = () => Backend | undefined;

const factories = new Map<string, BackendFactory>();
const open = new Map<string, Backend>();
const autoRank = new Map<string, number>();
const backends = new WeakMap<DeviceTag, Backend>();
let defaultDevice: Backend | string = "auto";

/**
 * Makes a backend known by name. It is started when a tensor first needs it.
 * `auto` ranks it among the candidates of device "auto", the lowest number first; without it "auto" never takes it.
 */
export function registerBackend(name: string, factory: BackendFactory, options: { readonly auto?: number } = {}): void {
  factories.set(name, factory);
  if (options.auto !== undefined) autoRank.set(name, options.auto);
}

/** A backend that was made elsewhere, ready to hold tensors. */
function adopt(backend: Backend): Backend {
  backends.set(backend, backend);
  return backend;
}

function start(name: string): Backend | undefined {
  const running = open.get(name);
  if (running) return running;
  const backend = factories.get(name)?.();
  if (backend) open.set(name, adopt(backend));
  return backend;
}

function known(): string {
  return factories.size === 0 ? "none is registered" : `known: auto, ${[...factories.keys()].join(", ")}`;
}

/**
 * The device of a name: "native", "wasm", "reference", or "auto" for the fastest that runs here.
 * Throws DeviceError for a name that is not known and for a device that cannot run on this machine.
 */
export function device(name = "auto"): Backend {
  if (name === "auto") {
    for (const [candidate] of [...autoRank].sort(([, a], [, b]) => a - b)) {
      const backend = start(candidate);
      if (backend) return backend;
    }
    throw new DeviceError(`[device] no device runs here; ${known()}`);
  }
  const backend = start(name);
  if (backend) return backend;
  if (factories.has(name)) throw new DeviceError(`[device] "${name}" cannot run on this machine; ${known()}`);
  throw new DeviceError(`[device] there is no device "${name}"; ${known()}`);
}

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
