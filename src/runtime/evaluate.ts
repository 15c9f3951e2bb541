import { byteSize, typedView, type DType } from "../core/dtype.js";
import { toBfloat16, toFloat16 } from "../core/half.js";
import { DisposedError } from "../core/errors.js";
import { sizeOf } from "../core/shape.js";
import { isLeaf, type Node, type Storage, type TensorType, type Value } from "../ir/graph.js";
import { anomaly } from "./anomaly-mode.js";
import type { Backend, Executable } from "./backend.js";
import { initialVersions, pendingCells } from "./cell.js";
import { HostStorage } from "./host-storage.js";
import { graphOf, numberOf, structureOf, type Feed } from "./structure.js";
import { leaked } from "./trace.js";

const cacheLimit = 512;
const scalarLimit = 4096;

/** What is remembered for one device between evaluations. */
class DeviceState {
  readonly executables = new Map<string, Executable>();
  readonly scalars = new Map<string, Storage>();
  loads = 0;
}

const states = new WeakMap<Backend, DeviceState>();
/** Losses whose backward() has been called: they are computed with the gradients. */
let losses: Value[] = [];

function stateOf(device: Backend): DeviceState {
  let state = states.get(device);
  if (!state) states.set(device, (state = new DeviceState()));
  return state;
}

/** How many graphs were compiled for evaluations on a device so far; equal graphs are compiled once. */
export function evaluationLoads(device: Backend): number {
  return stateOf(device).loads;
}

/** Has a value computed with the next evaluation of its device. */
export function registerRoot(value: Value): void {
  losses.push(value);
}

/** Bytes that a tensor takes. */
export function bytesOf(type: TensorType): number {
  return sizeOf(type.shape) * byteSize(type.dtype);
}

/**
 * Computes the given values, every pending cell of the device and the losses of recent backward passes as one program.
 * Returns when the work is queued. Throws TraceError for values of a trace that is over, DisposedError, and what
 * the backend's compiler throws.
 */
export function evaluateValues(roots: readonly Value[], device: Backend): void {
  if (initialVersions.size > 0) computeInitialVersions(device);
  const targets = new Set<Value>();
  for (const root of roots) if (!root.storage) addTarget(targets, root);
  const cells = [...pendingCells].filter((cell) => cell.device === device);
  for (const cell of cells) {
    const value = cell.pending;
    if (value && !value.storage) addTarget(targets, value);
  }
  if (losses.length > 0) {
    for (const loss of losses) if (loss.device === device && !loss.storage) addTarget(targets, loss);
    losses = losses.filter((loss) => loss.device !== device && loss.device !== undefined);
  }
  computeAndCut([...targets], device);
  for (const cell of cells) cell.settle();
}

/** Computes first weights and moments by themselves: what follows is then the same program in every step. */
function computeInitialVersions(device: Backend): void {
  const versions = [...initialVersions].filter((value) => value.device === device);
  for (const value of versions) initialVersions.delete(value);
  computeAndCut(versions.filter((value) => !value.storage), device);
}

function computeAndCut(targets: readonly Value[], device: Backend): void {
  if (targets.length === 0) return;
  if (anomaly.detect) anomaly.detect(targets, device, (value) => compute([value], device));
  else compute(targets, device);
  for (const value of targets) dropHistory(value.node);
}

/** Outputs of one node are computed together, so that its history can go. */
function addTarget(targets: Set<Value>, value: Value): void {
  if (value.node.outputs.length === 1 || value.requiresGrad) targets.add(value);
  else for (const output of value.node.outputs) if (!output.storage) targets.add(output);
}

function compute(all: readonly Value[], device: Backend): void {
  const targets = all.filter((target) => !takeNumber(target, device));
  if (targets.length === 0) return;
  const structure = structureOf(targets);
  const stray = structure.order.find((node) => node.outputs.some(isLeaf));
  if (stray) throw leaked();
  const state = stateOf(device);
  let executable = state.executables.get(structure.key);
  if (executable) {
    state.executables.delete(structure.key);
  } else {
    executable = device.load(graphOf(structure));
    state.loads++;
    const oldest = state.executables.keys().next();
    if (state.executables.size >= cacheLimit && !oldest.done) state.executables.delete(oldest.value);
  }
  // Reinserting keeps the map in order of last use.
  state.executables.set(structure.key, executable);
  const inputs = structure.feeds.map((feed) => storageOf(feed, device, state));
  const outputs = targets.map((target) => device.allocate(bytesOf(target)));
  device.submit(executable, inputs, outputs);
  targets.forEach((target, i) => (target.storage = outputs[i]));
}

/** Stores a scalar that is a number already, such as a learning rate, which is no work for a program. */
function takeNumber(target: Value, device: Backend): boolean {
  const number = numberOf(target);
  if (number === undefined) return false;
  target.storage = device.upload(scalarBytes(number, target.dtype));
  return true;
}

function storageOf(feed: Feed, device: Backend, state: DeviceState): Storage {
  if (!("node" in feed)) {
    const key = `${feed.dtype} ${Object.is(feed.value, -0) ? "-0" : feed.value}`;
    let storage = state.scalars.get(key);
    if (!storage) {
      if (state.scalars.size >= scalarLimit) state.scalars.clear();
      storage = device.upload(scalarBytes(feed.value, feed.dtype));
      state.scalars.set(key, storage);
    }
    return storage;
  }
  return deviceStorage(feed, device);
}

/** The memory of an evaluated value on a device; host memory is copied there. Throws DisposedError. */
export function deviceStorage(value: Value, device: Backend): Storage {
  const { storage } = value;
  if (!storage) throw leaked();
  if (storage === disposedStorage) {
    throw new DisposedError("[evaluate] recorded work needs a tensor that was disposed: read the result first, or dispose later");
  }
  return storage instanceof HostStorage ? device.upload(storage.data) : storage;
}

/** Stands for memory that was given back. */
export const disposedStorage: Storage = { device: { name: "none" }, bytes: 0 };

/** One element as it is stored; float16 and bfloat16 as their bits. */
export function scalarBytes(value: number, dtype: DType): Uint8Array {
  const bytes = new Uint8Array(byteSize(dtype));
  const view = typedView(dtype, bytes.buffer);
  view[0] = dtype === "float16" ? toFloat16(value) : dtype === "bfloat16" ? toBfloat16(value) : dtype === "bool" ? Number(value !== 0) : value;
  return bytes;
}

/** Cuts an evaluated node from what it was made of, unless a gradient needs it. */
export function dropHistory(node: Node): void {
  if (node.inputs.length === 0) return;
  const recorded = node.op.vjp !== undefined && node.inputs.some((input) => input.requiresGrad);
  const needed = recorded && !node.released && node.outputs.some((output) => output.requiresGrad);
  if (!needed && node.outputs.every((output) => output.storage)) node.inputs = [];
}
