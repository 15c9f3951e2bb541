import { byteSize, typedView, type DType } from "../../core/dtype.js";
import { DeviceError, DisposedError } from "../../core/errors.js";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "../../core/half.js";
import { sizeOf } from "../../core/shape.js";
import type { Graph, Storage, TensorType } from "../../ir/graph.js";
import type { Backend, Executable } from "../../runtime/backend.js";
import { interpretGraph } from "./interpret-graph.js";

/** What a storage holds: bytes as they were uploaded, or float64 numbers that are rounded only when somebody reads bytes. */
type Contents =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "numbers"; readonly dtype: DType; readonly numbers: Float64Array };

class ReferenceStorage implements Storage {
  readonly device: ReferenceBackend;
  readonly bytes: number;
  contents: Contents | undefined;

  constructor(device: ReferenceBackend, bytes: number, contents: Contents) {
    this.device = device;
    this.bytes = bytes;
    this.contents = contents;
  }
}

/** The oracle: interprets graphs in float64 with the operators' plain meaning. Slow, and free of any compiler. */
export class ReferenceBackend implements Backend {
  readonly name = "reference";
  readonly threads = 1;

  supports(): boolean {
    return true;
  }

  load(graph: Graph): Executable {
    return { graph, inPlace: graph.outputs.map(() => -1), compileMs: 0 };
  }

  allocate(bytes: number): Storage {
    return new ReferenceStorage(this, bytes, { kind: "bytes", bytes: new Uint8Array(bytes) });
  }

  upload(bytes: Uint8Array): Storage {
    // Not `slice`: that of a Node Buffer is a view.
    return new ReferenceStorage(this, bytes.byteLength, { kind: "bytes", bytes: new Uint8Array(bytes) });
  }

  submit({ graph }: Executable, inputs: readonly Storage[], outputs: readonly Storage[]): void {
    const numbers = graph.inputs.map((type, i) => this.#numbers(inputs[i], type));
    interpretGraph(graph, numbers).forEach((result, i) => {
      const { dtype } = graph.outputs[i] ?? { dtype: "float32" };
      this.#own(outputs[i]).storage.contents = { kind: "numbers", dtype, numbers: result };
    });
  }

  async read(storage: Storage): Promise<Uint8Array> {
    return this.readSync(storage);
  }

  readSync(storage: Storage): Uint8Array {
    const { contents } = this.#own(storage);
    return contents.kind === "bytes" ? contents.bytes.slice() : encode(contents.dtype, contents.numbers);
  }

  async idle(): Promise<void> {
    // Work is done when `submit` returns.
  }

  release(storage: Storage): void {
    this.#own(storage).storage.contents = undefined;
  }

  async close(): Promise<void> {
    // No thread and no memory but the collector's.
  }

  #own(storage: Storage | undefined): { storage: ReferenceStorage; contents: Contents } {
    if (!(storage instanceof ReferenceStorage) || storage.device !== this) throw new DeviceError("the storage is not of the reference device");
    if (!storage.contents) throw new DisposedError("the storage was given back and is used again");
    return { storage, contents: storage.contents };
  }

  #numbers(storage: Storage | undefined, { shape, dtype }: TensorType): Float64Array {
    const { contents } = this.#own(storage);
    const numbers = contents.kind === "numbers" && contents.dtype === dtype ? contents.numbers : undefined;
    if (numbers) return numbers;
    const bytes = contents.kind === "bytes" ? contents.bytes : encode(contents.dtype, contents.numbers);
    return decode(dtype, bytes, sizeOf(shape));
  }
}

/** Numbers as the bytes of a dtype; floats are rounded to nearest. */
function encode(dtype: DType, numbers: Float64Array): Uint8Array {
  const bytes = new Uint8Array(numbers.length * byteSize(dtype));
  const toBits = dtype === "float16" ? toFloat16 : dtype === "bfloat16" ? toBfloat16 : undefined;
  typedView(dtype, bytes.buffer).set(toBits ? Array.from(numbers, toBits) : numbers);
  return bytes;
}

function decode(dtype: DType, bytes: Uint8Array, length: number): Float64Array {
  const fromBits = dtype === "float16" ? fromFloat16 : dtype === "bfloat16" ? fromBfloat16 : undefined;
  // The copy puts the elements on their alignment.
  const view = typedView(dtype, bytes.slice().buffer, 0, length);
  return fromBits ? Float64Array.from(view, fromBits) : Float64Array.from(view);
}
