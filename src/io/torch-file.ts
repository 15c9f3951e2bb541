import { FormatError } from "../core/errors.js";
import type { PickleValue } from "./pickle-value.js";
import { TorchTensor } from "./torch-tensor.js";
import type { UnpackOptions } from "./zip.js";

/**
 * What torch.save wrote, in the zip format or the one before it (.pt, .pth, .th): `TorchTensor`s in dictionaries (maps), lists
 * and tuples (arrays). Nothing else is built and no code is run. Throws FormatError for damaged files and for every global that
 * is not needed for that, naming it.
 *
 * Source: torch/serialization.py and torch/_utils.py of PyTorch, whose formats these are.
 */
export async function decodeTorch(bytes: Uint8Array, options: UnpackOptions = {}): Promise<PickleValue> {
  const { readTorch } = await import("./read-torch.js");
  return readTorch(bytes, options);
}

/** Names under which checkpoints commonly keep a model's state, the more telling first. */
const stateNames = ["state_dict", "model_state_dict", "model", "net", "params"];

/**
 * The tensors by name of a model's state: of the file's dictionary itself, or of the one that a checkpoint holds as "state_dict",
 * "model_state_dict", "model", "net", "params" or as its only dictionary of tensors. Throws FormatError where there is none.
 */
export function torchState(content: PickleValue): Map<string, TorchTensor> {
  if (!(content instanceof Map)) throw new FormatError("torch: the file holds no dictionary; read it with decodeTorch and take what you need.");
  const own = tensorsOf(content);
  if (own.size > 0 && own.size === content.size) return own;
  const inner = [...content].flatMap(([key, value]) => {
    const tensors = value instanceof Map ? tensorsOf(value) : undefined;
    return tensors && tensors.size > 0 && value instanceof Map && tensors.size === value.size ? [{ key, tensors }] : [];
  });
  const named = stateNames.flatMap((name) => inner.filter(({ key }) => key === name));
  const chosen = named[0] ?? (inner.length === 1 ? inner[0] : undefined);
  if (chosen) return chosen.tensors;
  if (own.size > 0 && inner.length === 0) return own;
  const keys = [...content.keys()].slice(0, 20).map((key) => String(key));
  throw new FormatError(`torch: no model's state among ${keys.join(", ")}; read the file with decodeTorch and take what you need.`);
}

function tensorsOf(dict: ReadonlyMap<PickleValue, PickleValue>): Map<string, TorchTensor> {
  const found = new Map<string, TorchTensor>();
  for (const [key, value] of dict) if (typeof key === "string" && value instanceof TorchTensor) found.set(key, value);
  return found;
}
