"""Times PyTorch on the benchmark's cases. Reads questions as lines of JSON and answers each with one.

{"prepare": work, "inputFile", "resultFile"} makes a case ready from numbers in a safetensors file and writes its results to
another; {"round": seconds} answers {"ms"}, the mean of one run over a round.
"""
import gc
import json
import resource
import sys
import time

import torch
from torch.nn import functional as F

from pytorch_models import MODELS

torch.set_num_threads(int(sys.argv[1]))
DTYPES = {"F32": torch.float32, "I32": torch.int32}


def read_file(path):
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
        data = bytearray(file.read())
    return {
        name: torch.frombuffer(data, dtype=DTYPES[entry["dtype"]], offset=entry["data_offsets"][0],
                               count=(entry["data_offsets"][1] - entry["data_offsets"][0]) // 4)
        .reshape(entry["shape"]).clone()
        for name, entry in header.items() if name != "__metadata__"
    }


def write_file(path, tensors):
    header, parts, at = {}, [], 0
    for name, tensor in tensors.items():
        part = tensor.detach().float().contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + len(part)]}
        parts.append(part)
        at += len(part)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + b"".join(parts))


def no_grad(run):
    def quiet():
        with torch.no_grad():
            return run()
    return quiet


def convolution(work, given, mask):
    """The gradient of a convolution with respect to one operand alone."""
    x, weight, gradient = given["input0"], given["input1"], given["input2"]
    stride, padding = [work["stride"]] * 2, [work["padding"]] * 2
    run = torch.ops.aten.convolution_backward
    chosen = mask.index(True)
    return lambda: run(gradient, x, weight, None, stride, padding, [1, 1], False, [0, 0], 1, mask)[chosen]


def kernel(work, given):
    kind, x = work["kind"], given.get("input0")
    if kind == "matmul":
        return lambda: x @ given["input1"]
    if kind == "conv-forward":
        return lambda: F.conv2d(x, given["input1"], None, work["stride"], work["padding"])
    if kind == "conv-dinput":
        return convolution(work, given, [True, False, False])
    if kind == "conv-dweight":
        return convolution(work, given, [False, True, False])
    if kind == "softmax":
        return lambda: torch.softmax(x, -1)
    if kind == "layernorm":
        return lambda: F.layer_norm(x, x.shape[-1:], given["input1"], given["input2"])
    if kind == "gelu":
        return lambda: F.gelu(x)
    return None


def adam(work, given):
    parameters = [torch.nn.Parameter(given[f"parameter{i}"].clone()) for i in range(work["count"])]
    for i, parameter in enumerate(parameters):
        parameter.grad = given[f"gradient{i}"]
    optimizer = torch.optim.Adam(parameters, lr=1e-3)
    for _ in range(3):
        optimizer.step()
    return optimizer.step, {f"parameter{i}": parameter for i, parameter in enumerate(parameters)}


def make_model(work, given):
    model = MODELS[work["model"]](**work.get("sizes", {}))
    names = {name for name in model.state_dict() if not name.endswith("num_batches_tracked")}
    weights = {name: given[name] for name in names}
    model.load_state_dict(weights, strict=False)
    return model


def make_optimizer(name, parameters):
    if name == "sgd":
        return torch.optim.SGD(parameters, 0.1)
    if name == "momentum":
        return torch.optim.SGD(parameters, 0.1, momentum=0.9)
    return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[name](parameters, lr=1e-3)


def training_step(model, optimizer, x, y):
    loss_of = torch.nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def train(work, given):
    model = make_model(work, given)
    x = given["batch.x"]
    x = x if x.is_floating_point() else x.long()
    step = training_step(model, make_optimizer(work["optimizer"], model.parameters()), x, given["batch.y"].long())
    losses = torch.tensor([step() for _ in range(2)])
    state = {name: value for name, value in model.state_dict().items() if value.is_floating_point()}
    return step, {"losses": losses, **state}


def gradients(work, given):
    model = make_model(work, given)
    loss_of = torch.nn.CrossEntropyLoss()
    x, y = given["batch.x"], given["batch.y"].long()

    def run():
        for parameter in model.parameters():
            parameter.grad = None
        loss = loss_of(model(x), y)
        loss.backward()
        return loss.item()

    losses = torch.tensor([run()])
    return run, {"losses": losses, **{f"gradient {name}": p.grad for name, p in model.named_parameters()}}


def prepare(work, given):
    """A function to time, and the results of the case; None for a case that is not known."""
    kind = work["kind"]
    if kind == "adam":
        return adam(work, given)
    if kind == "train":
        return train(work, given)
    if kind == "gradients":
        return gradients(work, given)
    if kind == "infer":
        model = make_model(work, given).eval()
        run = no_grad(lambda: model(given["batch.x"]))
        return run, {"output": run()}
    run = kernel(work, given)
    return None if run is None else (no_grad(run), {"output": no_grad(run)()})


def timed(run, seconds):
    start = time.perf_counter()
    count = 0
    while count < 2 or time.perf_counter() - start < seconds:
        run()
        count += 1
    return (time.perf_counter() - start) / count * 1e3


def answer(question, state):
    if "round" in question:
        return {"ms": timed(state["run"], question["round"])}
    state.clear()
    gc.collect()
    prepared = prepare(question["prepare"], read_file(question["inputFile"]))
    if prepared is None:
        return {"unsupported": True}
    state["run"], results = prepared
    write_file(question["resultFile"], results)
    for _ in range(2):
        state["run"]()
    return {}


def product():
    """Milliseconds of a product and of ten small ones between elementwise work, by which builds of the library are told apart:
    one with threads of its own takes the processors from PyTorch's at every change between them."""
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    x, w = torch.randn(768, 128), torch.randn(128, 512)

    def work():
        a @ b
        for _ in range(10):
            torch.nn.functional.gelu(x @ w)

    timed(work, 0.1)
    return min(timed(work, 0.1) for _ in range(5))


def memory(work):
    """The most memory in MiB that this process ever had, after some steps of a language model."""
    sizes = work["sizes"]
    model = MODELS[work["model"]](**sizes)
    shape = (work["batch"], sizes["length"])
    x, y = torch.randint(0, sizes["vocabulary"], shape), torch.randint(0, sizes["vocabulary"], (shape[0] * shape[1],))
    step = training_step(model, make_optimizer(work["optimizer"], model.parameters()), x, y)
    for _ in range(5):
        step()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    if "--product" in sys.argv:
        print(product())
        return
    if "--memory" in sys.argv:
        print(memory(json.loads(sys.argv[-1])))
        return
    state = {}
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line), state)
        except Exception as error:  # The benchmark goes on with its other cases.
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


main()
