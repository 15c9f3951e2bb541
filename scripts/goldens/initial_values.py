#!/usr/bin/python3
"""Goldens of initializers: what is certain exactly, moments and bounds of what is random; see common.py."""
import torch
from torch.nn import init

from common import number, record, write


def moments(t):
    t = t.double()
    return {"mean": number(t.mean(), 5), "deviation": number(t.std(), 5), "least": number(t.min(), 5), "most": number(t.max(), 5)}


certain, random = [], []
for kind, shape, f in [("eye", (3, 5), init.eye_), ("eye", (4, 2), init.eye_), ("zeros", (2, 3), init.zeros_), ("ones", (2, 3), init.ones_)]:
    certain.append({"init": [kind, list(shape)], "values": record(f(torch.empty(shape, dtype=torch.float64)))})
for shape, groups in [((3, 3, 3), 1), ((4, 2, 2, 3), 1), ((4, 2, 3, 3), 2), ((6, 1, 3, 1, 2), 3)]:
    values = init.dirac_(torch.empty(shape, dtype=torch.float64), groups)
    certain.append({"init": ["dirac", list(shape), {"groups": groups}], "values": record(values)})
for options in [{}, {"mean": 1, "std": 2}, {"mean": -0.5, "std": 0.5, "a": -0.75, "b": 1}]:
    random.append({"init": ["truncNormal", [400, 250], options], **moments(init.trunc_normal_(torch.empty(2000, 1000), **options))})
random.append({"init": ["lecunUniform", [300, 400]], **moments(init.kaiming_uniform_(torch.empty(300, 400), nonlinearity="linear"))})
random.append({"init": ["lecunNormal", [64, 32, 3, 3]], **moments(init.kaiming_normal_(torch.empty(64, 32, 3, 3), nonlinearity="linear"))})
tanh = {"mode": "fan_out", "nonlinearity": "tanh"}
random.append({"init": ["kaimingNormal", [300, 400], {**tanh, "mode": "fanOut"}], **moments(init.kaiming_normal_(torch.empty(300, 400), **tanh))})
random.append({"init": ["sparse", [500, 200], 0.3, {"std": 2}], **moments(init.sparse_(torch.empty(500, 200), 0.3, 2))})
random.append({"init": ["orthogonal", [200, 300], {"gain": 3}], **moments(init.orthogonal_(torch.empty(200, 300), 3))})
write("initial-values.json", {"certain": certain, "random": random})
