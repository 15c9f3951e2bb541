import { compileForGroups } from "../../compiler/compile-for-groups.js";
import type { Program } from "../../compiler/program.js";
import type { Target } from "../../compiler/target.js";
import type { DType } from "../../core/dtype.js";
import { ArgumentError, DeviceError, DeviceLostError, OutOfMemoryError } from "../../core/errors.js";
import type { Graph, Storage } from "../../ir/graph.js";
import type { Backend, Executable } from "../../runtime/backend.js";
import type { Profiler } from "../../runtime/profile.js";
import { type Block, BufferPool } from "./buffer-pool.js";
import { bufferUsage } from "./buffer-usage.js";
import { encodeProgram } from "./encode-program.js";
import { Failures, isDoubtful, type Made } from "./failures.js";
import { limitBindings } from "./limit-bindings.js";
import { MemoryRoots } from "./memory-roots.js";
import { ReadQueue } from "./read-queue.js";
import { recordOf, RunTimer } from "./run-timer.js";
import { ShaderLibrary } from "./shader-library.js";
import { WebgpuExecutable } from "./webgpu-executable.js";
import { WebgpuStorage } from "./webgpu-storage.js";
import type { ShaderFeatures } from "./wgsl-prelude.js";

/** Where each constant begins in the buffer of all constants. */
const constantAlignment = 16;
/** Runs that may be under way, as many as on the other devices. */
const maxPending = 16;

/** What a device is beside its `GPUDevice`. */
export interface WebgpuParts {
  readonly adapter: string;
  readonly isSoftware: boolean;
  readonly target: Target;
  /** Those of the device's that shaders use. */
  readonly features: ShaderFeatures;
}

/**
 * The device that runs kernels on a GPU, as WGSL. A run is one submission, which returns at once, and nothing waits for the GPU but
 * reads and `idle`: a loop that awaits neither queues work without end.
 */
export class WebgpuBackend implements Backend {
  readonly name = "webgpu";
  /** The GPU's own threads are its own affair: one queue feeds them. */
  readonly threads = 1;
  /** What the adapter calls itself. */
  readonly adapter: string;
  readonly isSoftware: boolean;
  readonly target: Target;
  /** There where the GPU has timestamps. They come some time after the work is done: for all before `idle`, when it settles. */
  readonly profile?: (profiler: Profiler | undefined) => void;
  readonly #device: GPUDevice;
  readonly #failures = new Failures();
  readonly #pool: BufferPool;
  readonly #reads: ReadQueue;
  readonly #library: ShaderLibrary;
  readonly #executables = new WeakMap<Graph, Executable>();
  readonly #collected: FinalizationRegistry<Block>;
  #arena: Block | undefined;
  #isClosed = false;
  #measured: { readonly profiler: Profiler; readonly timer: RunTimer } | undefined;
  readonly #records = new Set<Promise<void>>();
  /** Runs that are not known to be done. */
  #pending = 0;
  #submissions = 0;
  #dispatches = 0;

  /** Takes over a device that nobody else uses. */
  constructor(device: GPUDevice, { adapter, isSoftware, target, features }: WebgpuParts) {
    this.#device = device;
    this.adapter = adapter;
    this.isSoftware = isSoftware;
    this.target = target;
    if (device.features.has("timestamp-query")) {
      this.profile = (profiler) => {
        this.#checkDevice();
        this.#measured?.timer.close();
        this.#measured = profiler && { profiler, timer: new RunTimer(device) };
      };
    }
    this.#pool = new BufferPool(device, this.#failures);
    this.#reads = new ReadQueue(device, this.#failures);
    this.#library = new ShaderLibrary(device, this.#failures, features);
    this.#collected = new FinalizationRegistry((block) => this.#pool.give(block));
    device.onuncapturederror = (event) => {
      event.preventDefault();
      this.#failures.note(new DeviceError(`[webgpu] ${event.error.message}`));
    };
    void device.lost.then(({ message }) => {
      this.#failures.end(
        this.#isClosed
          ? new DeviceError("[webgpu] the device was closed")
          : new DeviceLostError(`[webgpu] the GPU was lost (${message.trim() || "no reason was given"}), and all tensors on it: await openDevice("webgpu") gives a new device, on which training goes on from the last checkpoint`),
      );
    });
  }

  /** Whether the device is gone: closed, or lost with all that was on it. */
  get isLost(): boolean {
    return this.#failures.fatal !== undefined;
  }

  /** Command submissions so far: one for each run, and one for reads that were asked for together. */
  get submissions(): number {
    return this.#submissions;
  }

  /** Kernels started so far, copies among them. */
  get dispatches(): number {
    return this.#dispatches;
  }

  /** Shaders compiled so far. */
  get kernelCount(): number {
    return this.#library.size;
  }

  /** Bytes of GPU memory: of all buffers, and of those that lie unused. */
  get memory(): { readonly all: number; readonly free: number } {
    const { all, free } = this.#pool.bytes;
    return { all: all + this.#reads.stagingBytes, free };
  }

  supports(dtype: DType): boolean {
    return dtype !== "float64";
  }

  load(graph: Graph): Executable {
    this.#checkDevice();
    let executable = this.#executables.get(graph);
    if (!executable) {
      const start = performance.now();
      executable = this.loadProgram(graph, compileForGroups(graph, this.target), start);
      this.#executables.set(graph, executable);
    }
    return executable;
  }

  /** Makes a compiled graph ready to run; its making began at `start`. Throws OutOfMemoryError; what the GPU refuses later is thrown by `submit` and by reads of what it computed. */
  loadProgram(graph: Graph, given: Program, start = performance.now()): WebgpuExecutable {
    const { limits } = this.#device;
    const program = limitBindings(given, limits.maxStorageBuffersPerShaderStage);
    if (program.arenaBytes > limits.maxStorageBufferBindingSize) {
      throw new OutOfMemoryError(
        `[webgpu] the program needs ${program.arenaBytes} bytes for intermediate results, the adapter's maxStorageBufferBindingSize is ` +
          `${limits.maxStorageBufferBindingSize}: use smaller batches or another device`,
      );
    }
    const before = this.#library.size;
    const offsets: number[] = [];
    let bytes = 0;
    for (const constant of program.constants) {
      offsets.push(bytes);
      bytes += Math.ceil(constant.byteLength / constantAlignment) * constantAlignment;
    }
    const encoded = encodeProgram(program, offsets, (kernel, bindings) => this.#library.load(kernel, bindings));
    const { params } = encoded;
    if (params.byteLength > limits.maxBufferSize) {
      throw new OutOfMemoryError(`[webgpu] the arguments of ${encoded.steps.length} launches need ${params.byteLength} bytes, the adapter's maxBufferSize is ${limits.maxBufferSize}: use fewer steps of loops`);
    }
    const made = this.#device.createBuffer({ label: "arguments", size: Math.max(256, params.byteLength), usage: bufferUsage.uniform | bufferUsage.copyTarget });
    this.#device.queue.writeBuffer(made, 0, params);
    let constants: WebgpuStorage | undefined;
    if (bytes > 0) {
      const all = new Uint8Array(bytes);
      program.constants.forEach((constant, i) => all.set(constant, offsets[i]));
      constants = this.upload(all);
    }
    const compileMs = this.#library.size === before ? 0 : performance.now() - start;
    return new WebgpuExecutable(graph, program, encoded, made, constants, this.#device, this.#library, compileMs);
  }

  allocate(bytes: number): WebgpuStorage {
    this.#checkDevice();
    const block = this.#pool.take(bytes);
    const storage = new WebgpuStorage(this, bytes, block);
    this.#collected.register(storage, block, storage);
    return storage;
  }

  upload(bytes: Uint8Array): WebgpuStorage {
    const storage = this.allocate(bytes.byteLength);
    // Only whole words can be written.
    const whole = bytes.byteLength - (bytes.byteLength % 4);
    const { queue } = this.#device;
    const { buffer } = storage.block;
    const source = onOwnMemory(bytes);
    if (whole > 0) queue.writeBuffer(buffer, 0, source, 0, whole);
    if (whole < bytes.byteLength) {
      const tail = new Uint8Array(4);
      tail.set(bytes.subarray(whole));
      queue.writeBuffer(buffer, whole, tail);
    }
    return storage;
  }

  submit(executable: Executable, inputs: readonly Storage[], outputs: readonly Storage[]): void {
    this.#checkDevice();
    if (!(executable instanceof WebgpuExecutable)) throw new DeviceError("[webgpu] the program was loaded for another device");
    const ins = this.#checked(inputs, executable.inputBytes, "input");
    const outs = this.#checked(outputs, executable.outputBytes, "output");
    const failure = executable.failure ?? ins.find((storage) => storage.failure)?.failure;
    if (failure) throw failure;
    if (this.#pending >= maxPending) throw new DeviceError(`[webgpu] ${maxPending} runs are under way and a GPU cannot be waited for at once: await a read or idle() between runs`);
    this.#submitReads();
    const encoder = this.#device.createCommandEncoder();
    const { roots } = executable;
    const blocks = new Array<Block | undefined>(roots.count).fill(undefined);
    const copied: WebgpuStorage[] = [];
    blocks[MemoryRoots.arena] = this.#arenaOf(executable.program.arenaBytes);
    blocks[MemoryRoots.constants] = executable.constants?.block;
    ins.forEach((storage, i) => (blocks[roots.input(i)] = storage.block));
    outs.forEach((storage, i) => {
      const donor = ins[executable.inPlace[i] ?? -1];
      if (donor && donor !== storage) encoder.copyBufferToBuffer(donor.block.buffer, 0, storage.block.buffer, 0, wholeWords(storage.bytes));
      blocks[roots.output(i)] = storage.block;
    });
    // What is written must not be read through another binding as well.
    const written = new Set(outs.map((storage) => storage.block));
    ins.forEach((storage, i) => {
      if (!written.has(storage.block) || executable.overwrites(i)) return;
      const copy = this.allocate(storage.bytes);
      encoder.copyBufferToBuffer(storage.block.buffer, 0, copy.block.buffer, 0, wholeWords(storage.bytes));
      blocks[roots.input(i)] = copy.block;
      copied.push(copy);
    });
    const doubts = new Set<Made>();
    executable.addDoubts(doubts);
    const arena = blocks[MemoryRoots.arena];
    if (arena && isDoubtful(arena)) doubts.add(arena);
    for (const storage of [...ins, ...copied]) storage.addDoubts(doubts);
    for (const storage of outs) storage.addDoubts(doubts);
    let times: GPUBuffer | undefined;
    const run = (): void => {
      const groups = executable.bind(blocks);
      times = this.#measured && this.#measured.timer.encode(encoder, executable.dispatches, (pass, n) => executable.encode(pass, groups, n, n + 1));
      if (!times) {
        const pass = encoder.beginComputePass();
        executable.encode(pass, groups, 0, executable.dispatches);
        pass.end();
      }
      this.#device.queue.submit([encoder.finish()]);
    };
    if (doubts.size === 0) run();
    else doubts.add(this.#failures.follow(this.#device, new Set(doubts), run));
    for (const storage of outs) storage.dependOn(doubts);
    this.#pending++;
    // A device that was lost takes no further run.
    void this.#device.queue.onSubmittedWorkDone().then(() => this.#pending--, () => undefined);
    if (times && this.#measured) this.#record(times, executable, this.#measured.profiler);
    this.#submissions++;
    this.#dispatches += executable.dispatches;
    for (const copy of copied) this.release(copy);
  }

  async read(storage: Storage): Promise<Uint8Array> {
    this.#checkDevice();
    const own = this.#own(storage);
    const { block, bytes } = own;
    if (own.failure) throw own.failure;
    const doubts = new Set<Made>();
    own.addDoubts(doubts);
    // Reads of this moment share a submission.
    if (!this.#reads.isWaiting) queueMicrotask(() => this.#submitReads());
    return this.#reads.add(block.buffer, bytes, doubts);
  }

  async idle(): Promise<void> {
    this.#checkDevice();
    this.#submitReads();
    await this.#device.queue.onSubmittedWorkDone();
    await Promise.all(this.#records);
    await this.#failures.check();
  }

  release(storage: Storage): void {
    const own = this.#own(storage);
    this.#submitReads();
    this.#collected.unregister(own);
    this.#pool.give(own.detach());
  }

  async close(): Promise<void> {
    if (this.isLost) return;
    this.#submitReads();
    await this.#device.queue.onSubmittedWorkDone();
    this.#isClosed = true;
    this.#device.destroy();
    await this.#device.lost;
  }

  /** Hands over what a run measured, once it is there. */
  #record(times: GPUBuffer, { description, steps, dispatches }: WebgpuExecutable, profiler: Profiler): void {
    const read = this.#reads.add(times, 16 * dispatches);
    this.#submitReads();
    const record: Promise<void> = read
      .then((bytes) => profiler.add(description, recordOf(description, steps, bytes)))
      // What went wrong is told to who reads results.
      .catch(() => undefined)
      .finally(() => {
        times.destroy();
        this.#records.delete(record);
      });
    this.#records.add(record);
  }

  #submitReads(): void {
    if (!this.#reads.isWaiting) return;
    this.#reads.submit();
    this.#submissions++;
  }

  #arenaOf(bytes: number): Block | undefined {
    if (bytes > 0 && (this.#arena?.failure || (this.#arena?.size ?? 0) < bytes)) {
      const before = this.#arena;
      this.#arena = undefined;
      if (before) this.#pool.give(before);
      this.#arena = this.#pool.take(bytes);
    }
    return this.#arena;
  }

  #checkDevice(): void {
    if (this.#failures.fatal) throw this.#failures.fatal;
  }

  #own(storage: Storage): WebgpuStorage {
    if (storage instanceof WebgpuStorage && storage.device === this) return storage;
    throw new DeviceError(`[webgpu] memory of ${storage.device.name} was given to a WebGPU device that does not own it: move the tensor with .to(device)`);
  }

  #checked(storages: readonly Storage[], sizes: readonly number[], role: string): WebgpuStorage[] {
    if (storages.length !== sizes.length) throw new ArgumentError(`[webgpu] a program with ${sizes.length} ${role}s was given ${storages.length}`);
    return storages.map((storage, i) => {
      if (storage.bytes !== sizes[i]) throw new ArgumentError(`[webgpu] ${role} ${i} has ${storage.bytes} bytes: expected ${sizes[i]}`);
      return this.#own(storage);
    });
  }
}

/** Bytes that a copy moves for so many. */
function wholeWords(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}

/** WebGPU takes no memory that threads share. */
function onOwnMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer ? new Uint8Array(buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes);
}
