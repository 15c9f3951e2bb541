import { FormatError } from "../core/errors.js";
import { arrayBytes, fileItemBytes, isSizes, type FileDType } from "./file-array.js";
import { PickleGlobal, setItem, type PickleValue } from "./pickle-value.js";
import { StoragePart, TorchStorage, TorchTensor } from "./torch-tensor.js";

/** Storage classes by what precedes "Storage" in their names. */
const storageDTypes: ReadonlyMap<string, FileDType> = new Map<string, FileDType>([
  ["Float", "float32"],
  ["Double", "float64"],
  ["Half", "float16"],
  ["BFloat16", "bfloat16"],
  ["Long", "int64"],
  ["Int", "int32"],
  ["Short", "int16"],
  ["Char", "int8"],
  ["Byte", "uint8"],
  ["Bool", "bool"],
  ["ComplexFloat", "complex64"],
  ["ComplexDouble", "complex128"],
  ["Untyped", "uint8"],
]);

/** PyTorch's names of element types where they are not ours; "torch.float" and the like are never written. */
const torchDTypes: readonly FileDType[] = [...storageDTypes.values(), "uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu"];

/** More than any tensor has; what follows takes time for each axis. */
const maxRank = 64;

/** Builds tensors and plain containers for an unpickler; refuses everything else. */
export class TorchObjects {
  readonly storages = new Map<string, TorchStorage>();
  private readonly limit: number;
  private tensorBytes = 0;
  private items: number;

  /** `fileBytes` bounds the items of dictionaries that are given as lists, `limit` the bytes of all tensors. */
  constructor(fileBytes: number, limit: number) {
    this.items = fileBytes;
    this.limit = limit;
  }

  readonly findGlobal = (name: string): PickleGlobal | undefined => {
    const call = this.callables[name];
    if (call && Object.hasOwn(this.callables, name)) return new PickleGlobal(name, call);
    const storage = /^torch\.(?:cuda\.|storage\.)?(\w+)Storage$/.exec(name)?.[1];
    const dtype = /^torch\.(\w+)$/.exec(name)?.[1];
    const known = (storage !== undefined && storageDTypes.has(storage)) || torchDTypes.some((type) => type === dtype);
    return known ? new PickleGlobal(name) : undefined;
  };

  readonly findPersistent = (id: PickleValue): TorchStorage | StoragePart => {
    const [kind, type, key, , count, part] = Array.isArray(id) ? id : [];
    const name = type instanceof PickleGlobal ? /(\w+)Storage$/.exec(type.name)?.[1] : undefined;
    const dtype = storageDTypes.get(name ?? "");
    if (kind !== "storage" || !dtype || typeof key !== "string" || !isSizes([count])) {
      throw new FormatError("torch: a persistent id that is no storage of numbers; the file holds more than tensors and is refused.");
    }
    const known = this.storages.get(key) ?? new TorchStorage(dtype, key, Number(count));
    if (known.dtype !== dtype || known.count !== count) throw new FormatError(`torch: storage "${key}" is described twice, differently.`);
    this.storages.set(key, known);
    if (part === undefined || part === null) return known;
    const [, start, size] = Array.isArray(part) ? part : [];
    if (!isSizes([start, size]) || Number(start) + Number(size) > known.count) throw new FormatError(`torch: a part of storage "${key}" passes its end.`);
    return new StoragePart(known, Number(start), Number(size));
  };

  private readonly callables: Readonly<Record<string, (args: readonly PickleValue[]) => PickleValue>> = {
    "collections.OrderedDict": ([pairs]) => this.orderedDict(pairs),
    "torch._utils._rebuild_tensor": ([storage, offset, sizes, strides]) => this.tensor(storage, offset, sizes, strides),
    "torch._utils._rebuild_tensor_v2": ([storage, offset, sizes, strides]) => this.tensor(storage, offset, sizes, strides),
    "torch._utils._rebuild_tensor_v3": ([storage, offset, sizes, strides, , , dtype]) => this.tensor(storage, offset, sizes, strides, dtype),
    "torch._utils._rebuild_parameter": ([tensor]) => {
      if (tensor instanceof TorchTensor) return tensor;
      throw new FormatError("torch: a parameter that is no tensor.");
    },
    "torch.Size": ([sizes = []]) => {
      if (isSizes(sizes)) return sizes;
      throw new FormatError("torch: a torch.Size that is no list of sizes.");
    },
    "torch.device": (parts) => parts.map((part) => String(part)).join(":").slice(0, 100),
  };

  private orderedDict(pairs: PickleValue | undefined): PickleValue {
    const dict = new Map<PickleValue, PickleValue>();
    if (pairs === undefined) return dict;
    if (!Array.isArray(pairs)) throw new FormatError("torch: an OrderedDict of what is no list.");
    this.items -= pairs.length;
    if (this.items < 0) throw new FormatError("torch: one list makes many dictionaries; the file is made to do harm.");
    for (const pair of pairs) {
      const [key, value] = Array.isArray(pair) ? pair : [];
      if (key === undefined || value === undefined) throw new FormatError("torch: an OrderedDict of what are no pairs.");
      setItem(dict, key, value);
    }
    return dict;
  }

  private tensor(source: PickleValue | undefined, offset: PickleValue | undefined, sizes: PickleValue | undefined, strides: PickleValue | undefined, type?: PickleValue): TorchTensor {
    const part = source instanceof TorchStorage ? new StoragePart(source, 0, source.count) : source;
    if (!(part instanceof StoragePart)) throw new FormatError("torch: a tensor without a storage.");
    const { dtype: stored, key } = part.storage;
    const dtype = type === undefined ? stored : torchDTypes.find((known) => type instanceof PickleGlobal && type.name === `torch.${known}`);
    if (!dtype) throw new FormatError("torch: a tensor of an element type that is not known.");
    if (typeof offset !== "number" || !isSizes([offset]) || !isSizes(sizes) || !isSizes(strides) || sizes.length !== strides.length || sizes.length > maxRank) {
      throw new FormatError(`torch: a tensor of storage "${key}" whose offset, shape or strides are no whole numbers from 0 to 2^53 - 1.`);
    }
    const bytes = arrayBytes("torch: a tensor", fileItemBytes(dtype), sizes);
    const last = sizes.reduce((at, size, axis) => at + (size - 1) * (strides[axis] ?? 0), offset);
    const end = (last + 1) * fileItemBytes(dtype);
    if (bytes > 0 && !(end <= part.count * fileItemBytes(stored))) {
      throw new FormatError(`torch: a tensor of shape [${sizes.join(", ")}] passes the end of storage "${key}"; the file is damaged.`);
    }
    this.tensorBytes += bytes;
    if (this.tensorBytes > this.limit) {
      throw new FormatError(`torch: the tensors take more than ${this.limit} bytes; if the file can be trusted, raise { maxUnpackedBytes }.`);
    }
    return new TorchTensor(part, dtype, offset, [...sizes], [...strides]);
  }
}
