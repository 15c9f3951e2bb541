#!/usr/bin/python3
"""Goldens of single layers for layerTests; see common.py."""
import torch
from torch import nn

from common import distinct, given, integers, layer_case, rng, uniform, write_layers


class Cases:
    def __init__(self, file):
        self.file, self.cases = file, []

    def add(self, kind, args, module, *inputs, mode="train", random=True):
        label = " ".join([kind] + [str(a) for a in args] + ([mode] if mode == "eval" else []))
        self.cases.append(layer_case(label.replace("'", "").replace("{", "").replace("}", ""), kind, args, module, inputs, mode, random))

    def write(self):
        write_layers(self.file, self.cases)


class Padded(nn.Module):
    """F.pad as a layer."""

    def __init__(self, widths, mode):
        super().__init__()
        self.widths, self.mode = widths, mode

    def forward(self, x):
        return nn.functional.pad(x, self.widths, mode=self.mode)


def linear():
    c = Cases("linear-layers.json")
    c.add("Linear", [7, 5], nn.Linear(7, 5), uniform(3, 7))
    c.add("Linear", [4, 3, {"bias": False}], nn.Linear(4, 3, bias=False), uniform(2, 2, 4))
    c.add("Identity", [], nn.Identity(), uniform(3, 2))
    c.add("Flatten", [], nn.Flatten(), uniform(2, 3, 4))
    c.add("Flatten", [{"startAxis": 0, "endAxis": 1}], nn.Flatten(0, 1), uniform(2, 3, 4))
    c.add("Unflatten", [1, [2, -1]], nn.Unflatten(1, (2, -1)), uniform(2, 6))
    c.add("Bilinear", [3, 4, 2], nn.Bilinear(3, 4, 2), uniform(5, 3), uniform(5, 4))
    c.add("Bilinear", [3, 2, 1, {"bias": False}], nn.Bilinear(3, 2, 1, bias=False), uniform(2, 2, 3), uniform(2, 2, 2))
    ids = given([[0, 3, 1], [3, 4, 0]], torch.int64)
    c.add("Embedding", [5, 3], nn.Embedding(5, 3), ids)
    c.add("Embedding", [5, 3, {"paddingIdx": 3}], nn.Embedding(5, 3, padding_idx=3), ids)
    c.add("Embedding", [5, 3, {"paddingIdx": -1, "maxNorm": 0.5}], nn.Embedding(5, 3, padding_idx=-1, max_norm=0.5), ids)
    c.add("Embedding", [5, 2, {"maxNorm": 0.75, "normType": 1}], nn.Embedding(5, 2, max_norm=0.75, norm_type=1), given([1, 1, 4], torch.int64))
    c.add("PixelShuffle", [2], nn.PixelShuffle(2), uniform(2, 8, 2, 3))
    c.add("PixelUnshuffle", [3], nn.PixelUnshuffle(3), uniform(2, 6, 3))
    c.write()


def convolution():
    c = Cases("convolution-layers.json")
    c.add("Conv1d", [2, 3, 3, {"stride": 2, "padding": 1}], nn.Conv1d(2, 3, 3, stride=2, padding=1), uniform(2, 2, 9))
    c.add("Conv2d", [4, 6, [3, 2], {"groups": 2, "dilation": [1, 2]}], nn.Conv2d(4, 6, (3, 2), groups=2, dilation=(1, 2)), uniform(2, 4, 6, 5))
    c.add("Conv3d", [1, 2, 2, {"bias": False}], nn.Conv3d(1, 2, 2, bias=False), uniform(1, 1, 3, 4, 5))
    c.add("Conv1d", [2, 2, 4, {"padding": "same", "dilation": 1}], nn.Conv1d(2, 2, 4, padding="same"), uniform(2, 6))
    c.add("Conv2d", [1, 2, [2, 3], {"padding": "valid", "stride": 2}], nn.Conv2d(1, 2, (2, 3), padding="valid", stride=2), uniform(1, 1, 5, 5))
    for mode in ["reflect", "replicate", "circular"]:
        c.add("Conv1d", [2, 2, 3, {"padding": 2, "paddingMode": mode}], nn.Conv1d(2, 2, 3, padding=2, padding_mode=mode), uniform(1, 2, 5))
        c.add("Conv2d", [1, 2, [3, 2], {"padding": "same", "paddingMode": mode}], nn.Conv2d(1, 2, (3, 2), padding="same", padding_mode=mode), uniform(1, 1, 4, 3))
        c.add("Conv3d", [1, 1, 2, {"padding": [1, 0, 1], "paddingMode": mode}], nn.Conv3d(1, 1, 2, padding=(1, 0, 1), padding_mode=mode), uniform(1, 1, 3, 2, 2))
    c.add("ConvTranspose1d", [2, 3, 3, {"stride": 2, "padding": 1, "outputPadding": 1}], nn.ConvTranspose1d(2, 3, 3, stride=2, padding=1, output_padding=1), uniform(2, 2, 4))
    c.add("ConvTranspose2d", [4, 2, [2, 3], {"groups": 2, "dilation": [1, 2]}], nn.ConvTranspose2d(4, 2, (2, 3), groups=2, dilation=(1, 2)), uniform(1, 4, 3, 2))
    c.add("ConvTranspose2d", [2, 2, 4, {"stride": 2, "padding": 1, "bias": False}], nn.ConvTranspose2d(2, 2, 4, stride=2, padding=1, bias=False), uniform(2, 2, 3, 3))
    c.add("ConvTranspose3d", [1, 2, 2, {"stride": [1, 2, 1], "outputPadding": [0, 1, 0]}], nn.ConvTranspose3d(1, 2, 2, stride=(1, 2, 1), output_padding=(0, 1, 0)), uniform(1, 1, 2, 2, 3))
    c.write()


def pooling():
    c = Cases("pooling-layers.json")
    c.add("MaxPool1d", [2], nn.MaxPool1d(2), distinct(2, 3, 8))
    c.add("MaxPool2d", [3, {"stride": 2, "padding": 1}], nn.MaxPool2d(3, stride=2, padding=1), distinct(1, 2, 7, 6))
    c.add("MaxPool3d", [2], nn.MaxPool3d(2), distinct(1, 1, 4, 4, 4))
    c.add("AvgPool1d", [3, {"stride": 1}], nn.AvgPool1d(3, stride=1), uniform(2, 2, 6))
    c.add("AvgPool2d", [2, {"padding": 1}], nn.AvgPool2d(2, padding=1), uniform(1, 2, 4, 5))
    c.add("AvgPool3d", [2], nn.AvgPool3d(2), uniform(1, 1, 4, 2, 4))
    for options in [{"ceilMode": True}, {"ceilMode": True, "padding": 1, "stride": 2}, {"ceilMode": True, "stride": 3, "padding": 1}]:
        theirs = {{"ceilMode": "ceil_mode"}.get(k, k): v for k, v in options.items()}
        c.add("MaxPool2d", [[3, 2], options], nn.MaxPool2d((3, 2), **theirs), distinct(1, 1, 7, 6))
        c.add("AvgPool2d", [[3, 2], options], nn.AvgPool2d((3, 2), **theirs), uniform(1, 1, 7, 6))
        c.add("AvgPool2d", [[3, 2], {**options, "countIncludePad": False}], nn.AvgPool2d((3, 2), count_include_pad=False, **theirs), uniform(1, 1, 7, 6))
    c.add("MaxPool1d", [3, {"ceilMode": True}], nn.MaxPool1d(3, ceil_mode=True), distinct(1, 2, 8))
    c.add("AvgPool1d", [3, {"ceilMode": True, "padding": 1}], nn.AvgPool1d(3, ceil_mode=True, padding=1), uniform(1, 2, 8))
    c.add("MaxPool2d", [2, {"dilation": 2, "ceilMode": True}], nn.MaxPool2d(2, dilation=2, ceil_mode=True), distinct(1, 1, 6, 8))
    c.add("MaxPool3d", [2, {"ceilMode": True}], nn.MaxPool3d(2, ceil_mode=True), distinct(1, 1, 3, 4, 3))
    c.add("AvgPool3d", [2, {"ceilMode": True, "stride": [2, 1, 2]}], nn.AvgPool3d(2, stride=(2, 1, 2), ceil_mode=True), uniform(1, 1, 3, 3, 3))
    c.add("AvgPool2d", [2, {"divisorOverride": 3}], nn.AvgPool2d(2, divisor_override=3), uniform(1, 1, 4, 4))
    none = None
    for name in ["AdaptiveAvgPool", "AdaptiveMaxPool"]:
        for rank, shape, size in [(1, (2, 2, 7), 3), (1, (2, 6), 2), (2, (1, 2, 5, 6), [2, 4]), (2, (2, 1, 6, 4), [3, none]), (2, (1, 2, 4, 3), 1), (2, (1, 1, 3, 3), [5, 2]), (3, (1, 1, 4, 3, 5), [2, 2, 3]), (3, (1, 2, 2, 4, 2), 2)]:
            torch_size = tuple(size) if isinstance(size, list) else size
            c.add(f"{name}{rank}d", [size], getattr(nn, f"{name}{rank}d")(torch_size), distinct(*shape))
    c.write()


def padding():
    c = Cases("padding-layers.json")
    shapes = {1: (2, 2, 4), 2: (1, 2, 3, 4), 3: (1, 1, 3, 3, 3)}
    widths = {1: [2, 1], 2: [1, 2, 2, 0], 3: [1, 2, 0, 1, 2, 0]}
    for rank in [1, 2, 3]:
        for name in ["ReflectionPad", "ReplicationPad"]:
            layer = getattr(nn, f"{name}{rank}d")
            c.add(f"{name}{rank}d", [widths[rank]], layer(tuple(widths[rank])), uniform(*shapes[rank]))
            c.add(f"{name}{rank}d", [1], layer(1), uniform(*shapes[rank]))
        c.add(f"ConstantPad{rank}d", [widths[rank], 0.75], getattr(nn, f"ConstantPad{rank}d")(tuple(widths[rank]), 0.75), uniform(*shapes[rank]))
        # PyTorch 1.13 has ZeroPad2d and no CircularPad: constant padding and the mode of F.pad are the same.
        c.add(f"ZeroPad{rank}d", [widths[rank]], Padded(widths[rank], "constant"), uniform(*shapes[rank]))
        c.add(f"CircularPad{rank}d", [widths[rank]], Padded(widths[rank], "circular"), uniform(*shapes[rank]))
    c.add("ConstantPad2d", [[-1, 1, 0, -1], 2], nn.ConstantPad2d((-1, 1, 0, -1), 2), uniform(1, 3, 3))
    c.write()


class RMSNorm(nn.Module):
    """Zhang and Sennrich 2019, equation 4, with the eps that later implementations add: PyTorch 1.13 has no RMSNorm."""

    def __init__(self, shape, eps=2.0**-23):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape))
        self.eps = eps

    def forward(self, x):
        axes = tuple(range(-self.weight.dim(), 0))
        return x / torch.sqrt((x * x).mean(axes, keepdim=True) + self.eps) * self.weight


def normalization():
    c = Cases("normalization-layers.json")
    shapes = {"1": [(4, 3), (2, 3, 4)], "2": [(2, 3, 3, 2)], "3": [(2, 2, 2, 1, 3)]}
    ours = {"momentum": "momentum", "affine": "affine", "eps": "eps", "track_running_stats": "trackRunningStats"}
    for rank, inputs in shapes.items():
        for x in inputs:
            for options in [{}, {"momentum": 0.25, "eps": 0.01}, {"affine": False, "track_running_stats": False}, {"momentum": None, "affine": False}]:
                # All options on [N, C, L], the defaults and nothing kept on the others.
                if len(x) != 3 and "momentum" in options:
                    continue
                args = [x[1]] + ([{ours[k]: v for k, v in options.items()}] if options else [])
                for mode in ["train", "eval"]:
                    c.add(f"BatchNorm{rank}d", args, getattr(nn, f"BatchNorm{rank}d")(x[1], **options), uniform(*x), mode=mode)
            if len(x) == 2:
                continue
            for options in [{}, {"affine": True, "track_running_stats": True, "momentum": 0.25}]:
                args = [x[1]] + ([{ours[k]: v for k, v in options.items()}] if options else [])
                for mode in ["train", "eval"] if options else ["train"]:
                    c.add(f"InstanceNorm{rank}d", args, getattr(nn, f"InstanceNorm{rank}d")(x[1], **options), uniform(*x), mode=mode)
    c.add("InstanceNorm1d", [2], nn.InstanceNorm1d(2), uniform(2, 5))
    c.add("LayerNorm", [5], nn.LayerNorm(5), uniform(2, 3, 5))
    c.add("LayerNorm", [[3, 4], {"eps": 0.01}], nn.LayerNorm((3, 4), eps=0.01), uniform(2, 3, 4))
    c.add("LayerNorm", [4, {"elementwiseAffine": False}], nn.LayerNorm(4, elementwise_affine=False), uniform(3, 4))
    c.add("GroupNorm", [2, 4], nn.GroupNorm(2, 4), uniform(2, 4, 3, 2))
    c.add("GroupNorm", [3, 3, {"eps": 0.01}], nn.GroupNorm(3, 3, eps=0.01), uniform(2, 3, 4))
    c.add("GroupNorm", [1, 4, {"affine": False}], nn.GroupNorm(1, 4, affine=False), uniform(3, 4))
    c.add("RMSNorm", [5], RMSNorm(5), uniform(2, 3, 5))
    c.add("RMSNorm", [[2, 3], {"eps": 0.01}], RMSNorm((2, 3), 0.01), uniform(2, 2, 3))
    c.add("LocalResponseNorm", [3, {"alpha": 0.5}], nn.LocalResponseNorm(3, alpha=0.5), uniform(2, 5, 2, 2))
    c.add("LocalResponseNorm", [2, {"alpha": 0.25, "beta": 0.5, "k": 2}], nn.LocalResponseNorm(2, 0.25, 0.5, 2), uniform(1, 4, 3))
    c.add("LocalResponseNorm", [5], nn.LocalResponseNorm(5), uniform(1, 6, 2, 1))
    c.write()


def resizing():
    c = Cases("resizing-layers.json")
    ours = {"size": "size", "scale_factor": "scaleFactor", "mode": "mode", "align_corners": "alignCorners"}
    cases = [
        ((2, 2, 4), dict(scale_factor=2)),
        ((1, 2, 5), dict(size=3)),
        ((1, 2, 3, 4), dict(scale_factor=2, mode="nearest")),
        ((1, 1, 5, 4), dict(size=[3, 7], mode="nearest")),
        ((1, 1, 4, 3), dict(scale_factor=[1.5, 2.5])),
        ((1, 1, 5, 4), dict(size=[3, 7], mode="nearest-exact")),
        ((1, 1, 2, 3, 2), dict(scale_factor=2)),
        ((1, 2, 5), dict(size=8, mode="linear")),
        ((1, 2, 5), dict(size=9, mode="linear", align_corners=True)),
        ((1, 2, 3, 4), dict(scale_factor=2, mode="bilinear")),
        ((1, 2, 3, 4), dict(scale_factor=2, mode="bilinear", align_corners=True)),
        ((1, 1, 5, 6), dict(size=[3, 4], mode="bilinear")),
        ((1, 1, 4, 4), dict(scale_factor=[1.75, 0.5], mode="bilinear")),
        ((1, 1, 2, 3, 2), dict(scale_factor=2, mode="trilinear")),
        ((1, 1, 2, 2, 3), dict(size=[3, 1, 4], mode="trilinear", align_corners=True)),
        ((1, 1, 4, 5), dict(scale_factor=2, mode="bicubic")),
        ((1, 1, 4, 5), dict(size=[6, 3], mode="bicubic")),
        ((1, 1, 4, 5), dict(size=[7, 6], mode="bicubic", align_corners=True)),
        ((1, 2, 5, 4), dict(size=[2, 3], mode="area")),
    ]
    for shape, options in cases:
        layer = nn.Upsample(**{k: tuple(v) if isinstance(v, list) else v for k, v in options.items()})
        c.add("Upsample", [{ours[k]: v for k, v in options.items()}], layer, uniform(*shape))
    c.write()


class Evaluated(nn.Module):
    """x itself, which PyTorch 1.13 has no layer for: what DropPath is in evaluation (Huang et al. 2016, scaled in training)."""

    def forward(self, x):
        return x


def dropping():
    c = Cases("dropout-layers.json")
    for kind, layer, shape in [("Dropout", nn.Dropout, (3, 4)), ("Dropout1d", nn.Dropout1d, (2, 3, 2)), ("Dropout2d", nn.Dropout2d, (2, 2, 2, 2)),
                               ("Dropout3d", nn.Dropout3d, (1, 2, 2, 2, 1)), ("AlphaDropout", nn.AlphaDropout, (3, 4))]:
        c.add(kind, [0.5], layer(0.5), uniform(*shape), mode="eval")
        c.add(kind, [0], layer(0), uniform(*shape))
    for kind, layer, shape in [("Dropout", nn.Dropout, (3, 4)), ("Dropout2d", nn.Dropout2d, (2, 2, 2, 2)), ("AlphaDropout", nn.AlphaDropout, (3, 4))]:
        c.add(kind, [1], layer(1), uniform(*shape))
    c.add("DropPath", [0.5], Evaluated(), uniform(3, 2), mode="eval")
    c.write()


def activation():
    c = Cases("activation-layers.json")
    x = given([-30.0, -10.25, -6.0, -3.5, -2.75, -1.5, -0.984375, -0.5, -0.015625, 0.015625, 0.25, 0.4375, 0.75, 1.5, 2.5, 3.25, 5.5, 7.5, 25.0, 40.0])
    for kind, args, module in [
        ("ReLU", [], nn.ReLU()),
        ("LeakyReLU", [{"negativeSlope": 0.25}], nn.LeakyReLU(0.25)),
        ("ELU", [{"alpha": 0.5}], nn.ELU(0.5)),
        ("GELU", [], nn.GELU()),
        ("GELU", [{"approximate": "tanh"}], nn.GELU(approximate="tanh")),
        ("SiLU", [], nn.SiLU()),
        ("Sigmoid", [], nn.Sigmoid()),
        ("Tanh", [], nn.Tanh()),
        ("ReLU6", [], nn.ReLU6()),
        ("SELU", [], nn.SELU()),
        ("CELU", [{"alpha": 0.5}], nn.CELU(0.5)),
        ("Mish", [], nn.Mish()),
        ("Softplus", [], nn.Softplus()),
        ("Softplus", [{"beta": 2, "threshold": 3}], nn.Softplus(2, 3)),
        ("Softsign", [], nn.Softsign()),
        ("Hardswish", [], nn.Hardswish()),
        ("Hardsigmoid", [], nn.Hardsigmoid()),
        ("Hardtanh", [], nn.Hardtanh()),
        ("Hardtanh", [{"minVal": -2, "maxVal": 0.625}], nn.Hardtanh(-2, 0.625)),
        ("LogSigmoid", [], nn.LogSigmoid()),
    ]:
        c.add(kind, args, module, x)
    c.add("Softplus", [{"beta": 2}], nn.Softplus(2, threshold=1000), x)
    c.add("Softmax", [], nn.Softmax(-1), uniform(4, 5))
    c.add("Softmax", [0], nn.Softmax(0), uniform(4, 5))
    c.add("PReLU", [], nn.PReLU(), uniform(2, 3))
    c.add("PReLU", [{"numParameters": 3}], nn.PReLU(3), uniform(2, 3, 4))
    c.add("GLU", [], nn.GLU(), uniform(3, 6))
    c.add("GLU", [0], nn.GLU(0), uniform(4, 3))
    c.add("Softmin", [], nn.Softmin(-1), uniform(4, 5))
    c.add("Softmin", [1], nn.Softmin(1), uniform(2, 3, 4))
    c.add("LogSoftmax", [], nn.LogSoftmax(-1), uniform(4, 5))
    c.write()


if __name__ == "__main__":
    for family in [linear, convolution, pooling, padding, normalization, resizing, dropping, activation]:
        # Each file has its own numbers, whichever others there are.
        rng.seed(7)
        family()
