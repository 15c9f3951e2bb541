import { TraceError } from "../core/errors.js";
import { input, inputOp, topologicalOrder, type DeviceTag, type Graph, type TensorType, type Value } from "../ir/graph.js";
import { stopGradient } from "../ops/index.js";
import { attachGradSlot, GradSlot, tracing, type Cell, type RandomStream, type StateTrace } from "./cell.js";
import { drawType } from "./generator.js";
import { observeModes, readMode, type ModeRead } from "./modes.js";
import { cloneNodes } from "./structure.js";

/** Where an input of a traced graph comes from at call time. */
export type Source =
  | { readonly kind: "argument"; readonly index: number }
  | { readonly kind: "cell"; readonly cell: Cell }
  /** The gradient that an argument has. */
  | { readonly kind: "argument-gradient"; readonly index: number }
  | { readonly kind: "draw"; readonly stream: RandomStream; readonly offset: number }
  | { readonly kind: "outer"; readonly value: Value };

/** Where a result of a traced graph goes. */
export type Sink =
  | { readonly kind: "result"; readonly index: number }
  | { readonly kind: "cell"; readonly cell: Cell }
  | { readonly kind: "gradient"; readonly slot: GradSlot }
  | { readonly kind: "argument-gradient"; readonly index: number };

/** A traced function without the parts that only JavaScript saw. */
export interface Traced {
  readonly graph: Graph;
  readonly device: DeviceTag | undefined;
  /** One for each graph input. */
  readonly sources: readonly Source[];
  /** For each graph output, all that receives it. */
  readonly sinks: readonly (readonly Sink[])[];
  /** Inputs that are handed out unchanged. */
  readonly passed: readonly { readonly input: number; readonly sink: Sink }[];
  /** Gradients that are absent afterwards. */
  readonly cleared: readonly (GradSlot | number)[];
  readonly draws: ReadonlyMap<RandomStream, number>;
  readonly guards: readonly ModeRead[];
}

/** Records what a function does with tensors, cells, gradients, modes and random numbers. */
export class Trace implements StateTrace {
  readonly #first: number;
  readonly #sources = new Map<Value, Source>();
  readonly #cells = new Map<Cell, Value>();
  readonly #assigned = new Map<Cell, Value>();
  readonly #gradients = new Map<GradSlot, Value | null>();
  readonly #argumentSlots = new Map<GradSlot, { readonly index: number; readonly current: Cell | undefined }>();
  readonly #draws = new Map<RandomStream, number>();
  readonly #guards = new Map<object, Map<string, ModeRead>>();
  #device: DeviceTag | undefined;

  constructor() {
    this.#first = input({ shape: [], dtype: "float32" }).node.id;
  }

  /** A leaf that stands for an argument; `slot` is where its gradient lies if it wants one. */
  argument(index: number, type: TensorType, device: DeviceTag | undefined, slot: GradSlot | undefined): Value {
    const value = this.#input(type, device, { kind: "argument", index });
    if (slot) {
      const stand = new GradSlot();
      attachGradSlot(value, stand);
      this.#argumentSlots.set(stand, { index, current: slot.current });
    }
    return value;
  }

  /** Runs a function under this trace. */
  run<R>(fn: () => R): R {
    const before = tracing.current;
    tracing.current = this;
    try {
      return observeModes((read) => this.#guard(read), fn);
    } finally {
      tracing.current = before;
    }
  }

  readCell(cell: Cell): Value {
    const known = this.#cells.get(cell);
    if (known) return known;
    readMode(cell, "device", cell.device);
    const value = this.#input(cell, cell.device, { kind: "cell", cell });
    if (readMode(cell, "requiresGrad", cell.requiresGrad)) attachGradSlot(value, cell.slot);
    this.#cells.set(cell, value);
    return value;
  }

  assignCell(cell: Cell, value: Value): void {
    // A version of a parameter is a leaf of its own, so it cannot be the value itself.
    const version = cell.requiresGrad || value.requiresGrad ? stopGradient(value) : value;
    if (cell.requiresGrad) attachGradSlot(version, cell.slot);
    this.#cells.set(cell, version);
    this.#assigned.set(cell, version);
  }

  readGradient(slot: GradSlot): Value | null {
    const known = this.#gradients.get(slot);
    if (known !== undefined) return known;
    const argument = this.#argumentSlots.get(slot);
    if (argument) {
      const { index, current } = argument;
      const value = current ? this.#input(current, current.device, { kind: "argument-gradient", index }) : null;
      if (value) this.#gradients.set(slot, value);
      return value;
    }
    readMode(slot, "exists", slot.exists);
    return slot.current ? this.readCell(slot.current) : null;
  }

  writeGradient(slot: GradSlot, value: Value | null): void {
    this.#gradients.set(slot, value?.requiresGrad ? stopGradient(value) : value);
  }

  draw(stream: RandomStream): Value {
    const offset = this.#draws.get(stream) ?? 0;
    this.#draws.set(stream, offset + 1);
    return this.#input(drawType, undefined, { kind: "draw", stream, offset });
  }

  /** Closes the graph over the function's results. */
  finish(results: readonly Value[]): Traced {
    const sinksOf = new Map<Value, Sink[]>();
    const send = (value: Value, sink: Sink): void => {
      const sinks = sinksOf.get(value);
      if (sinks) sinks.push(sink);
      else sinksOf.set(value, [sink]);
    };
    results.forEach((value, index) => send(value, { kind: "result", index }));
    for (const [cell, value] of this.#assigned) send(value, { kind: "cell", cell });
    const cleared: (GradSlot | number)[] = [];
    for (const [slot, value] of this.#gradients) {
      const index = this.#argumentSlots.get(slot)?.index;
      if (value) send(value, index === undefined ? { kind: "gradient", slot } : { kind: "argument-gradient", index });
      else cleared.push(index ?? slot);
    }
    return { ...this.#close(sinksOf), device: this.#device, cleared, draws: this.#draws, guards: this.#allGuards() };
  }

  #close(sinksOf: ReadonlyMap<Value, readonly Sink[]>): Pick<Traced, "graph" | "sources" | "sinks" | "passed"> {
    const isGiven = (value: Value): boolean => value.storage !== undefined || value.node.id < this.#first || this.#sources.has(value);
    const order = topologicalOrder([...sinksOf.keys()], isGiven);
    if (order.some((node) => node.op === inputOp)) throw leaked();
    const positions = new Map<Value, number>();
    const known = new Map<Value, Value>();
    const sources: Source[] = [];
    const take = (value: Value): number => {
      let position = positions.get(value);
      if (position === undefined) {
        position = sources.push(this.#sources.get(value) ?? { kind: "outer", value }) - 1;
        positions.set(value, position);
        known.set(value, input(value));
        if (!this.#sources.has(value)) this.#device ??= value.device;
      }
      return position;
    };
    for (const node of order) for (const value of node.inputs) if (isGiven(value)) take(value);
    const outputs: Value[] = [];
    const sinks: (readonly Sink[])[] = [];
    const passed: { input: number; sink: Sink }[] = [];
    for (const [value, list] of sinksOf) {
      if (isGiven(value)) {
        for (const sink of list) passed.push({ input: take(value), sink });
      } else {
        outputs.push(value);
        sinks.push(list);
      }
    }
    const kept = new Set(passed.map((pass) => pass.input));
    const states = new Map(sources.flatMap((source, i): [Cell, number][] => (source.kind === "cell" ? [[source.cell, i]] : [])));
    const donate = sinks.map((list) => donor(list, states, kept));
    const inputs = [...positions.keys()].flatMap((value) => known.get(value) ?? []);
    return { graph: { inputs, outputs: cloneNodes(order, outputs, known), donate }, sources, sinks, passed };
  }

  #input(type: TensorType, device: DeviceTag | undefined, source: Source): Value {
    const value = input(type, device);
    this.#sources.set(value, source);
    this.#device ??= device;
    return value;
  }

  #guard(read: ModeRead): void {
    let reads = this.#guards.get(read.owner);
    if (!reads) this.#guards.set(read.owner, (reads = new Map()));
    if (!reads.has(read.key)) reads.set(read.key, read);
  }

  #allGuards(): ModeRead[] {
    return [...this.#guards.values()].flatMap((reads) => [...reads.values()]);
  }
}

/** The input whose memory an output should take over: the version that it replaces. `states` are the inputs that are cells. */
function donor(sinks: readonly Sink[], states: ReadonlyMap<Cell, number>, kept: ReadonlySet<number>): number {
  for (const sink of sinks) {
    const cell = sink.kind === "cell" ? sink.cell : sink.kind === "gradient" ? sink.slot.current : undefined;
    if (!cell) continue;
    const position = states.get(cell);
    if (position !== undefined && !kept.has(position)) return position;
  }
  return -1;
}

/** The error of whoever uses a tensor of a traced call outside it. */
export function leaked(): TraceError {
  return new TraceError(
    "[compile] this tensor belongs to a traced call that is over: return it from the compiled function, or assign it to a Buffer, instead of keeping it",
  );
}

/** Throws a TraceError where a traced function wants to see a number. */
export function refuseInTrace(op: string): void {
  if (!tracing.current) return;
  throw new TraceError(
    `[${op}] a traced function cannot read a value: the numbers exist only when the compiled program runs. Return the tensor and read it outside`,
  );
}

