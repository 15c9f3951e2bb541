import { missingParts } from "../compiler/late-parts.js";
import { ArgumentError, DeviceError } from "../core/errors.js";
import type { DType } from "../core/dtype.js";
import type { Graph, Storage } from "../ir/graph.js";
import type { Backend, Executable } from "./backend.js";
import type { Profiler } from "./profile.js";

/** What is known of a device before its code is there. */
export interface DeferredOptions {
  readonly name: string;
  readonly threads: number;
  /** Whether it computes with a dtype; with every one if not given. */
  readonly supports?: (dtype: DType) => boolean;
}

/** Runs that may wait for the device, as many as may be under way on one that is there. */
const maxWaiting = 16;

/** What a call will have given once it was made, or the error that it threw. */
class Outcome<T> {
  #value: T | undefined;
  #error: unknown;
  #failed = false;

  settle(make: () => T): void {
    try {
      this.#value = make();
    } catch (error) {
      this.#failed = true;
      this.#error = error;
      throw error;
    }
  }

  /** Hands on the error of something that this was to be made with. */
  fail(error: unknown): void {
    this.#failed = true;
    this.#error = error;
  }

  get settled(): T | undefined {
    return this.#value;
  }

  /** Throws the call's error. */
  get value(): T {
    if (this.#failed) throw this.#error;
    if (this.#value === undefined) throw new TypeError("a call on a device that is not there yet was taken as made");
    return this.#value;
  }
}

class DeferredStorage implements Storage {
  readonly device: DeferredBackend;
  readonly bytes: number;
  readonly outcome = new Outcome<Storage>();

  constructor(device: DeferredBackend, bytes: number) {
    this.device = device;
    this.bytes = bytes;
  }
}

class DeferredExecutable implements Executable {
  readonly graph: Graph;
  readonly outcome = new Outcome<Executable>();

  constructor(graph: Graph) {
    this.graph = graph;
  }

  /** Nothing is overwritten before the program is known. */
  get inPlace(): readonly number[] {
    return this.outcome.settled?.inPlace ?? [];
  }

  get compileMs(): number {
    return this.outcome.settled?.compileMs ?? 0;
  }
}

/**
 * A device whose code is fetched, or whose hardware is found, only when it is first used; parts of the compiler come with the
 * first program that needs them. It takes every call at once: those that come before the code wait in their order, later ones
 * go straight through. What a waiting call throws is thrown by the reads
 * that depend on it, and by `idle`.
 */
export class DeferredBackend implements Backend {
  readonly name: string;
  readonly #options: DeferredOptions;
  readonly #opening: Promise<Backend>;
  #opened: Backend | undefined;
  /** What is being fetched: the device itself, and parts of the compiler that programs need. */
  #fetches = 0;
  #waiting: ((backend: Backend) => void)[] = [];
  #waitingRuns = 0;
  /** Why the device will not come. */
  #absence: { readonly error: unknown } | undefined;
  /** What the waiting calls threw first, and nobody was told yet. */
  #failure: { readonly error: unknown } | undefined;

  /** `open` is called at once. What it rejects with is what every read of this device rejects with, and every later call throws. */
  constructor(options: DeferredOptions, open: () => Promise<Backend>) {
    this.name = options.name;
    this.#options = options;
    this.#opening = open();
    this.#waitFor(this.#opening.then((backend) => (this.#opened = backend)));
  }

  /** Whether the device could not be had, or went away. */
  get isLost(): boolean {
    return this.#absence !== undefined || this.#opened?.isLost === true;
  }

  get threads(): number {
    return this.#opened?.threads ?? this.#options.threads;
  }

  supports(dtype: DType): boolean {
    return this.#opened?.supports(dtype) ?? this.#options.supports?.(dtype) ?? true;
  }

  load(graph: Graph): Executable {
    const executable = new DeferredExecutable(graph);
    const missing = missingParts(graph);
    if (missing.length > 0) this.#waitFor(Promise.all(missing.map((part) => part.arrive())));
    this.#call(executable.outcome, (backend) => backend.load(graph));
    return executable;
  }

  allocate(bytes: number): Storage {
    return this.#storage(bytes, (backend) => backend.allocate(bytes));
  }

  upload(bytes: Uint8Array): Storage {
    const own = this.#backend ? bytes : new Uint8Array(bytes);
    return this.#storage(bytes.byteLength, (backend) => backend.upload(own));
  }

  submit(executable: Executable, inputs: readonly Storage[], outputs: readonly Storage[]): void {
    this.#requirePossible();
    if (!(executable instanceof DeferredExecutable)) throw new DeviceError(`[${this.name}] the executable was loaded by another device`);
    if (!this.#backend && ++this.#waitingRuns > maxWaiting) {
      throw new DeviceError(`[${this.name}] ${maxWaiting} runs wait for the device's code: await a read or idle() between runs`);
    }
    const own = (storage: Storage): Storage => this.#own(storage).outcome.value;
    this.#do((backend) => {
      try {
        backend.submit(executable.outcome.value, inputs.map(own), outputs.map(own));
      } catch (error) {
        // Who waited for the run learns of its failure by reading.
        if (!this.#backend) for (const storage of outputs) this.#own(storage).outcome.fail(error);
        throw error;
      }
    });
  }

  async read(storage: Storage): Promise<Uint8Array> {
    const { outcome } = this.#own(storage);
    if (this.#backend) return this.#backend.read(outcome.value);
    return this.#later((backend) => backend.read(outcome.value));
  }

  /** Throws DeviceError before the device's code is there. */
  readSync(storage: Storage): Uint8Array {
    const { outcome } = this.#own(storage);
    this.#requirePossible();
    if (!this.#backend) throw new DeviceError(`[${this.name}] the device's code is being fetched and cannot be waited for: use the asynchronous read`);
    if (!this.#backend.readSync) throw new DeviceError(`[${this.name}] cannot be read without waiting: use the asynchronous read`);
    return this.#backend.readSync(outcome.value);
  }

  async idle(): Promise<void> {
    if (this.#backend) await this.#backend.idle();
    else await this.#later((backend) => backend.idle());
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure.error;
  }

  release(storage: Storage): void {
    const { outcome } = this.#own(storage);
    if (!this.#absence) this.#do((backend) => backend.release(outcome.value));
  }

  /** Throws DeviceError where the device's steps have no clock. */
  profile(profiler: Profiler | undefined): void {
    this.#do((backend) => {
      if (!backend.profile) throw new DeviceError(`[profile] ${this.name} cannot be measured: use the native or the wasm device`);
      backend.profile(profiler);
    });
  }

  async close(): Promise<void> {
    await this.#opening.then((backend) => backend.close(), () => undefined);
  }

  /** The device, unless calls wait. */
  get #backend(): Backend | undefined {
    return this.#fetches === 0 ? this.#opened : undefined;
  }

  #own(storage: Storage): DeferredStorage {
    if (storage instanceof DeferredStorage && storage.device === this) return storage;
    throw new ArgumentError(`[${this.name}] a storage of ${storage.device.name} was given to ${this.name}: move the tensor with .to("${this.name}")`);
  }

  #requirePossible(): void {
    if (this.#absence) throw this.#absence.error;
  }

  #storage(bytes: number, make: (backend: Backend) => Storage): Storage {
    const storage = new DeferredStorage(this, bytes);
    this.#call(storage.outcome, make);
    return storage;
  }

  #call<T>(outcome: Outcome<T>, make: (backend: Backend) => T): void {
    this.#do((backend) => outcome.settle(() => make(backend)));
  }

  /** Does it now, or when its turn has come. */
  #do(call: (backend: Backend) => void): void {
    this.#requirePossible();
    if (this.#backend) call(this.#backend);
    else this.#waiting.push(call);
  }

  /** What an asynchronous call gives when its turn has come. */
  #later<T>(call: (backend: Backend) => Promise<T>): Promise<T> {
    this.#requirePossible();
    return new Promise((resolve, reject) => {
      this.#opening.catch(reject);
      this.#waiting.push((backend) => {
        try {
          resolve(call(backend));
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  #waitFor(fetch: Promise<unknown>): void {
    this.#fetches++;
    fetch.then(
      () => this.#arrive(),
      (error: unknown) => {
        this.#absence = { error };
        this.#waiting = [];
      },
    );
  }

  #arrive(): void {
    if (this.#opened && this.#fetches === 1) {
      for (const call of this.#waiting) {
        try {
          call(this.#opened);
        } catch (error) {
          this.#failure ??= { error };
        }
      }
      this.#waiting = [];
      this.#waitingRuns = 0;
    }
    this.#fetches--;
  }
}
