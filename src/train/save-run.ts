import type { DType, TypedArray } from "../core/dtype.js";
import { toBfloat16, toFloat16 } from "../core/half.js";
import { encodeSafetensors, type SafetensorsDType, type SafetensorsTensor } from "../io/safetensors.js";
import type { Module } from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";
import type { Evaluation } from "./evaluate.js";
import { saveRunFolder } from "./run-folder.js";

/** A line of `metrics.jsonl` about a piece of the training. */
export interface StepMetrics {
  /** The piece's last step, from 1 over all epochs. */
  readonly step: number;
  /** Passes over the data that were done after it, with the broken part. */
  readonly epoch: number;
  /** Mean over the piece's steps. */
  readonly loss: number;
  /** Of the piece's last step. */
  readonly lr: number;
  /** Seconds of training after it, without compiling. */
  readonly seconds: number;
}

export interface Run {
  readonly model: Module<Tensor, Tensor>;
  readonly metrics: readonly StepMetrics[];
  /** Undefined for a run that was stopped. */
  readonly evaluation: Pick<Evaluation, "loss" | "accuracy"> | undefined;
  /** What `recipe.json` holds: the recipe with its options, and how inputs are prepared. */
  readonly description: Readonly<Record<string, unknown>>;
}

const storedAs: Readonly<Record<DType, SafetensorsDType>> = {
  float32: "F32",
  float64: "F64",
  int32: "I32",
  uint32: "U32",
  uint8: "U8",
  int8: "I8",
  bool: "BOOL",
  float16: "F16",
  bfloat16: "BF16",
};

/** Elements as a file has them: reading a tensor of halves gives floats. */
function asStored(dtype: DType, values: TypedArray): TypedArray {
  if (dtype === "float16") return Uint16Array.from(values, toFloat16);
  return dtype === "bfloat16" ? Uint16Array.from(values, toBfloat16) : values;
}

/** A model's parameters and buffers by their state-dict names, as a safetensors file. */
export async function encodeModel(model: Module<Tensor, Tensor>): Promise<Uint8Array> {
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [name, tensor] of Object.entries(model.stateDict())) {
    const { shape, dtype } = tensor;
    const values = asStored(dtype, await tensor.data());
    const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    tensors.set(name, { dtype: storedAs[dtype], shape, data });
  }
  return encodeSafetensors(tensors, new Map([["format", "pt"]]));
}

/**
 * Saves a run as the folder `path` or, where that was taken meanwhile, beside it; gives back where. The folder holds
 * `model.safetensors` (state-dict names as keys), `recipe.json` and `metrics.jsonl`: a line `{step, epoch, loss, lr,
 * seconds}` for each piece of the training and, for a run that came to its end, a last line
 * `{step, epoch, test: {loss, accuracy}}`. Throws DataError where it cannot be written.
 */
export async function saveRun(path: string, { model, metrics, evaluation, description }: Run): Promise<string> {
  const lines: object[] = [...metrics];
  const last = metrics.at(-1);
  if (evaluation && last) {
    const { loss, accuracy } = evaluation;
    lines.push({ step: last.step, epoch: last.epoch, test: { loss, accuracy } });
  }
  return saveRunFolder(
    path,
    new Map<string, Uint8Array | string>([
      ["model.safetensors", await encodeModel(model)],
      ["recipe.json", `${JSON.stringify(description, null, 2)}\n`],
      ["metrics.jsonl", lines.map((line) => `${JSON.stringify(line)}\n`).join("")],
    ]),
  );
}
