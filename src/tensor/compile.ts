import { TraceError } from "../core/errors.js";
import { recording, type Graph, type Storage, type TensorType } from "../ir/graph.js";
import { anomaly } from "../runtime/anomaly-mode.js";
import { gradSlotOf, storedLeaf, tracing } from "../runtime/cell.js";
import { backendOf } from "../runtime/devices.js";
import { holds, modeEpoch } from "../runtime/modes.js";
import { Trace, type Traced } from "../runtime/trace.js";
import { TracedProgram, type Argument } from "../runtime/traced-program.js";
import { Tensor } from "./tensor.js";
import { isRecord, mapTensors, tensorsOf } from "./tree.js";

/** A compiled function, and what was compiled for it. */
export interface Compiled<A extends readonly unknown[], R> {
  (...args: A): R;
  /** How many programs were made so far: one for each signature. */
  readonly programCount: number;
  /** Milliseconds that compiling them took. */
  readonly compileMs: number;
}

/** Signatures that one function keeps programs for; the oldest goes first. */
const signatureLimit = 256;

interface Entry {
  readonly program: TracedProgram;
  readonly traced: Traced;
  /** The function's result with the position of each tensor in its place. */
  readonly template: unknown;
  readonly types: readonly TensorType[];
  /** The mode epoch at which the guards were last found to hold. */
  epoch: number;
}

/**
 * A function that runs as one program. It is traced once per signature (shapes, dtypes and devices of tensor arguments, other
 * arguments by value, and every mode that was read); each call then runs the program. Parameters, buffers and gradients are
 * read and written as in a plain call. The function may not read values, be async, or keep tensors but in its result and in
 * buffers: TraceError. Tensors that it finds outside its arguments are taken as they are at the first call.
 */
export function compile<A extends unknown[], R>(fn: (...args: A) => R): Compiled<A, R> {
  const entries = new Map<string, Entry[]>();
  let programCount = 0;
  let forgottenMs = 0;

  const prepare = (args: A, given: readonly Tensor[], signature: string): Entry => {
    const { traced, result } = traceCall(fn, args, given);
    const types: TensorType[] = [];
    const template = mapTensors<unknown>(result, ({ shape, dtype }) => new Slot(types.push({ shape, dtype }) - 1));
    const program = new TracedProgram(traced, backendOf(traced.device), types.length);
    const entry = { program, traced, template, types, epoch: -1 };
    programCount++;
    const list = entries.get(signature);
    if (list) list.push(entry);
    else entries.set(signature, [entry]);
    const oldest = entries.keys().next();
    if (entries.size > signatureLimit && !oldest.done) {
      forgottenMs += compileTime(entries.get(oldest.value) ?? []);
      entries.delete(oldest.value);
    }
    return entry;
  };

  const call = (...args: A): R => {
    // Inside another trace the function is part of it; anomaly detection looks at every operation.
    if (tracing.current || anomaly.detect) return fn(...args);
    const given: Tensor[] = [];
    const signature = signatureOf(args, given);
    const entry = entries.get(signature)?.find(isValid) ?? prepare(args, given, signature);
    const storages = entry.program.run(given.map(argumentOf));
    return fill(entry, storages) as R;
  };
  return Object.defineProperties(call as Compiled<A, R>, {
    programCount: { get: () => programCount },
    // A device that is still being started has compiled nothing yet.
    compileMs: { get: () => forgottenMs + compileTime([...entries.values()].flat()) },
  });
}

function compileTime(entries: readonly Entry[]): number {
  return entries.reduce((sum, { program }) => sum + program.executable.compileMs, 0);
}

/** The graph that a function records for these inputs: inputs in order, then whatever state it reads. Nothing is computed. */
export function trace<A extends unknown[]>(fn: (...args: A) => unknown, ...inputs: A): Graph {
  const { traced } = traceCall(fn, inputs, tensorsOf(inputs).filter((tensor) => !tensor.cell));
  return traced.graph;
}

/** The place of a tensor in a result. */
class Slot {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
}

function traceCall<A extends unknown[], R>(fn: (...args: A) => R, args: A, given: readonly Tensor[]): { traced: Traced; result: R } {
  const run = new Trace();
  const leaves = new Map<Tensor, Tensor>();
  const result = run.run(() => {
    given.forEach((tensor, index) => {
      const value = tensor.valueFor("compile");
      const slot = value.requiresGrad ? gradSlotOf(value) : undefined;
      leaves.set(tensor, new Tensor(run.argument(index, tensor, value.device ?? backendOf(undefined), slot)));
    });
    return fn(...mapTensors(args, (tensor) => leaves.get(tensor) ?? tensor));
  });
  if (isThenable(result)) {
    throw new TraceError("[compile] the function is async: a compiled function only describes a computation, so make it synchronous and await what it returns");
  }
  const traced = run.run(() => run.finish(tensorsOf(result).map((tensor) => tensor.valueFor("compile"))));
  return { traced, result };
}

function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function isValid(entry: Entry): boolean {
  if (entry.epoch === modeEpoch.count) return true;
  if (!entry.traced.guards.every(holds)) return false;
  entry.epoch = modeEpoch.count;
  return true;
}

const identities = new WeakMap<object, number>();
let nextIdentity = 0;

/** All that a trace depends on in the arguments, as text; tensors that are not state are collected. */
function signatureOf(args: readonly unknown[], given: Tensor[]): string {
  let text = recording.gradients ? "" : "noGrad ";
  for (const arg of args) text += partOf(arg, given);
  return text;
}

function partOf(arg: unknown, given: Tensor[]): string {
  if (arg instanceof Tensor) {
    if (arg.cell) return `c${arg.cell.id};`;
    const value = arg.valueFor("compile");
    given.push(arg);
    const grad = value.requiresGrad ? (gradSlotOf(value)?.exists ? "g1" : "g0") : "";
    return `${arg.dtype}[${arg.shape.join()}]${value.device?.name ?? ""}${grad};`;
  }
  if (typeof arg === "string") return `${JSON.stringify(arg)};`;
  if (typeof arg === "number" && Object.is(arg, -0)) return "-0;";
  if (Array.isArray(arg)) return `(${arg.map((item: unknown) => partOf(item, given)).join("")})`;
  if (isRecord(arg)) return `{${Object.keys(arg).map((key) => `${JSON.stringify(key)}:${partOf(arg[key], given)}`).join("")}}`;
  if ((typeof arg === "object" && arg !== null) || typeof arg === "function") {
    let identity = identities.get(arg);
    if (identity === undefined) identities.set(arg, (identity = nextIdentity++));
    return `#${identity};`;
  }
  return `${typeof arg}${String(arg)};`;
}

function argumentOf(tensor: Tensor): Argument {
  const value = tensor.valueFor("compile");
  return { value, slot: gradSlotOf(value) };
}

/** The result of a call: fresh tensors in the places that the trace's result had them. */
function fill(entry: Entry, storages: readonly Storage[]): unknown {
  const device = backendOf(entry.traced.device);
  const place = (node: unknown): unknown => {
    if (node instanceof Slot) {
      const type = entry.types[node.index];
      const storage = storages[node.index];
      if (!type || !storage) throw new TypeError("a compiled call misses a result");
      const leaf = storedLeaf(type, storage, device);
      if (entry.program.isShared(node.index)) leaf.holders++;
      return new Tensor(leaf);
    }
    if (Array.isArray(node)) return node.map(place);
    if (!isRecord(node)) return node;
    return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, place(item)]));
  };
  return place(entry.template);
}
