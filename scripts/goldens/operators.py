#!/usr/bin/python3
"""Goldens of operators, whole networks and initializers; see common.py.

A case is {name, fn, inputs: [{shape, dtype, data}], args, outputs: [...], gradients: [data or null, ...]}: `fn` and `args`
are in Gradus's vocabulary.
"""
import math

import numpy as np
import torch
import torch.nn.functional as F

from common import Suite, distinct, given, integers, number, record, rng, uniform, weights, write


def elementwise():
    s = Suite("elementwise.json")
    x = given([-2.75, -1.5, -0.984375, -0.5, -0.015625, 0.015625, 0.25, 0.75, 1.0, 1.5, 2.5, 3.25, 7.5])
    positive = given([0.015625, 0.125, 0.5, 0.75, 1.0, 1.25, 2.0, 3.5, 10.0, 100.25])
    unit = given([-0.984375, -0.75, -0.5, -0.015625, 0.015625, 0.25, 0.5, 0.90625])
    wide = given([-100.0, -30.0, -10.0, -5.25, -1.0, 1.0, 5.25, 10.0, 30.0, 100.0])
    for name in ["neg", "abs", "sign", "floor", "ceil", "round", "trunc", "exp", "expm1", "sin", "cos", "tan", "atan",
                 "tanh", "sinh", "cosh", "erf", "square", "reciprocal"]:
        s.add(name, getattr(torch, name), [x])
    s.add("round", torch.round, [given([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5])], name="round halves to even")
    for name in ["sqrt", "log", "log1p", "log2", "log10", "rsqrt"]:
        s.add(name, getattr(torch, name), [positive])
    for name in ["asin", "acos"]:
        s.add(name, getattr(torch, name), [unit])
    for ours, f in {"relu": F.relu, "sigmoid": torch.sigmoid, "logSigmoid": F.logsigmoid, "silu": F.silu, "elu": F.elu,
                    "leakyRelu": F.leaky_relu, "gelu": F.gelu}.items():
        s.add(ours, f, [x])
        s.add(ours, f, [wide], name=f"{ours} wide")
    # PyTorch cuts softplus to the identity above a threshold; without it the formula is exact.
    softplus = lambda v, beta=1.0: torch.logaddexp(v * beta, torch.zeros_like(v)) / beta
    s.add("softplus", softplus, [wide])
    s.add("softplus", lambda v: softplus(v, 2.0), [x], [{"beta": 2}])
    s.add("elu", lambda v: F.elu(v, alpha=0.5), [x], [{"alpha": 0.5}])
    s.add("leakyRelu", lambda v: F.leaky_relu(v, 0.25), [x], [{"negativeSlope": 0.25}])
    s.add("gelu", lambda v: F.gelu(v, approximate="tanh"), [x], [{"approximate": "tanh"}], name="gelu tanh")
    s.add("clamp", lambda v: torch.clamp(v, -0.5, 1.0), [x], [{"min": -0.5, "max": 1}])
    s.add("clamp", lambda v: torch.clamp(v, max=0.25), [x], [{"max": 0.25}])
    special = given([math.nan, math.inf, -math.inf, 0.0, -0.0, 1.5])
    for ours, f in {"isnan": torch.isnan, "isinf": torch.isinf, "isfinite": torch.isfinite}.items():
        s.add(ours, f, [special])
    s.add("nanToNum", lambda v: torch.nan_to_num(v, nan=2, posinf=3, neginf=-4), [special], [{"nan": 2, "posinf": 3, "neginf": -4}], grad=False)

    a, b = uniform(3, 4), uniform(3, 4, low=0.5, high=2.5)
    pairs = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "mod": torch.remainder, "maximum": torch.maximum,
             "minimum": torch.minimum, "atan2": torch.atan2, "floorDivide": lambda p, q: torch.div(p, q, rounding_mode="floor"),
             "logaddexp": torch.logaddexp}
    for ours, f in pairs.items():
        s.add(ours, f, [a, b])
        s.add(ours, f, [uniform(2, 1, 3), uniform(4, 1, low=0.5, high=2)], name=f"{ours} broadcast")
    for ours in ["add", "sub", "mul", "div"]:
        s.add(ours, pairs[ours], [uniform(), uniform(2, 3, low=0.5, high=2)], name=f"{ours} scalar tensor")
    s.add("mod", torch.remainder, [given([-7.5, -1.0, 5.25, 7.0]), given([2.0, -3.0, -2.0, 2.5])], name="mod signs", grad=False)
    s.add("pow", torch.pow, [uniform(3, 4, low=0.25, high=3), uniform(3, 4)])
    s.add("pow", torch.pow, [uniform(3, 1, low=0.25, high=3), uniform(4)], name="pow broadcast")
    for exponent in [0, 1, 2, 3, 0.5, -1, -2, 2.5]:
        s.add("pow", lambda v, e=exponent: torch.pow(v, e), [uniform(5, low=0.25, high=3)], [exponent], name=f"pow {exponent}")
    s.add("pow", lambda v: torch.pow(v, 3), [given([-2.0, -0.5, 0.0, 1.5])], [3], name="pow 3 of negative")
    s.add("lerp", torch.lerp, [a, b, uniform(3, 4, low=0, high=1)])
    s.add("logaddexp", torch.logaddexp, [given([1e4, -1e4, 0.0]), given([1e4, -9999.0, 500.0])], name="logaddexp far")
    ties = [given([1.0, 2.0, math.nan, 0.5]), given([1.0, -2.0, 0.0, math.nan])]
    for ours, f in {"eq": torch.eq, "ne": torch.ne, "lt": torch.lt, "le": torch.le, "gt": torch.gt, "ge": torch.ge}.items():
        s.add(ours, f, ties)
        s.add(ours, f, [integers(-2, 3, 6), integers(-2, 3, 6)], name=f"{ours} int32")
    s.add("maximum", torch.maximum, ties, name="maximum NaN", grad=False)
    s.add("minimum", torch.minimum, ties, name="minimum NaN", grad=False)
    bits = [given([True, True, False, False], torch.bool), given([True, False, True, False], torch.bool)]
    for ours, f in {"logicalAnd": torch.logical_and, "logicalOr": torch.logical_or, "logicalXor": torch.logical_xor}.items():
        s.add(ours, f, bits)
    s.add("logicalNot", torch.logical_not, bits[:1])
    ints = [integers(-100, 100, 8).to(torch.int32), integers(-100, 100, 8).to(torch.int32)]
    for ours, f in {"bitwiseAnd": torch.bitwise_and, "bitwiseOr": torch.bitwise_or, "bitwiseXor": torch.bitwise_xor}.items():
        s.add(ours, f, ints)
    s.add("shiftLeft", torch.bitwise_left_shift, [ints[0], integers(0, 20, 8).to(torch.int32)])
    s.add("shiftRight", torch.bitwise_right_shift, [ints[0], integers(0, 20, 8).to(torch.int32)])
    nonzero = given([3, -3, 7, -7, 1, -1, 2, -2])
    divisor = nonzero.to(torch.int32)
    s.add("mod", torch.remainder, [ints[0], divisor], name="mod int32")
    s.add("floorDivide", lambda p, q: torch.div(p, q, rounding_mode="floor"), [ints[0], divisor], name="floorDivide int32")
    for name in ["neg", "abs", "sign", "square"]:
        s.add(name, getattr(torch, name), [ints[0]], name=f"{name} int32")
    s.add("where", torch.where, [given([True, False, True], torch.bool), uniform(2, 3), uniform(3)])
    s.write()


def reductions():
    s = Suite("reductions.json")
    x3 = distinct(2, 3, 4)
    axes = {"all": None, "0": 0, "-1": -1, "0,2": [0, 2]}
    for label, axis in axes.items():
        args = lambda **o: [axis, o] if o else ([] if axis is None else [axis])
        dims = list(range(3)) if axis is None else axis
        one = axis if isinstance(axis, int) else None
        s.add("sum", lambda v: torch.sum(v, dims), [uniform(2, 3, 4)], args(), name=f"sum {label}")
        s.add("mean", lambda v: torch.mean(v, dims), [uniform(2, 3, 4)], args(), name=f"mean {label}")
        s.add("max", lambda v: torch.amax(v, dims), [x3], args(), name=f"max {label}")
        s.add("min", lambda v: torch.amin(v, dims), [x3], args(), name=f"min {label}")
        s.add("variance", lambda v: torch.var(v, dims), [uniform(2, 3, 4)], args(), name=f"variance {label}")
        s.add("std", lambda v: torch.std(v, dims), [uniform(2, 3, 4)], args(), name=f"std {label}")
        s.add("logsumexp", lambda v: torch.logsumexp(v, dims), [uniform(2, 3, 4)], args(), name=f"logsumexp {label}")
        s.add("norm", lambda v: torch.linalg.vector_norm(v, 2, dims), [uniform(2, 3, 4)], args(), name=f"norm {label}")
        if axis is None or one is not None:
            s.add("prod", (lambda v: torch.prod(v)) if axis is None else (lambda v: torch.prod(v, one)), [uniform(2, 3, 4, low=0.5, high=1.5)], args(), name=f"prod {label}")
            s.add("argmax", lambda v: torch.argmax(v, one), [x3], args(), name=f"argmax {label}")
            s.add("argmin", lambda v: torch.argmin(v, one), [x3], args(), name=f"argmin {label}")
            bools = integers(0, 3, 2, 3, 4) > 0
            s.add("all", (lambda v: torch.all(v)) if axis is None else (lambda v: torch.all(v, one)), [bools], args(), name=f"all {label}")
            s.add("any", (lambda v: torch.any(v)) if axis is None else (lambda v: torch.any(v, one)), [~bools], args(), name=f"any {label}")
        s.add("sum", lambda v: torch.sum(v, dims), [integers(-9, 9, 2, 3, 4)], args(), name=f"sum int32 {label}")
    keep = [1, {"keepdims": True}]
    s.add("sum", lambda v: torch.sum(v, 1, keepdim=True), [uniform(2, 3, 4)], keep, name="sum keepdims")
    s.add("max", lambda v: torch.amax(v, 1, keepdim=True), [x3], keep, name="max keepdims")
    s.add("mean", lambda v: torch.mean(v, 1, keepdim=True), [uniform(2, 3, 4)], keep, name="mean keepdims")
    s.add("variance", lambda v: torch.var(v, 1, unbiased=False, keepdim=True), [uniform(2, 3, 4)], [1, {"correction": 0, "keepdims": True}], name="variance population")
    s.add("prod", lambda v: torch.prod(v, 1), [given([[1.5, 0.0, 2.0], [0.0, 3.0, 0.0], [1.0, 2.0, -3.0]])], [1], name="prod zeros")
    s.add("argmax", lambda v: torch.argmax(v, 1), [given([[1.0, 3.0, 3.0], [2.0, 2.0, 0.0]])], [1], name="argmax first")
    s.add("norm", lambda v: torch.linalg.vector_norm(v, 1, 1), [x3], [1, {"ord": 1}], name="norm 1")
    s.add("norm", lambda v: torch.linalg.vector_norm(v, 3, 1), [x3], [1, {"ord": 3}], name="norm 3")
    s.add("norm", lambda v: torch.linalg.vector_norm(v, math.inf, 1), [x3], [1, {"ord": "Infinity"}], name="norm Infinity")
    s.add("sum", torch.sum, [torch.zeros(0, 3, dtype=torch.float64)], name="sum of nothing", grad=False)
    s.add("mean", torch.mean, [torch.zeros(0, 3, dtype=torch.float64)], name="mean of nothing", grad=False)
    s.add("prod", torch.prod, [torch.zeros(0, 3, dtype=torch.float64)], name="prod of nothing", grad=False)

    rows = uniform(3, 5, low=-4, high=4)
    far = given([[1e4, -1e4, 0.0, 5.0], [-1e4, -1e4, -1e4, -1e4], [1e4, 1e4, 1e4, 9999.0]])
    for ours, f in {"softmax": F.softmax, "logSoftmax": F.log_softmax}.items():
        s.add(ours, lambda v: f(v, -1), [rows])
        s.add(ours, lambda v: f(v, 0), [rows], [0], name=f"{ours} axis 0")
        s.add(ours, lambda v: f(v, 1), [uniform(2, 3, 4)], [1], name=f"{ours} axis 1 of 3")
        s.add(ours, lambda v: f(v, -1), [far], name=f"{ours} far")
    s.add("logsumexp", lambda v: torch.logsumexp(v, -1), [far], [-1], name="logsumexp far")
    infinite = given([[-math.inf, 1.0, 2.0], [math.inf, 0.0, 1.0]])
    s.add("logsumexp", lambda v: torch.logsumexp(v, -1), [infinite], [-1], name="logsumexp infinite", grad=False)
    s.add("softmax", lambda v: F.softmax(v, -1), [given([[-math.inf, 1.0, 2.0]])], name="softmax masked")

    target = integers(0, 5, 3)
    for reduction in ["mean", "sum", "none"]:
        s.add("crossEntropy", lambda v, t, r=reduction: F.cross_entropy(v, t, reduction=r), [rows, target], [{"reduction": reduction}], name=f"crossEntropy {reduction}")
        s.add("mseLoss", lambda v, t, r=reduction: F.mse_loss(v, t, reduction=r), [rows, uniform(3, 5)], [{"reduction": reduction}], name=f"mseLoss {reduction}")
    s.add("crossEntropy", F.cross_entropy, [far, given([1, 2, 3], torch.int64)], name="crossEntropy far")
    s.add("crossEntropy", F.cross_entropy, [uniform(2, 3, 4), integers(0, 3, 2, 4)], name="crossEntropy with a trailing axis")
    s.add("crossEntropy", F.cross_entropy, [uniform(4), given(2, torch.int64)], name="crossEntropy one example")
    s.write()


def contractions():
    s = Suite("contractions.json")
    for a, b in [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((5, 2, 3), (5, 3, 4)),
                 ((5, 1, 2, 3), (4, 3, 2)), ((3,), (2, 3, 4)), ((2, 3, 4), (4,)), ((2, 1, 3, 2), (1, 3, 2, 4)), ((1, 1), (1, 1)), ((2, 3, 7), (7, 1))]:
        s.add("matmul", torch.matmul, [uniform(*a), uniform(*b)], name=f"matmul {list(a)} {list(b)}")
    s.add("matmul", torch.matmul, [uniform(3, 0), uniform(0, 2)], name="matmul inner 0", grad=False)
    s.add("matmul", torch.matmul, [uniform(0, 3), uniform(3, 2)], name="matmul rows 0", grad=False)
    s.add("matmul", torch.matmul, [integers(-9, 9, 3, 4), integers(-9, 9, 4, 2)], name="matmul int32")
    s.add("bmm", torch.bmm, [uniform(2, 3, 4), uniform(2, 4, 2)])
    s.add("dot", torch.dot, [uniform(5), uniform(5)])
    s.add("outer", torch.outer, [uniform(3), uniform(4)])
    s.add("linear", F.linear, [uniform(2, 3, 4), uniform(5, 4), uniform(5)])
    s.add("linear", F.linear, [uniform(4), uniform(5, 4)], name="linear vector without bias")
    for equation, *shapes in [("ij,jk->ik", (2, 3), (3, 4)), ("ij->ji", (2, 3)), ("ii->i", (3, 3)), ("ii->", (3, 3)), ("ij->", (2, 3)), ("ij->i", (2, 3)),
                              ("i,i->", (4,), (4,)), ("i,j->ij", (2,), (3,)), ("bij,bjk->bik", (2, 3, 4), (2, 4, 2)), ("...ij,...jk->...ik", (2, 1, 3, 4), (5, 4, 2)),
                              ("bhid,bhjd->bhij", (2, 2, 3, 4), (2, 2, 5, 4)), ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)), ("ij,jk", (2, 3), (3, 2)),
                              ("abc,cd,e->ade", (2, 3, 4), (4, 2), (3,)), ("iij,jk->ik", (3, 3, 2), (2, 4)), ("...i,i->...", (2, 3, 4), (4,)), ("ba,ca->cb", (2, 3), (4, 3))]:
        s.add("einsum", lambda *v, e=equation: torch.einsum(e, *v), [uniform(*shape) for shape in shapes], [equation], name=f"einsum {equation}")
    s.write()


def convolutions():
    s = Suite("convolutions.json")
    ours = {1: "conv1d", 2: "conv2d", 3: "conv3d"}
    theirs = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
    transposed = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
    forward = [
        (1, (2, 2, 7), (3, 2, 3), {}),
        (1, (1, 2, 8), (2, 2, 3), dict(stride=2, padding=1, dilation=2)),
        (1, (2, 4, 6), (4, 1, 3), dict(groups=4, padding=1)),
        (2, (2, 2, 5, 6), (3, 2, 3, 3), {}),
        (2, (1, 2, 5, 5), (3, 2, 3, 3), dict(padding=1)),
        (2, (2, 2, 6, 7), (2, 2, 3, 2), dict(stride=[2, 3], padding=[1, 0])),
        (2, (1, 2, 7, 7), (2, 2, 3, 3), dict(dilation=2, padding=2)),
        (2, (1, 4, 5, 5), (6, 2, 3, 3), dict(groups=2, stride=2, padding=1)),
        (2, (2, 3, 4, 4), (6, 1, 3, 3), dict(groups=3, padding=1)),
        (2, (2, 3, 4, 4), (5, 3, 1, 1), {}),
        (2, (1, 1, 3, 3), (2, 1, 3, 3), {}),
        (2, (1, 2, 6, 5), (3, 2, 2, 3), dict(stride=2, padding=[1, 2], dilation=[2, 1])),
        (3, (1, 2, 3, 4, 4), (2, 2, 2, 2, 3), {}),
        (3, (1, 2, 4, 4, 3), (2, 1, 2, 3, 2), dict(groups=2, stride=[1, 2, 1], padding=1)),
        (3, (1, 1, 5, 3, 4), (2, 1, 2, 1, 2), dict(dilation=2)),
    ]
    for rank, xs, ws, options in forward:
        label = " ".join(f"{k} {v}" for k, v in options.items())
        s.add(ours[rank], lambda x, w, b: theirs[rank](x, w, b, **options), [uniform(*xs), uniform(*ws), uniform(ws[0])], [options], name=f"{ours[rank]} {label}".strip())
    s.add("conv2d", lambda x, w: F.conv2d(x, w, padding="same"), [uniform(1, 1, 4, 5), uniform(2, 1, 2, 3)], [{"padding": "same"}], name="conv2d same")
    s.add("conv2d", lambda x, w: F.conv2d(x, w), [uniform(2, 4, 4), uniform(2, 2, 2, 2)], name="conv2d without batch or bias")
    backward = [
        (1, (2, 2, 5), (2, 3, 3), {}),
        (1, (1, 2, 4), (2, 2, 3), dict(stride=2, padding=1, outputPadding=1)),
        (1, (1, 4, 4), (4, 1, 3), dict(groups=2, dilation=2)),
        (2, (1, 2, 3, 4), (2, 3, 3, 3), {}),
        (2, (2, 2, 3, 3), (2, 2, 3, 3), dict(stride=2, padding=1, outputPadding=1)),
        (2, (1, 4, 3, 3), (4, 2, 2, 3), dict(groups=2, stride=[1, 2], dilation=[2, 1], padding=[0, 1])),
        (3, (1, 2, 2, 3, 2), (2, 2, 2, 2, 2), dict(stride=2)),
        (3, (1, 2, 2, 2, 3), (2, 1, 2, 3, 2), dict(groups=2, padding=[0, 1, 0])),
    ]
    for rank, xs, ws, options in backward:
        label = " ".join(f"{k} {v}" for k, v in options.items())
        torch_options = {"output_padding" if k == "outputPadding" else k: v for k, v in options.items()}
        fn = ours[rank].replace("conv", "convTranspose")
        channels = ws[1] * options.get("groups", 1)
        s.add(fn, lambda x, w, b: transposed[rank](x, w, b, **torch_options), [uniform(*xs), uniform(*ws), uniform(channels)], [options], name=f"{fn} {label}".strip())
    s.write()


def pooling():
    s = Suite("pooling.json")
    maxima = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
    means = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
    shapes = {1: (2, 2, 9), 2: (2, 2, 7, 6), 3: (1, 2, 4, 5, 4)}
    for rank in [1, 2, 3]:
        for window, options in [(2, {}), (3, dict(stride=2, padding=1)), (3, dict(stride=1)), (2, dict(stride=3))]:
            label = f"{window} " + " ".join(f"{k} {v}" for k, v in options.items())
            if rank == 3 and options.get("stride") == 3:
                continue
            s.add(f"maxPool{rank}d", lambda x: maxima[rank](x, window, **options), [distinct(*shapes[rank])], [window, options], name=f"maxPool{rank}d {label}".strip())
            s.add(f"avgPool{rank}d", lambda x: means[rank](x, window, **options), [uniform(*shapes[rank])], [window, options], name=f"avgPool{rank}d {label}".strip())
    s.add("maxPool2d", lambda x: F.max_pool2d(x, [3, 2], stride=[1, 2], padding=[1, 0], dilation=[2, 1]), [distinct(1, 2, 6, 5)],
          [[3, 2], {"stride": [1, 2], "padding": [1, 0], "dilation": [2, 1]}], name="maxPool2d uneven with dilation")
    s.add("avgPool2d", lambda x: F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False), [uniform(1, 2, 5, 6)],
          [3, {"stride": 2, "padding": 1, "countIncludePad": False}], name="avgPool2d without pad in the count")
    s.add("maxPool2d", lambda x: F.max_pool2d(x, 2), [distinct(2, 4, 4)], [2], name="maxPool2d without batch")
    s.write()


def indexing():
    s = Suite("indexing.json")
    x = uniform(3, 4)
    s.add("gather", lambda v, i: torch.gather(v, 0, i), [x, integers(0, 3, 2, 4)], [0], name="gather axis 0")
    s.add("gather", lambda v, i: torch.gather(v, 1, i), [x, integers(0, 4, 3, 6)], [1], name="gather axis 1")
    s.add("gather", lambda v, i: torch.gather(v, 1, i), [uniform(2, 3, 4), integers(0, 3, 2, 2, 4)], [1], name="gather of rank 3")
    s.add("indexSelect", lambda v, i: torch.index_select(v, 0, i), [x, given([2, 0, 2, 1], torch.int64)], [0], name="indexSelect axis 0")
    s.add("indexSelect", lambda v, i: torch.index_select(v, 1, i), [uniform(2, 3, 4), given([2, 2], torch.int64)], [1], name="indexSelect axis 1")
    s.add("scatterAdd", lambda v, i, u: torch.scatter_add(v, 0, i, u), [x, integers(0, 3, 5, 4), uniform(5, 4)], [0], name="scatterAdd axis 0")
    s.add("scatterAdd", lambda v, i, u: torch.scatter_add(v, 1, i, u), [x, integers(0, 4, 3, 6), uniform(3, 6)], [1], name="scatterAdd axis 1")
    s.add("embedding", lambda i, w: F.embedding(i, w), [integers(0, 5, 2, 3), uniform(5, 4)])
    s.add("oneHot", lambda i: F.one_hot(i, 5), [integers(0, 5, 2, 3)], [5])
    for axis in [0, 1, -1]:
        s.add("cumsum", lambda v: torch.cumsum(v, axis), [uniform(3, 4, 2)], [axis], name=f"cumsum axis {axis}")
        s.add("cumprod", lambda v: torch.cumprod(v, axis), [uniform(3, 4, 2, low=0.5, high=1.5)], [axis], name=f"cumprod axis {axis}")
        s.add("sort", lambda v: torch.sort(v, axis), [distinct(3, 4, 2)], [axis], name=f"sort axis {axis}")
        s.add("argsort", lambda v: torch.argsort(v, axis), [distinct(3, 4, 2)], [axis], name=f"argsort axis {axis}")
        s.add("topk", lambda v: torch.topk(v, 2, axis), [distinct(3, 4, 2)], [2, axis], name=f"topk axis {axis}")
    s.add("cumprod", lambda v: torch.cumprod(v, 0), [given([1.5, 0.0, 2.0, 0.0, 3.0])], [0], name="cumprod zeros")
    s.add("sort", lambda v: torch.sort(v, -1, descending=True), [distinct(2, 7)], [-1, True], name="sort descending")
    s.add("sort", lambda v: torch.sort(v, -1), [given([2.0, math.nan, -math.inf, 1.0, math.inf])], [-1], name="sort NaN last", grad=False)
    s.add("tril", torch.tril, [uniform(3, 4)])
    s.add("tril", lambda v: torch.tril(v, -1), [uniform(2, 4, 3)], [-1])
    s.add("triu", lambda v: torch.triu(v, 1), [uniform(3, 4)], [1])
    s.add("diagonal", torch.diagonal, [uniform(3, 4)])
    s.add("diagonal", lambda v: torch.diagonal(v, -1, 2, 0), [uniform(3, 2, 4)], [{"offset": -1, "axis1": 2, "axis2": 0}])
    s.add("diag", torch.diag, [uniform(3)])
    s.add("diag", lambda v: torch.diag(v, -1), [uniform(3)], [-1])
    s.write()


def movement():
    s = Suite("movement.json")
    x = uniform(2, 3, 4)
    s.add("reshape", lambda v: v.reshape(4, 6), [x], [[4, -1]])
    s.add("flatten", lambda v: v.flatten(1), [x], [1])
    s.add("permute", lambda v: v.permute(2, 0, 1), [x], [[2, 0, 1]])
    s.add("swapaxes", lambda v: v.swapaxes(0, -1), [x], [0, -1])
    s.add("moveaxis", lambda v: torch.movedim(v, 0, 2), [x], [0, 2])
    s.add("expand", lambda v: v.expand(2, 3, 4), [uniform(3, 1)], [[2, 3, 4]])
    s.add("unsqueeze", lambda v: v.unsqueeze(1), [x], [1])
    s.add("squeeze", lambda v: v.squeeze(1), [uniform(2, 1, 3)], [1])
    s.add("flip", lambda v: v.flip([0, 2]), [x], [[0, 2]])
    s.add("roll", lambda v: torch.roll(v, 2), [x], [2])
    s.add("roll", lambda v: torch.roll(v, [-1, 3], [0, 2]), [x], [[-1, 3], [0, 2]])
    s.add("tile", lambda v: v.tile(2, 1, 3), [uniform(2, 2)], [[2, 1, 3]])
    s.add("repeatInterleave", lambda v: torch.repeat_interleave(v, 2, 1), [x], [2, 1])
    s.add("pad", lambda v: F.pad(v, [1, 2, 0, 1], value=0.5), [x], [[[0, 1], [1, 2]], {"value": 0.5}])
    s.add("pad", lambda v: F.pad(v, [-1, 2]), [x], [[[-1, 2]]], name="pad negative")
    for mode in ["reflect", "replicate", "circular"]:
        s.add("pad", lambda v: F.pad(v, [2, 1], mode=mode), [x], [[[2, 1]], {"mode": mode}], name=f"pad {mode}")
    s.write()


def layers():
    """Whole networks: parameters by state-dict name, the output for one input, and every gradient."""
    nn = torch.nn
    networks = []

    def network(name, spec, modules, x):
        model = nn.Sequential(*modules).double().train()
        for p in model.parameters():
            p.data = torch.tensor(np.round(rng.uniform(-0.5, 0.5, size=tuple(p.shape)) * 64) / 64)
        x = x.clone().requires_grad_(True)
        y = model(x)
        (y * weights(y)).sum().backward()
        networks.append({
            "name": name, "layers": spec, "input": record(x), "output": record(y), "inputGradient": record(x.grad),
            "parameters": {k: record(p) for k, p in model.named_parameters()},
            "gradients": {k: record(p.grad) for k, p in model.named_parameters()},
        })

    network("mlp", [["Linear", 5, 7], ["ReLU"], ["Linear", 7, 3, {"bias": False}], ["Tanh"], ["Linear", 3, 2]],
            [nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3, bias=False), nn.Tanh(), nn.Linear(3, 2)], uniform(4, 5))
    network("cnn", [["Conv2d", 1, 3, 3, {"padding": 1}], ["ReLU"], ["MaxPool2d", 2], ["Conv2d", 3, 2, 2, {"stride": 2, "bias": False}], ["Sigmoid"], ["Flatten"], ["Linear", 8, 3]],
            [nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(3, 2, 2, stride=2, bias=False), nn.Sigmoid(), nn.Flatten(), nn.Linear(8, 3)], uniform(2, 1, 8, 8))
    network("grouped cnn", [["Conv2d", 4, 4, 3, {"groups": 2, "dilation": 2, "padding": 2}], ["GELU"], ["AvgPool2d", 2, {"stride": 1}], ["Flatten"]],
            [nn.Conv2d(4, 4, 3, groups=2, dilation=2, padding=2), nn.GELU(), nn.AvgPool2d(2, stride=1), nn.Flatten()], uniform(1, 4, 4, 4))
    write("layers.json", {"networks": networks})


def initializers():
    """Bounds of the uniform, deviations of the normal initializers."""
    init, nn = torch.nn.init, torch.nn
    rows = []
    for shape in [(64, 100), (32, 16, 3, 3), (24, 4, 5)]:
        w = torch.zeros(shape)
        fan_in, fan_out = init._calculate_fan_in_and_fan_out(w)
        gain = init.calculate_gain("relu")
        rows.append({"shape": list(shape), "fanIn": fan_in, "fanOut": fan_out, "layerBound": init.calculate_gain("leaky_relu", math.sqrt(5)) * math.sqrt(3 / fan_in),
                     "xavierUniform": math.sqrt(6 / (fan_in + fan_out)), "xavierNormal": math.sqrt(2 / (fan_in + fan_out)),
                     "kaimingUniform": gain * math.sqrt(3 / fan_in), "kaimingNormal": gain / math.sqrt(fan_in)})
    layer_rows = []
    for spec, layer in [(["Linear", 100, 64], nn.Linear(100, 64)), (["Conv2d", 16, 32, 3], nn.Conv2d(16, 32, 3)), (["Conv2d", 16, 32, 3, {"groups": 4}], nn.Conv2d(16, 32, 3, groups=4)),
                        (["ConvTranspose2d", 16, 32, 3, {"groups": 2}], nn.ConvTranspose2d(16, 32, 3, groups=2)), (["Bilinear", 20, 6, 64], nn.Bilinear(20, 6, 64))]:
        fan_in = layer.weight.size(1) if isinstance(layer, nn.Bilinear) else init._calculate_fan_in_and_fan_out(layer.weight)[0]
        bound = 1 / math.sqrt(fan_in)
        assert layer.weight.abs().max() <= bound and layer.bias.abs().max() <= bound
        layer_rows.append({"layer": spec, "weightShape": list(layer.weight.shape), "weightBound": bound, "biasBound": bound,
                           "weightDeviation": bound / math.sqrt(3), "sampledDeviation": number(layer.weight.std(), 4)})
    write("initializers.json", {"initializers": rows, "layers": layer_rows})


if __name__ == "__main__":
    elementwise()
    reductions()
    contractions()
    convolutions()
    pooling()
    indexing()
    movement()
    layers()
    initializers()
