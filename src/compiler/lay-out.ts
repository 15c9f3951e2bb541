import { OutOfMemoryError } from "../core/errors.js";
import { sizeOf, type Shape } from "../core/shape.js";
import { isLeaf, type Graph, type Value } from "../ir/graph.js";
import { isPassed } from "../ir/loop.js";
import type { Argument, KernelCall } from "./draft.js";
import { bytesOf, type Call, isScan, type ScanCall } from "./call.js";
import { planMemory } from "./plan-memory.js";
import type { Place, Program, Step } from "./program.js";
import type { Target } from "./target.js";

/** A place, in the arena perhaps of a temporary whose offset is not known yet. */
interface Region extends Place {
  readonly temporary?: number;
}

/** Which steps of a scan an instruction stands for: number `first`, and in a loop every `by`-th after it. */
interface Iteration {
  readonly first: number;
  readonly by: number;
}

/** Gives every value of a compiled graph its memory, and writes the steps. */
export function layOut(graph: Graph, calls: readonly Call[], inPlace: readonly number[], target: Target): Program {
  return new Layout(graph).program(calls, inPlace, target);
}

class Layout {
  readonly #graph: Graph;
  readonly #regions = new Map<Argument, Region>();
  /** Last carries that lie in the last slice of a stack. */
  readonly #slices = new Map<Argument, { readonly stack: Value; readonly offset: number }>();
  /** Values of loop bodies that lie elsewhere in each step. */
  readonly #moving = new Set<Argument>();
  /** For each carry of a scan, the memory that it takes in turns with its result. */
  readonly #spares = new Map<ScanCall, readonly (Region | undefined)[]>();
  readonly #lifetimes: { bytes: number; from: number; to: number }[] = [];
  /** Kernels in the order in which the program lists them. */
  readonly #kernels = new Map<KernelCall, number>();
  readonly #copies: Step[] = [];
  #offsets: readonly number[] = [];
  #now = 0;
  #flops = 0;
  #bytes = 0;

  constructor(graph: Graph) {
    this.#graph = graph;
    graph.inputs.forEach((v, index) => this.#regions.set(v, { base: "input", index, offset: 0, strides: [] }));
    graph.outputs.forEach((v, index) => {
      const place: Place = { base: "output", index, offset: 0, strides: [] };
      const from = this.#regions.get(v);
      if (!from) this.#regions.set(v, place);
      else if (bytesOf(v) > 0) this.#copies.push({ kind: "copy", from, to: place, bytes: bytesOf(v) });
    });
  }

  program(calls: readonly Call[], inPlace: readonly number[], target: Target): Program {
    const { inputs, outputs } = this.#graph;
    this.#plan(calls, 1);
    const { offsets, bytes: arenaBytes } = planMemory(this.#lifetimes);
    this.#offsets = offsets;
    const needed = arenaBytes + [...inputs, ...outputs].reduce((sum, v) => sum + bytesOf(v), 0);
    if (needed > target.memoryBytes) {
      const mib = (n: number): string => `${Math.ceil(n / 2 ** 20)} MiB`;
      throw new OutOfMemoryError(`the program needs ${mib(needed)}, ${target.name} can address ${mib(target.memoryBytes)}: use smaller batches or another device`);
    }
    const steps = [...this.#emit(calls, new Map(), 0), ...this.#copies];
    const kernels = [...this.#kernels.keys()].map((call) => call.kernel);
    return { inputs, outputs, inPlace, constants: [], arenaBytes, kernels, steps, flops: this.#flops, bytes: this.#bytes };
  }

  #temporary(bytes: number): Region {
    const temporary = this.#lifetimes.push({ bytes, from: this.#now, to: this.#now }) - 1;
    return { base: "arena", index: 0, offset: 0, strides: [], temporary };
  }

  /** Notes that a value is needed now. */
  #touch(v: Argument): void {
    const slice = this.#slices.get(v);
    if (slice) return this.#touch(slice.stack);
    if (this.#moving.has(v)) return;
    const region = this.#regions.get(v);
    if (!region) this.#regions.set(v, this.#temporary(bytesOf(v)));
    else this.#extend(region);
  }

  #extend({ temporary }: Region): void {
    const life = temporary === undefined ? undefined : this.#lifetimes[temporary];
    if (life) life.to = this.#now;
  }

  /** Finds out how long every temporary lives. Everything that a loop reads or writes outside lives as long as the loop. */
  #plan(calls: readonly Call[], times: number): void {
    for (const call of calls) {
      if (isScan(call)) this.#planScan(call, times);
      else {
        call.buffers.forEach((v) => this.#touch(v));
        this.#kernels.set(call, this.#kernels.size);
        this.#flops += times * call.kernel.flops;
        this.#bytes += times * call.kernel.bytes;
      }
      this.#now++;
    }
  }

  #planScan(call: ScanCall, times: number): void {
    const { body, carries, length } = call.loop;
    for (let k = 0; k < carries; k++) {
      const [last, stack] = [call.outputs[k], call.outputs[stackOf(call, k)]];
      if (!last || !stack || this.#regions.has(last) || this.#moving.has(last)) continue;
      this.#slices.set(last, { stack, offset: lastSlice(call) * bytesOf(last) });
    }
    call.buffers.forEach((v) => this.#touch(v));
    const spares = body.outputs.slice(0, carries).map((v, k) => (stackOf(call, k) < 0 && length > 1 ? this.#temporary(bytesOf(v)) : undefined));
    this.#spares.set(call, spares);
    this.#now++;
    for (const v of [...body.inputs, ...body.outputs]) this.#moving.add(v);
    this.#plan(call.calls, times * length);
    call.buffers.forEach((v) => this.#touch(v));
    for (const spare of spares) if (spare) this.#extend(spare);
  }

  #emit(calls: readonly Call[], moving: ReadonlyMap<Argument, Region>, depth: number): Step[] {
    return calls.flatMap((call): Step[] => {
      if (isScan(call)) return this.#emitScan(call, moving, depth);
      const buffers = call.buffers.map((v) => this.#place(this.#find(v, moving)));
      return [{ kind: "launch", kernel: this.#kernels.get(call) ?? -1, buffers, ints: [], items: call.items, grain: call.grain, shape: writtenShape(call) }];
    });
  }

  #find(v: Argument, moving: ReadonlyMap<Argument, Region>): Region {
    const slice = this.#slices.get(v);
    if (slice) {
      const stack = this.#find(slice.stack, moving);
      return { ...stack, offset: stack.offset + slice.offset };
    }
    return moving.get(v) ?? this.#regions.get(v) ?? { base: "arena", index: 0, offset: 0, strides: [] };
  }

  #place({ temporary, base, index, offset, strides }: Region): Place {
    return { base, index, offset: offset + (temporary === undefined ? 0 : (this.#offsets[temporary] ?? 0)), strides };
  }

  /**
   * The first step reads the carries where they come from. From then on a carry lies in its stack, if it is stacked, or changes
   * between two places, of which the second is that of the result: the loop then does two steps at a time.
   */
  #emitScan(call: ScanCall, moving: ReadonlyMap<Argument, Region>, depth: number): Step[] {
    const { carries, length } = call.loop;
    const by = this.#spares.get(call)?.some((spare) => spare) ? 2 : 1;
    const steps = this.#emitStep(call, moving, depth, { first: 0, by: 0 });
    let first = 1;
    for (; (length - first) % by !== 0; first++) steps.push(...this.#emitStep(call, moving, depth, { first, by: 0 }));
    const body: Step[] = [];
    for (let k = 0; k < by; k++) body.push(...this.#emitStep(call, moving, depth, { first: first + k, by }));
    if (length > first) steps.push({ kind: "loop", count: (length - first) / by, body });
    for (let k = 0; k < carries; k++) {
      const [last, stack] = [call.outputs[k], call.outputs[stackOf(call, k)]];
      if (!last || !stack || this.#slices.has(last)) continue;
      const from = this.#find(stack, moving);
      steps.push(...this.#copy({ ...from, offset: from.offset + lastSlice(call) * bytesOf(last) }, this.#find(last, moving), bytesOf(last)));
    }
    return steps;
  }

  #emitStep(call: ScanCall, around: ReadonlyMap<Argument, Region>, depth: number, now: Iteration): Step[] {
    const { body, consts, carries, length, reverse } = call.loop;
    const outside = (v: Argument | undefined): Region => (v ? this.#find(v, around) : { base: "arena", index: 0, offset: 0, strides: [] });
    const slice = (stack: Region, bytes: number, { first, by }: Iteration): Region => {
      const offset = stack.offset + bytes * (reverse ? length - 1 - first : first);
      if (by === 0) return { ...stack, offset };
      const strides = Array.from({ length: depth }, (_, d) => stack.strides[d] ?? 0);
      return { ...stack, offset, strides: [...strides, bytes * (reverse ? -by : by)] };
    };
    const carry = (k: number, bytes: number, at: Iteration): Region => {
      if (at.first < 0) return outside(call.inputs[consts + k]);
      const stack = call.outputs[stackOf(call, k)];
      if (stack) return slice(outside(stack), bytes, at);
      const spare = this.#spares.get(call)?.[k];
      return spare && (length - 1 - at.first) % 2 === 1 ? spare : outside(call.outputs[k]);
    };
    const moving = new Map(around);
    body.inputs.forEach((v, k) => {
      if (k < consts) moving.set(v, outside(call.inputs[k]));
      else if (k < consts + carries) moving.set(v, carry(k - consts, bytesOf(v), { ...now, first: now.first - 1 }));
      else moving.set(v, slice(outside(call.inputs[k]), call.strides[k] ?? 0, now));
    });
    const target = (k: number, bytes: number): Region => (k < carries ? carry(k, bytes, now) : slice(outside(call.outputs[k]), bytes, now));
    const copies: Step[] = [];
    // Stacks come first: a carry that is stacked lies there.
    const order = [...body.outputs.keys()].sort((a, b) => Number(a < carries) - Number(b < carries) || a - b);
    for (const k of order) {
      const v = body.outputs[k];
      if (!v || (k < carries && stackOf(call, k) >= 0)) continue;
      const have = moving.get(v);
      if (have) copies.push(...this.#copy(have, target(k, bytesOf(v)), bytesOf(v)));
      else moving.set(v, target(k, bytesOf(v)));
    }
    return [...this.#emit(call.calls, moving, now.by === 0 ? depth : depth + 1), ...copies];
  }

  #copy(from: Region, to: Region, bytes: number): Step[] {
    return bytes > 0 ? [{ kind: "copy", from: this.#place(from), to: this.#place(to), bytes }] : [];
  }
}

/** Position of the scan's output in which a carry's values are stacked anyway, or -1. */
function stackOf({ loop: { body, carries } }: ScanCall, k: number): number {
  const v = body.outputs[k];
  return v && !isLeaf(v) ? body.outputs.indexOf(v, carries) : -1;
}

function lastSlice({ loop: { reverse, length } }: ScanCall): number {
  return reverse ? 0 : length - 1;
}

/** The shape of the largest value that a kernel writes. */
function writtenShape({ kernel, buffers }: KernelCall): Shape {
  const passed = kernel.buffers.filter(isPassed);
  const written = buffers.filter((_, i) => passed[i]?.access !== "read").map(({ shape }) => shape);
  return written.reduce((largest, shape) => (sizeOf(shape) > sizeOf(largest) ? shape : largest), written[0] ?? []);
}
