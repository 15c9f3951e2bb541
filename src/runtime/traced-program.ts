import { byteSize } from "../core/dtype.js";
import { DisposedError } from "../core/errors.js";
import { sizeOf } from "../core/shape.js";
import type { Storage, TensorType, Value } from "../ir/graph.js";
import type { Backend, Executable } from "./backend.js";
import type { Cell, GradSlot } from "./cell.js";
import { deviceStorage, evaluateValues } from "./evaluate.js";
import type { Sink, Source, Traced } from "./trace.js";

/** A tensor that a compiled call was given. */
export interface Argument {
  readonly value: Value;
  readonly slot: GradSlot | undefined;
}

interface Output {
  readonly type: TensorType;
  readonly bytes: number;
  readonly sinks: readonly Sink[];
  /** The input whose memory it would take over, or -1. */
  readonly donor: number;
}

/** A traced function made ready for a device. */
export class TracedProgram {
  readonly executable: Executable;
  readonly #device: Backend;
  readonly #traced: Traced;
  readonly #outputs: readonly Output[];
  readonly #resultCount: number;
  readonly #shared = new Set<number>();

  constructor(traced: Traced, device: Backend, resultCount: number) {
    this.#traced = traced;
    this.#device = device;
    this.#resultCount = resultCount;
    const sharing = [...traced.sinks.filter((sinks) => sinks.length > 1).flat(), ...traced.passed.map((pass) => pass.sink)];
    for (const sink of sharing) if (sink.kind === "result") this.#shared.add(sink.index);
    const outer = traced.sources.flatMap((source) => (source.kind === "outer" ? [source.value] : []));
    evaluateValues(outer, device);
    this.executable = device.load(traced.graph);
    this.#outputs = traced.graph.outputs.map((type, i) => {
      return { type, bytes: sizeOf(type.shape) * byteSize(type.dtype), sinks: traced.sinks[i] ?? [], donor: traced.graph.donate?.[i] ?? -1 };
    });
  }

  /** Runs once and gives the memory of each result. Cells and gradients are written; random streams advance. */
  run(args: readonly Argument[]): Storage[] {
    const { sources, passed, cleared, draws } = this.#traced;
    this.#computeMissing(args);
    const inputs = sources.map((source) => this.#read(source, args));
    const { inPlace } = this.executable;
    const outputs = this.#outputs.map(({ bytes, donor }, i) => {
      const source = donor < 0 || inPlace[i] !== donor ? undefined : sources[donor];
      const own = inputs[donor];
      return own && source?.kind === "cell" && !source.cell.shared ? own : this.#device.allocate(bytes);
    });
    if (outputs.length > 0) this.#device.submit(this.executable, inputs, outputs);
    const results: Storage[] = new Array(this.#resultCount);
    this.#outputs.forEach(({ type, sinks }, i) => {
      const storage = outputs[i];
      if (!storage) return;
      for (const sink of sinks) this.#write(sink, storage, type, args, results, sinks.length > 1);
    });
    for (const { input, sink } of passed) {
      const storage = inputs[input];
      const source = sources[input];
      const type = this.#traced.graph.inputs[input];
      if (!storage || !source || !type) continue;
      if (source.kind === "cell") source.cell.shared = true;
      this.#write(sink, storage, type, args, results, true);
    }
    for (const slot of cleared) (typeof slot === "number" ? args[slot]?.slot : slot)?.mark(false);
    for (const [stream, count] of draws) stream.counter += count;
    return results;
  }

  /** Whether a result may have its memory in common with something else. */
  isShared(result: number): boolean {
    return this.#shared.has(result);
  }

  #computeMissing(args: readonly Argument[]): void {
    const lazy: Value[] = [];
    let missing = false;
    for (const { value } of args) if (!value.storage) lazy.push(value);
    for (const source of this.#traced.sources) {
      const cell = cellOf(source, args);
      if (!cell || cell.storage) continue;
      cell.request();
      missing = true;
    }
    if (missing || lazy.length > 0) evaluateValues(lazy, this.#device);
  }

  #read(source: Source, args: readonly Argument[]): Storage {
    switch (source.kind) {
      case "argument": {
        const argument = args[source.index];
        if (!argument) throw new TypeError("a compiled call misses an argument");
        return deviceStorage(argument.value, this.#device);
      }
      case "outer":
        return deviceStorage(source.value, this.#device);
      case "draw":
        return this.#device.upload(source.stream.bytesAt(source.stream.counter + source.offset));
      default: {
        const storage = cellOf(source, args)?.storage;
        if (!storage) throw new DisposedError("[compile] the compiled function reads state that was disposed: assign it first");
        return storage;
      }
    }
  }

  #write(sink: Sink, storage: Storage, type: TensorType, args: readonly Argument[], results: Storage[], shared: boolean): void {
    switch (sink.kind) {
      case "result":
        results[sink.index] = storage;
        return;
      case "cell":
        this.#commit(sink.cell, storage, shared);
        return;
      default: {
        const slot = sink.kind === "gradient" ? sink.slot : args[sink.index]?.slot;
        if (slot) this.#commit(slot.cell(type, this.#device), storage, shared);
        slot?.mark(true);
      }
    }
  }

  /** Gives a cell its next version; the memory of one that nobody else has seen goes back at once. */
  #commit(cell: Cell, storage: Storage, shared: boolean): void {
    const before = cell.shared ? undefined : cell.storage;
    cell.commit(storage, shared);
    if (before && before !== storage) this.#device.release(before);
  }
}

function cellOf(source: Source, args: readonly Argument[]): Cell | undefined {
  if (source.kind === "cell") return source.cell;
  return source.kind === "argument-gradient" ? args[source.index]?.slot?.current : undefined;
}
