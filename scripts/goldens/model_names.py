"""Writes test/golden/model-names.json: how many parameters torchvision's networks have, and a digest of their states' names.

Needs torchvision. The digest is the SHA-256 of the sorted lines "name shape\\n", the shape's sizes joined by commas. With
--list MODEL those lines are printed instead, to be compared with what a test shows.
"""
import hashlib
import json
import os
import sys

from torchvision import models

NAMES = (
    "alexnet vgg11 vgg13 vgg16 vgg19 resnet18 resnet34 resnet50 resnet101 resnet152 mobilenet_v2 mobilenet_v3_large squeezenet1_0 "
    "squeezenet1_1 googlenet inception_v3 efficientnet_b0 densenet121 vit_b_16 vit_b_32"
).split()


def build(name):
    options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    return getattr(models, name)(**options)


def lines(model):
    return sorted(f"{key} {','.join(map(str, tensor.shape))}\n" for key, tensor in model.state_dict().items())


if sys.argv[1:2] == ["--list"]:
    print("".join(lines(build(sys.argv[2]))), end="")
else:
    out = {}
    for name in NAMES:
        model = build(name)
        names = lines(model)
        digest = hashlib.sha256("".join(names).encode()).hexdigest()
        out[name] = {"parameters": sum(p.numel() for p in model.parameters()), "entries": len(names), "sha256": digest}
    path = os.path.join(os.path.dirname(__file__), "..", "..", "test", "golden", "model-names.json")
    with open(path, "w") as file:
        json.dump(out, file, indent=1)
        file.write("\n")
