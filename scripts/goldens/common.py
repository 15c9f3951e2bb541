"""What the generators of test/golden/*.json share: tensors that float32 holds exactly, and cases with values and gradients.

Needs Debian's python3-torch (PyTorch 1.13). Run a generator from anywhere: /usr/bin/python3 scripts/goldens/FAMILY.py

Everything is computed in float64. Gradients are those of sum over outputs of output[i] * weight(i), with
weight(i) = ((7 i) mod 11 - 4.5) / 8, i counting a float output's elements in row-major order. Inputs are multiples of 1/64.
Names and arguments in the files are in Gradus's vocabulary; keys of states are PyTorch's own.
"""
import json
import math
import os
import sys

import numpy as np
import torch

OUT = os.path.join(os.path.dirname(__file__), "..", "..", "test", "golden")
rng = np.random.RandomState(7)
torch.manual_seed(7)


def number(x, digits=9):
    """JSON has no NaN and no infinities: they become strings. A negative zero stays one."""
    x = float(x)
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    if x == int(x) and abs(x) < 1e15:
        return -0.0 if math.copysign(1, x) < 0 and x == 0 else int(x)
    return float(f"%.{digits}g" % x)


DTYPES = {torch.float64: "float32", torch.int64: "int32", torch.int32: "int32", torch.bool: "bool", torch.uint8: "uint8"}


def record(t):
    t = t.detach()
    return {"shape": list(t.shape), "dtype": DTYPES[t.dtype], "data": [number(x) for x in t.reshape(-1).tolist()]}


def uniform(*shape, low=-2.0, high=2.0):
    x = rng.uniform(low, high, size=shape)
    return torch.tensor(np.round(x * 64) / 64, dtype=torch.float64).reshape(shape)


def distinct(*shape):
    """No two elements are equal, so that maxima and orders are unique."""
    n = int(np.prod(shape)) if shape else 1
    return torch.tensor((rng.permutation(n) - n // 2) / 8 + 1 / 64, dtype=torch.float64).reshape(shape)


def integers(low, high, *shape):
    return torch.tensor(rng.randint(low, high, size=shape), dtype=torch.int64)


def given(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


def weights(t):
    i = torch.arange(t.numel(), dtype=torch.float64)
    return ((7 * i) % 11 - 4.5).reshape(t.shape) / 8


def gradients(outputs, inputs):
    """Of the weighted sum of the float outputs; None for integer inputs."""
    total = sum((o * weights(o)).sum() for o in outputs if o.is_floating_point())
    wanted = [i for i in inputs if i.requires_grad]
    found = iter(torch.autograd.grad(total, wanted, allow_unused=True))
    result = []
    for i in inputs:
        g = next(found) if i.requires_grad else None
        result.append(None if g is None else [number(x) for x in g.reshape(-1).tolist()])
    return result


class Suite:
    def __init__(self, file):
        self.file, self.cases = file, []

    def add(self, fn, compute, inputs, args=(), name=None, grad=True):
        inputs = [i.clone().requires_grad_(grad and i.is_floating_point()) for i in inputs]
        outputs = compute(*inputs)
        outputs = list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]
        differentiable = grad and any(o.requires_grad for o in outputs)
        self.cases.append({
            "name": name or fn,
            "fn": fn,
            "inputs": [record(i) for i in inputs],
            "args": list(args),
            "outputs": [record(o) for o in outputs],
            "gradients": gradients(outputs, inputs) if differentiable else None,
        })

    def write(self):
        names = {}
        for case in self.cases:
            count = names.get(case["name"], 0)
            names[case["name"]] = count + 1
            if count:
                case["name"] += f" ({count + 1})"
        write(self.file, {"cases": self.cases})


def write(file, content):
    path = os.path.join(OUT, file)
    with open(path, "w") as f:
        head = {"generator": f"scripts/goldens/{os.path.basename(sys.argv[0])}", "torch": torch.__version__}
        lists = {k: v for k, v in content.items() if isinstance(v, list)}
        f.write("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in head.items()))
        for key, items in lists.items():
            f.write(f",\n{json.dumps(key)}: [\n" + ",\n".join(json.dumps(i, separators=(",", ":")) for i in items) + "\n]")
        f.write("\n}\n")
    print(f"{file}: {os.path.getsize(path)} bytes")


def flat(output):
    """The tensors in an output of any nesting, in order."""
    if isinstance(output, torch.Tensor):
        return [output]
    return [] if output is None else [t for part in output for t in flat(part)]


def randomized(module):
    """The module in float64 with parameters in [-0.5, 0.5] and running statistics that are not the initial ones."""
    module = module.double()
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(uniform(*p.shape, low=-0.5, high=0.5))
        for name, b in module.named_buffers():
            if name.endswith("running_mean"):
                b.copy_(uniform(*b.shape, low=-0.5, high=0.5))
            if name.endswith("running_var"):
                b.copy_(uniform(*b.shape, low=0.5, high=1.5))
    return module


def states(module):
    return {k: record(v) for k, v in module.state_dict().items()}


def layer_case(name, kind, args, module, inputs, mode="train", random=True):
    """A case of layerTests: `nn[kind](...args)` in Gradus is `module` here. With random=False the module stays as it is."""
    module = (randomized(module) if random else module.double()).train(mode == "train")
    inputs = [i.clone().requires_grad_(i.is_floating_point()) for i in inputs]
    before = states(module)
    outputs = flat(module(*inputs))
    total = sum((o * weights(o)).sum() for o in outputs if o.is_floating_point())
    parameters = {k: p for k, p in module.named_parameters() if p.requires_grad}
    wanted = [i for i in inputs if i.requires_grad] + list(parameters.values())
    found = iter(torch.autograd.grad(total, wanted, allow_unused=True) if wanted and total.requires_grad else [None] * len(wanted))
    numbers = lambda g: None if g is None else [number(x) for x in g.reshape(-1).tolist()]
    input_gradients = [numbers(next(found)) if i.requires_grad else None for i in inputs]
    slopes = {k: numbers(next(found)) for k in parameters}
    case = {
        "name": name,
        "layer": [kind, *args],
        "mode": mode,
        "inputs": [record(i) for i in inputs],
        "state": before,
        "outputs": [record(o) for o in outputs],
        "inputGradients": input_gradients,
        "gradients": {k: g for k, g in slopes.items() if g is not None},
    }
    after = states(module)
    if after != before:
        case["stateAfter"] = after
    return case


def write_layers(file, cases):
    """Writes what layerTests reads; equal names are numbered."""
    names = {}
    for case in cases:
        count = names.get(case["name"], 0)
        names[case["name"]] = count + 1
        if count:
            case["name"] += f" ({count + 1})"
    write(file, {"cases": cases})
