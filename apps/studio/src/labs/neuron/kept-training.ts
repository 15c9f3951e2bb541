import { tensor, type Tensor } from "gradus";
import type { Settings } from "./settings.js";

/** The numbers of a tensor as JSON can hold them: float64, little-endian, in base64, for NaN and Infinity are no JSON. */
export interface KeptNumbers {
  readonly shape: readonly number[];
  readonly data: string;
}

/** What a learner has learned, and where it stands. JSON can hold it. */
export interface KeptLearner {
  readonly numbers: Readonly<Record<string, KeptNumbers>>;
  /** Examples that were taken from the batches. */
  readonly taken: number;
  /** What else the learner goes on from. */
  readonly rest?: unknown;
}

/** A training, to be gone on with by an engine of the same settings as if it had not been broken off. */
export interface KeptTraining {
  readonly settings: Settings;
  readonly steps: number;
  readonly epochs: number;
  /** That of the last step; null before the first. */
  readonly batchLoss: number | null;
  readonly learner: KeptLearner;
}

export function keepNumbers(values: ArrayLike<number>, shape: readonly number[] = [values.length]): KeptNumbers {
  const bytes = new Uint8Array(Float64Array.from(values).buffer);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return { shape, data: btoa(text) };
}

export function keptValues({ data }: KeptNumbers): Float64Array {
  return new Float64Array(Uint8Array.from(atob(data), (character) => character.charCodeAt(0)).buffer);
}

/** The tensors of a state under names that begin with `prefix`. */
export function keepTensors(prefix: string, tensors: Readonly<Record<string, Tensor>>): Record<string, KeptNumbers> {
  return Object.fromEntries(Object.entries(tensors).map(([name, value]) => [prefix + name, keepNumbers(value.dataSync(), value.shape)]));
}

/** Those tensors again, float32 each; what takes them over gives them its own type. */
export function keptTensors(prefix: string, numbers: KeptLearner["numbers"]): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(numbers).flatMap(([name, kept]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), tensor(Float32Array.from(keptValues(kept)), { shape: kept.shape })]] : [])),
  );
}
