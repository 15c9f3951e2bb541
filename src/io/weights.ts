import { FormatError } from "../core/errors.js";
import type { Backend } from "../runtime/devices.js";
import type { StateDict } from "../tensor/state-dict.js";
import type { FileArray } from "./file-array.js";
import { decodeNpy, isNpy } from "./npy.js";
import { npzArrays } from "./npz.js";
import { decodeSafetensorsArrays } from "./safetensors-arrays.js";
import { toTensor } from "./tensor-data.js";
import { torchState } from "./torch-file.js";
import type { UnpackOptions } from "./zip.js";

export interface WeightsOptions extends UnpackOptions {
  /** The default device if not given. */
  readonly device?: Backend | string | undefined;
  /** Which tensors are wanted, by their names in the file; all if not given. */
  readonly only?: ((name: string) => boolean) | undefined;
}

/** Whether the bytes begin as a safetensors file does: a length of less than 2^32 and an object. */
export function isSafetensors(bytes: Uint8Array): boolean {
  return bytes[8] === 0x7b && [4, 5, 6, 7].every((i) => bytes[i] === 0);
}

/**
 * The arrays of a safetensors, .npy ("arr_0"), .npz or PyTorch file by name; the format is told by the content. Of a PyTorch checkpoint
 * they are the model's state (`torchState`). Throws FormatError for other and for damaged files.
 */
export async function decodeArrays(bytes: Uint8Array, options: UnpackOptions = {}): Promise<ReadonlyMap<string, FileArray>> {
  if (isNpy(bytes)) return new Map([["arr_0", decodeNpy(bytes)]]);
  if (isSafetensors(bytes)) return decodeSafetensorsArrays(bytes);
  const [{ isZip, readZip, unpackedLimit }, torch] = await Promise.all([import("./zip.js"), import("./read-torch.js")]);
  if (torch.isLegacyTorch(bytes)) return torchState(await torch.readTorch(bytes, options));
  if (!isZip(bytes)) throw new FormatError("weights: neither safetensors nor .npy, .npz or a file of torch.save; is this a file of weights?");
  const entries = readZip(bytes, options);
  if (!torch.isTorchArchive(entries)) return npzArrays(entries);
  return torchState(await torch.readTorchArchive(entries, unpackedLimit(bytes.length, options)));
}

/** The same as tensors, ready for `loadStateDict`. Throws as `decodeArrays` and `toTensor`. */
export async function decodeWeights(bytes: Uint8Array, options: WeightsOptions = {}): Promise<StateDict> {
  return toState(await decodeArrays(bytes, options), options);
}

/** Tensors of the arrays that are wanted. */
export function toState(arrays: ReadonlyMap<string, FileArray>, { device, only = () => true }: WeightsOptions): StateDict {
  return Object.fromEntries([...arrays].filter(([name]) => only(name)).map(([name, array]) => [name, toTensor(name, array, device)]));
}
