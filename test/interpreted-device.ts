import { byteSize, type DType } from "../src/core/dtype.js";
import { DeviceError } from "../src/core/errors.js";
import { compileGraph } from "./compile-graph.js";
import type { Place, Program, Step } from "../src/compiler/program.js";
import type { GroupTarget, Target } from "../src/compiler/target.js";
import type { Graph, Storage } from "../src/ir/graph.js";
import { isPassed } from "../src/ir/loop.js";
import { verifyKernel } from "../src/ir/verify.js";
import { at } from "../src/ops/indexing.js";
import type { Backend, Executable } from "../src/runtime/backend.js";
import { runKernel, type Memory } from "./loop-interpreter.js";
import { decode, encode } from "./opinfo/elements.js";

/** A small GPU, so that few numbers fill several groups. */
export const smallGroups: GroupTarget = { invocations: 64, sharedBytes: 16 * 1024, buffers: 8, privateBytes: 1024, halves: true };

export function groupTarget(group: GroupTarget): Target {
  return { name: "interpreted", vectorBytes: 4, vectorRegisters: 64, l1Bytes: 16 * 1024, l2Bytes: 1 << 20, float64: false, memoryBytes: 2 ** 30, group };
}

class InterpretedStorage implements Storage {
  readonly device: InterpretedDevice;
  readonly data: Uint8Array;

  constructor(device: InterpretedDevice, data: Uint8Array) {
    this.device = device;
    this.data = data;
  }

  get bytes(): number {
    return this.data.length;
  }
}

/** Runs programs for groups of invocations statement by statement: slow, and without any GPU. */
export class InterpretedDevice implements Backend {
  readonly name = "interpreted";
  readonly threads = 1;
  readonly #target: Target;
  readonly #programs = new WeakMap<Executable, Program>();

  constructor(group = smallGroups) {
    this.#target = groupTarget(group);
  }

  supports(dtype: DType): boolean {
    return dtype !== "float64";
  }

  load(graph: Graph): Executable {
    const program = compileGraph(graph, this.#target);
    program.kernels.forEach(verifyKernel);
    const executable = { graph, inPlace: program.inPlace, compileMs: 0 };
    this.#programs.set(executable, program);
    return executable;
  }

  allocate(bytes: number): Storage {
    return new InterpretedStorage(this, new Uint8Array(bytes).fill(0xff));
  }

  upload(bytes: Uint8Array): Storage {
    return new InterpretedStorage(this, new Uint8Array(bytes));
  }

  submit(executable: Executable, inputs: readonly Storage[], outputs: readonly Storage[]): void {
    const program = this.#programs.get(executable);
    if (!program) throw new DeviceError("the program is not of this device");
    const bytesOf = (storage: Storage): Uint8Array => (storage as InterpretedStorage).data;
    const memory = { input: inputs.map(bytesOf), output: outputs.map(bytesOf), arena: [new Uint8Array(program.arenaBytes).fill(0xff)], constant: program.constants };
    const region = ({ base, index, offset, strides }: Place, rounds: readonly number[]): Uint8Array =>
      at(memory[base], index).subarray(strides.reduce((sum, stride, d) => sum + stride * at(rounds, d), offset));
    const run = (step: Step, rounds: readonly number[]): void => {
      if (step.kind === "loop") for (let i = 0; i < step.count; i++) for (const inner of step.body) run(inner, [...rounds, i]);
      else if (step.kind === "copy") region(step.to, rounds).set(region(step.from, rounds).slice(0, step.bytes));
      else launch(program, step, (place) => region(place, rounds));
    };
    for (const step of program.steps) run(step, []);
  }

  async read(storage: Storage): Promise<Uint8Array> {
    return (storage as InterpretedStorage).data.slice();
  }

  async idle(): Promise<void> {
    // Work is done when `submit` returns.
  }

  release(): void {
    // The collector does it.
  }

  async close(): Promise<void> {
    // There are no threads.
  }
}

/** Runs a kernel over numbers instead of bytes, and writes back what it changed. */
function launch(program: Program, step: Extract<Step, { kind: "launch" }>, region: (place: Place) => Uint8Array): void {
  const kernel = at(program.kernels, step.kernel);
  const passed = kernel.buffers.filter(isPassed);
  const views: { readonly bytes: Uint8Array; readonly before: Float64Array; readonly memory: Memory }[] = [];
  const buffers = step.buffers.map((place, k): Memory => {
    const bytes = region(place);
    const { dtype } = at(passed, k);
    // An output may lie in an input's memory.
    const have = views.find((v) => v.bytes.buffer === bytes.buffer && v.bytes.byteOffset === bytes.byteOffset && v.memory.dtype === dtype);
    if (have) return have.memory;
    const before = decode(dtype, bytes.subarray(0, Math.floor(bytes.length / byteSize(dtype)) * byteSize(dtype)));
    const memory = { shape: [before.length], dtype, data: before.slice() };
    views.push({ bytes, before, memory });
    return memory;
  });
  runKernel(kernel, step.items, buffers);
  for (const { bytes, before, memory } of views) {
    memory.data.forEach((v, i) => {
      if (!Object.is(v, before[i])) bytes.set(encode(memory.dtype, [v]), i * byteSize(memory.dtype));
    });
  }
}
