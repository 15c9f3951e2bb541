"""Small files of numpy and torch, as base64, with the arrays that they hold: test/golden/files.json.

Arrays are given by dtype, shape and the hex of their little-endian row-major bytes. Safetensors files are not made here (the
package is not in Debian); their layout is checked against the format's description.
"""
import base64
import collections
import io
import json
import os
import zipfile

import numpy as np
import torch

OUT = os.path.join(os.path.dirname(__file__), "..", "..", "test", "golden", "files.json")


def text(raw):
    return base64.b64encode(raw).decode()


def of_numpy(a):
    a = np.asarray(a)
    little = np.ascontiguousarray(a).astype(a.dtype.newbyteorder("<"))
    return {"dtype": a.dtype.name, "shape": list(a.shape), "data": little.tobytes().hex()}


def of_torch(t):
    t = t.detach().contiguous()
    name = str(t.dtype).split(".")[1]
    raw = t.view(torch.int16) if t.dtype == torch.bfloat16 else t
    return {"dtype": name, "shape": list(t.shape), "data": raw.numpy().tobytes().hex()}


def npy(array, version=None):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=version)
    return out.getvalue()


NAMES = ["bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex64", "complex128"]


def sample(name, shape=(2, 3)):
    n = int(np.prod(shape))
    values = np.array([(7 * i) % 11 - 5 for i in range(n)], dtype=np.int64)
    if name == "bool":
        return (values > 0).reshape(shape)
    if name.startswith("complex"):
        return (values / 4 + 1j * values[::-1]).astype(name).reshape(shape)
    return (values / 4 if name.startswith("float") else values).astype(name).reshape(shape)


def npy_case(name, array, raw, ours):
    return {"name": name, "file": text(raw), "array": of_numpy(array), "ours": ours}


npys = [npy_case(name, sample(name), npy(sample(name)), True) for name in NAMES]
npys += [npy_case(f"{name}, big-endian", sample(name), npy(sample(name).astype(np.dtype(name).newbyteorder(">"))), False) for name in NAMES if np.dtype(name).itemsize > 1]
for shape in [(), (0,), (5,), (2, 0, 3), (1, 1, 1, 1, 1, 1, 1, 1), (2, 3, 2)]:
    npys.append(npy_case(f"shape {shape}", sample("float32", shape), npy(sample("float32", shape)), True))
cube = sample("int32", (2, 3, 4))
npys.append(npy_case("fortran order", cube, npy(np.asfortranarray(cube)), False))
npys.append(npy_case("fortran order, big-endian", cube, npy(np.asfortranarray(cube).astype(">i4", order="F")), False))
npys += [npy_case(f"version {v}", cube, npy(cube, (v, 0)), False) for v in (2, 3)]


def npz_case(name, save, arrays):
    out = io.BytesIO()
    save(out, **arrays)
    return {"name": name, "file": text(out.getvalue()), "arrays": {key: of_numpy(a) for key, a in arrays.items()}}


arrays = {"weight": sample("float32"), "inner/bias": sample("float64", (3,)), "flag": np.array(True), "fortran": np.asfortranarray(cube), "zeros": np.zeros((40, 50), "int8")}
npzs = [npz_case("savez", np.savez, arrays), npz_case("savez_compressed", np.savez_compressed, arrays)]
refused_npys = {"object": text(npy(np.array([None, "a"], dtype=object))), "record": text(npy(np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")]))), "text": text(npy(np.array(["ab"])))}


def tensors():
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 8
    whole = torch.arange(6)
    made = collections.OrderedDict()
    for dtype in [torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64]:
        made[str(dtype).split(".")[1]] = (whole - 2).to(dtype).reshape(2, 3) if dtype != torch.bool else (whole > 2).reshape(2, 3)
    made["transposed"] = base.t()
    made["strided"] = base[1::2, ::3]
    made["offset"] = base[2]
    made["expanded"] = torch.tensor([1.5, 2.5]).reshape(2, 1).expand(2, 3)
    made["scalar"] = torch.tensor(2.5)
    made["empty"] = torch.zeros(0, 3)
    made["parameter"] = torch.nn.Parameter(torch.tensor([0.25, -1.0]))
    return made


def torch_case(name, value, state, **options):
    out = io.BytesIO()
    torch.save(value, out, **options)
    raw = out.getvalue()
    if options.get("_use_new_zipfile_serialization", True):
        # torch pads each file to 64 bytes; a copy without is a third of that, and as valid.
        small = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(small, "w") as new:
            for info in old.infolist():
                new.writestr(info.filename, old.read(info))
        if name != "zip":
            raw = small.getvalue()
    return {"name": name, "file": text(raw), "arrays": {key: of_torch(t) for key, t in state.items()}}


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(3, 2)
        self.norm = torch.nn.BatchNorm1d(2)


torch.manual_seed(3)
legacy = {"_use_new_zipfile_serialization": False}
net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
net.norm(net.fc(torch.ones(4, 3))).sum().backward()
optimizer.step()
checkpoint = {
    "epoch": 3, "best": 0.5, "name": "n", "big": 2**70, "negative": -(2**40), "none": None, "ok": True, "size": torch.Size([2, 3]), "device": torch.device("cpu"),
    "list": [1, (2, 3), {"x": -1.5}], "state_dict": net.state_dict(), "optimizer": optimizer.state_dict(),
}
made = tensors()
torches = [torch_case("zip", made, made), torch_case("legacy", made, made, **legacy)]
for name, options in [("checkpoint, zip", {}), ("checkpoint, legacy", legacy), ("checkpoint, protocol 4", {"pickle_protocol": 4}), ("checkpoint, protocol 5", {"pickle_protocol": 5})]:
    torches.append(torch_case(name, checkpoint, net.state_dict(), **options))

refused = {}
for name, value in [("a module", net), ("a function", {"f": os.getcwd}), ("a set", {1, 2}), ("a numpy scalar", {"x": np.float64(1)}), ("a quantized tensor", torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8))]:
    for kind, options in [("zip", {}), ("legacy", legacy)]:
        refused[f"{name}, {kind}"] = torch_case("refused", value, {}, **options)["file"]

def lines(cases):
    """One case a line."""
    dump = lambda x: json.dumps(x, separators=(",", ":"))
    if isinstance(cases, dict):
        return "{\n" + ",\n".join(f"{dump(key)}:{dump(value)}" for key, value in cases.items()) + "\n}"
    return "[\n" + ",\n".join(map(dump, cases)) + "\n]"


families = {"npys": npys, "refusedNpys": refused_npys, "npzs": npzs, "torches": torches, "refusedTorches": refused}
with open(OUT, "w") as out:
    out.write('{\n"generator": "scripts/goldens/files.py",\n"torch": ' + json.dumps(torch.__version__) + "".join(f',\n"{key}": {lines(cases)}' for key, cases in families.items()) + "\n}\n")
print(os.path.getsize(OUT), "bytes")
