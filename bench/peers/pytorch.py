"""Times PyTorch on the benchmark's cases: reads a case's name from a line, prints {"case", "ms"} for one round."""
import json
import sys
import time

import torch
from torch import nn

torch.set_num_threads(int(sys.argv[1]))


def training(model, x, y, optimizer):
    loss = nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        optimizer.step()
        return value.item()

    return step


def matmul():
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    return lambda: a @ b


def mlp():
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))
    return training(model, torch.randn(64, 784), torch.randint(0, 10, (64,)), torch.optim.Adam(model.parameters()))


def lenet5():
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
    return training(model, torch.randn(64, 1, 28, 28), torch.randint(0, 10, (64,)), torch.optim.SGD(model.parameters(), 0.1))


CASES = {"matmul-1024": matmul, "mlp-adam": mlp, "lenet5-sgd": lenet5}
ready = {}
for line in sys.stdin:
    name = line.strip()
    if name not in CASES:
        print(json.dumps({"case": name, "ms": None}), flush=True)
        continue
    if name not in ready:
        run = ready[name] = CASES[name]()
        for _ in range(3):
            run()
    run = ready[name]
    start = time.perf_counter()
    count = 0
    while count < 3 or time.perf_counter() - start < 0.5:
        run()
        count += 1
    print(json.dumps({"case": name, "ms": (time.perf_counter() - start) / count * 1e3}), flush=True)
