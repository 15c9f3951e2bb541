import { DeviceError } from "../core/errors.js";
import type { DeviceTag } from "../ir/graph.js";
import type { Backend } from "./backend.js";

export type { Backend } from "./backend.js";

export interface DeviceOptions {
  /** Threads that compute; as many as the machine has cores if not given. */
  readonly threads?: number | undefined;
}

export interface OpenOptions extends DeviceOptions {
  /** Multiplications with additions in one step of the work to come, by which "auto" chooses; as many as can be if not given. */
  readonly work?: number | undefined;
}

/** Makes a backend. Throws DeviceError where the machine cannot run it. */
export type BackendFactory = (options: DeviceOptions) => Backend;

/**
 * Finds a GPU and makes a backend of it. Rejects with DeviceError where there is none, or none that is more than
 * software when `hardware` is asked for.
 */
export type GpuOpener = (options: { readonly hardware: boolean }) => Promise<Backend>;

/** Multiply-adds of a step from which "auto" takes a GPU; `openDevice` says why. */
const gpuWork = 1e8;

const factories = new Map<string, BackendFactory>();
const openers = new Map<string, GpuOpener>();
const opening = new Map<string, { readonly hardware: boolean; readonly backend: Promise<Backend> }>();
const open = new Map<string, Backend>();
const backends = new WeakMap<DeviceTag, Backend>();
/** Names that device "auto" tries, in order. */
let candidates: readonly string[] = [];
let defaultDevice: Backend | string = "auto";
let defaultBackend: Backend | undefined;
let started: (backend: Backend) => void = () => undefined;

/** Makes a backend known by name; it is started when a tensor first needs it. */
export function registerBackend(name: string, factory: BackendFactory): void {
  factories.set(name, factory);
}

/** Makes a GPU's backend known by name; it has to be opened before it can be used. */
export function registerGpu(name: string, opener: GpuOpener): void {
  openers.set(name, opener);
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
  const running = open.get(openers.has(name) ? name : key);
  if (running && !running.isLost) return running;
  if (openers.has(name)) {
    const how = `call await openDevice("${name}") first`;
    throw new DeviceError(running ? `[device] "${name}" was lost or closed: ${how}` : `[device] "${name}" is opened asynchronously: ${how}`);
  }
  const factory = factories.get(name);
  if (!factory) {
    const names = [...factories.keys(), ...openers.keys()];
    const known = names.length === 0 ? "none is registered" : `known are auto, ${names.join(", ")}`;
    throw new DeviceError(`[device] there is no device "${name}": ${known}`);
  }
  return keep(key, factory(options));
}

function keep(key: string, backend: Backend): Backend {
  open.set(key, adopt(backend));
  started(backend);
  return backend;
}

/** The GPU of that name, opened if it is not open or was lost. */
async function openGpu(name: string, opener: GpuOpener, hardware: boolean): Promise<Backend> {
  const running = open.get(name);
  if (running && !running.isLost && !(hardware && running.isSoftware)) return running;
  // Several calls at once open one device.
  const pending = opening.get(name);
  if (pending && pending.hardware !== hardware) {
    // What the other call gets may do, and if not, its failure is not this one's.
    await pending.backend.catch(() => undefined);
    return openGpu(name, opener, hardware);
  }
  if (pending) return pending.backend;
  const backend = opener({ hardware }).then((opened) => keep(name, opened)).finally(() => opening.delete(name));
  opening.set(name, { hardware, backend });
  return backend;
}

/**
 * The device of a name, as `device` gives it, and also those that have to be waited for: "webgpu". "auto" is here a GPU, if there
 * is one that is more than software and the work is large enough to profit from it, and else what `device("auto")` is. A device
 * that was lost is opened anew. Rejects with DeviceError as `device` throws it, and where there is no GPU.
 *
 * Large enough is a step of 10⁸ multiply-adds or more (for training, three times those of the forward pass): a training step
 * starts some 50 kernels, and each takes a GPU about 10 µs however little it computes, while two cores of a CPU do 10⁸
 * multiply-adds in a few milliseconds.
 */
export async function openDevice(name = "auto", { work = Infinity, ...options }: OpenOptions = {}): Promise<Backend> {
  const opener = openers.get(name);
  if (opener) return openGpu(name, opener, false);
  if (name !== "auto" || work < gpuWork) return device(name, options);
  for (const [gpu, open] of openers) {
    try {
      return await openGpu(gpu, open, true);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
    }
  }
  return device(name, options);
}

/**
 * The device of a name: "native", "wasm", "reference", or "auto" for the fastest of these that runs here. One is started for each
 * name and number of threads. "webgpu" has to be opened by `openDevice` before. Throws DeviceError for a name that is not
 * known, a device that cannot run on this machine and one that is not open.
 */
export function device(name = "auto", options: DeviceOptions = {}): Backend {
  if (name !== "auto") return start(name, options);
  const absent: string[] = [];
  for (const candidate of candidates) {
    try {
      const backend = start(candidate, options);
      const news = absent.filter((absence) => !told.has(absence));
      for (const absence of news) console.warn(`gradus: device ${absence}; a slower one is used`);
      news.forEach((absence) => told.add(absence));
      return backend;
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      absent.push(`"${candidate}" cannot run here: ${error.message}`);
    }
  }
  throw new DeviceError(`[device] no device runs here: ${absent.join("; ") || "none is registered"}`);
}

/** Devices whose absence was told. */
const told = new Set<string>();

/** Where tensors are made when no device is given; "auto" at first. Throws DeviceError for an unknown name. */
export function setDefaultDevice(target: Backend | string): void {
  defaultBackend = target === "auto" ? undefined : resolveDevice(target);
  defaultDevice = target;
}

/** The device where tensors are made when none is given. One that was named and then lost is started anew. */
export function getDefaultDevice(): Backend {
  if (!defaultBackend || (defaultBackend.isLost && typeof defaultDevice === "string")) defaultBackend = resolveDevice(defaultDevice);
  return defaultBackend;
}

/** A device given by name, as itself, or not at all (the default one). */
export function resolveDevice(target: Backend | string | undefined): Backend {
  if (target === undefined) return getDefaultDevice();
  return typeof target === "string" ? device(target) : adopt(target);
}

/** The backend behind the tag of a value; the default device for values that no device is tied to. */
export function backendOf(tag: DeviceTag | undefined): Backend {
  if (tag === undefined) return getDefaultDevice();
  const backend = backends.get(tag);
  if (!backend) throw new DeviceError(`[device] "${tag.name}" holds no tensors`);
  return backend;
}
