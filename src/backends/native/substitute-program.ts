import type { Graph } from "../../ir/graph.js";
import type { Backend, Executable } from "../../runtime/backend.js";
import type { NativeStorage } from "./native-memory.js";

/** A device that can stand in: it must be able to wait. */
export type SubstituteDevice = Backend & Required<Pick<Backend, "readSync">>;

/** A program that the C compiler refused, run by another device on copies of the memory. */
export class SubstituteProgram implements Executable {
  readonly graph: Graph;
  readonly inPlace: readonly number[];
  readonly compileMs: number;
  readonly #device: SubstituteDevice;
  readonly #executable: Executable;

  constructor(graph: Graph, device: SubstituteDevice) {
    this.graph = graph;
    this.inPlace = graph.outputs.map(() => -1);
    this.#device = device;
    this.#executable = device.load(graph);
    this.compileMs = this.#executable.compileMs;
  }

  /** Runs to the end; nothing may be writing the inputs. */
  run(inputs: readonly NativeStorage[], outputs: readonly NativeStorage[]): void {
    const device = this.#device;
    const there = inputs.map((storage) => device.upload(storage.copy()));
    const results = outputs.map((storage) => device.allocate(storage.bytes));
    device.submit(this.#executable, there, results);
    results.forEach((result, k) => outputs[k]?.block.bytes.set(device.readSync(result)));
    for (const storage of [...there, ...results]) device.release(storage);
  }
}
