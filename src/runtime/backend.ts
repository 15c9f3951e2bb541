import type { DType } from "../core/dtype.js";
import type { DeviceTag, Graph, Storage } from "../ir/graph.js";
import type { Profiler } from "./profile.js";

/** A graph made ready to run on one device. */
export interface Executable {
  readonly graph: Graph;
  /** For each output, the input whose memory may be passed as the output's, or -1. */
  readonly inPlace: readonly number[];
  /** Milliseconds spent in planning and compiling; 0 when everything was cached. */
  readonly compileMs: number;
}

/**
 * A device: memory, and one queue in which compiling, running and reading happen in order. Every call but the reads
 * returns at once; the queue holds each storage until the work that uses it is over.
 */
export interface Backend extends DeviceTag {
  readonly name: string;
  readonly threads: number;
  /** Whether the device went away with all that was on it; absent where it cannot. */
  readonly isLost?: boolean;
  /** Whether it is a GPU that the processor plays; absent where it is no GPU. */
  readonly isSoftware?: boolean;
  /** Whether it computes with this dtype. */
  supports(dtype: DType): boolean;
  /** Compiles (or finds) the program of a graph. Throws CompileError, OutOfMemoryError. */
  load(graph: Graph): Executable;
  /** Memory with undefined contents. */
  allocate(bytes: number): Storage;
  /** Copies bytes to the device. */
  upload(bytes: Uint8Array): Storage;
  /** Queues a run. `outputs` are fresh storages, or the input's own where `inPlace` allows it. */
  submit(executable: Executable, inputs: readonly Storage[], outputs: readonly Storage[]): void;
  /** Bytes of a storage after everything queued before; the array belongs to the caller. */
  read(storage: Storage): Promise<Uint8Array>;
  /** The same, waiting. Absent where a device cannot wait. */
  readSync?(storage: Storage): Uint8Array;
  /** Settles when everything queued so far is done; rejects with the first error since the last call. */
  idle(): Promise<void>;
  /** Gives memory back at once; the storage must not be used again. Never needed. */
  release(storage: Storage): void;
  /**
   * Measures the steps of every run from now on for a profiler, or of none if undefined; records reach the profiler when
   * `idle` settles at the latest, and before this returns where the device can wait. Absent where steps have no clock.
   */
  profile?(profiler: Profiler | undefined): void;
  /** Ends threads and gives memory back; the device must not be used again. */
  close(): Promise<void>;
}
