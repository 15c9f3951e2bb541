#!/usr/bin/python3
"""Goldens of losses for layerTests; see common.py. What PyTorch lacks is written out from its paper's formula."""
import torch
from torch import nn

from common import given, integers, layer_case, uniform, write_layers

REDUCTIONS = ["mean", "sum", "none"]


class Formula(nn.Module):
    """A module that computes a function and reduces it."""

    def __init__(self, f, reduction="mean"):
        super().__init__()
        self.f, self.reduction = f, reduction

    def forward(self, *inputs):
        losses = self.f(*inputs)
        return losses if self.reduction == "none" else getattr(losses, self.reduction)()


class Cases:
    def __init__(self, file):
        self.file, self.cases = file, []

    def add(self, kind, options, module, *inputs):
        args = [options] if options else []
        name = " ".join([kind] + [str(a) for a in args] + ["x".join(map(str, i.shape)) for i in inputs[:1]])
        name = "".join(c for c in name if c not in "'{}")
        self.cases.append(layer_case(name, kind, args, module, inputs, "train", False))

    def each(self, kind, make, *inputs, **options):
        """All three reductions, without other options but those that are given."""
        for reduction in REDUCTIONS:
            given_options = {} if reduction == "mean" else {"reduction": reduction}
            self.add(kind, {**given_options, **options}, make(reduction), *inputs)

    def write(self):
        write_layers(self.file, self.cases)


def signs(*shape):
    return integers(0, 2, *shape).double() * 2 - 1


def regression():
    c = Cases("regression-losses.json")
    x, y = uniform(3, 4), uniform(3, 4)
    c.each("MSELoss", lambda r: nn.MSELoss(reduction=r), x, y)
    c.each("L1Loss", lambda r: nn.L1Loss(reduction=r), x, y)
    c.each("HuberLoss", lambda r: nn.HuberLoss(reduction=r), x, y)
    c.add("HuberLoss", {"delta": 0.4, "reduction": "none"}, nn.HuberLoss(delta=0.4, reduction="none"), x, y)
    c.each("SmoothL1Loss", lambda r: nn.SmoothL1Loss(reduction=r), x, y)
    c.add("SmoothL1Loss", {"beta": 0.4, "reduction": "none"}, nn.SmoothL1Loss(beta=0.4, reduction="none"), x, y)
    c.add("SmoothL1Loss", {"beta": 0}, nn.SmoothL1Loss(beta=0.0), x, y)
    var = uniform(3, 4, low=0.1, high=2)
    c.each("GaussianNLLLoss", lambda r: nn.GaussianNLLLoss(reduction=r), x, y, var)
    c.add("GaussianNLLLoss", {"full": True, "eps": 0.5, "reduction": "none"}, nn.GaussianNLLLoss(full=True, eps=0.5, reduction="none"), x, y, var)
    c.add("GaussianNLLLoss", {"full": True}, nn.GaussianNLLLoss(full=True), x, y, uniform(3, low=0.1, high=2))
    c.add("GaussianNLLLoss", None, nn.GaussianNLLLoss(), x, y, uniform(3, 1, low=0.1, high=2))
    counts = integers(0, 5, 3, 4).double()
    c.each("PoissonNLLLoss", lambda r: nn.PoissonNLLLoss(reduction=r), x, counts)
    c.add("PoissonNLLLoss", {"full": True, "reduction": "none"}, nn.PoissonNLLLoss(full=True, reduction="none"), x, integers(0, 5, 3, 4))
    rate = uniform(3, 4, low=0.1, high=3)
    c.add("PoissonNLLLoss", {"logInput": False, "full": True}, nn.PoissonNLLLoss(log_input=False, full=True), rate, counts)
    c.add("PoissonNLLLoss", {"logInput": False, "eps": 0.5, "reduction": "none"}, nn.PoissonNLLLoss(log_input=False, eps=0.5, reduction="none"), rate, counts)
    c.write()


def classification():
    c = Cases("classification-losses.json")
    x, y = uniform(4, 5), given([1, 4, 0, 2], torch.int64)
    maps, places = uniform(2, 3, 2, 2), given([[[0, 2], [1, -100]], [[2, 2], [-100, 1]]], torch.int64)
    weight = [0.5, 2, 1.25, 0.25, 1]
    w = given(weight)
    soft = uniform(4, 5).softmax(1)
    CE = nn.CrossEntropyLoss
    c.each("CrossEntropyLoss", lambda r: CE(reduction=r), x, y)
    c.each("CrossEntropyLoss", lambda r: CE(reduction=r), maps, places)
    c.each("CrossEntropyLoss", lambda r: CE(w, ignore_index=2, label_smoothing=0.1, reduction=r), x, y, weight=weight, ignoreIndex=2, labelSmoothing=0.1)
    c.add("CrossEntropyLoss", {"weight": weight, "reduction": "none"}, CE(w, reduction="none"), x, y)
    c.add("CrossEntropyLoss", {"weight": weight}, CE(w), x, y)
    c.add("CrossEntropyLoss", {"ignoreIndex": 4}, CE(ignore_index=4), x, y)
    c.add("CrossEntropyLoss", {"labelSmoothing": 0.2}, CE(label_smoothing=0.2), maps, places)
    c.add("CrossEntropyLoss", {"weight": weight[:3], "labelSmoothing": 1, "reduction": "none"}, CE(w[:3], label_smoothing=1.0, reduction="none"), maps, places)
    c.add("CrossEntropyLoss", None, CE(), uniform(5), given(3, torch.int64))
    c.add("CrossEntropyLoss", {"weight": weight}, CE(w), uniform(2, 5, 3), integers(0, 5, 2, 3))
    c.each("CrossEntropyLoss", lambda r: CE(reduction=r), x, soft)
    c.each("CrossEntropyLoss", lambda r: CE(w, label_smoothing=0.1, reduction=r), x, soft, weight=weight, labelSmoothing=0.1)
    c.add("CrossEntropyLoss", {"labelSmoothing": 0.3}, CE(label_smoothing=0.3), maps, uniform(2, 3, 2, 2).softmax(1))
    logs = x.log_softmax(1)
    c.each("NLLLoss", lambda r: nn.NLLLoss(reduction=r), logs, y)
    c.each("NLLLoss", lambda r: nn.NLLLoss(w, ignore_index=0, reduction=r), logs, y, weight=weight, ignoreIndex=0)
    c.add("NLLLoss", None, nn.NLLLoss(), maps, places)
    c.each("MultiMarginLoss", lambda r: nn.MultiMarginLoss(reduction=r), x, y)
    c.add("MultiMarginLoss", {"p": 2, "margin": 0.7, "weight": weight, "reduction": "none"}, nn.MultiMarginLoss(2, 0.7, w, reduction="none"), x, y)
    c.add("MultiMarginLoss", {"p": 2, "weight": weight}, nn.MultiMarginLoss(2, weight=w), uniform(5), given(3, torch.int64))
    c.write()


def probability():
    c = Cases("probability-losses.json")
    x, p = uniform(3, 4, low=-6, high=6), uniform(3, 4).sigmoid()
    t, hard = uniform(3, 4, low=0, high=1), integers(0, 2, 3, 4)
    weight = [0.5, 2, 1.25, 0.25]
    w = given(weight)
    c.each("BCELoss", lambda r: nn.BCELoss(reduction=r), p, t)
    c.add("BCELoss", {"weight": weight}, nn.BCELoss(w), p, t)
    c.add("BCELoss", {"weight": weight, "reduction": "none"}, nn.BCELoss(w, reduction="none"), p, hard.double())
    c.each("BCEWithLogitsLoss", lambda r: nn.BCEWithLogitsLoss(reduction=r), x, t)
    c.add("BCEWithLogitsLoss", {"weight": weight, "posWeight": [3, 1, 0.5, 2]}, nn.BCEWithLogitsLoss(w, pos_weight=given([3, 1, 0.5, 2])), x, t)
    c.add("BCEWithLogitsLoss", {"posWeight": [3, 1, 0.5, 2], "reduction": "none"}, nn.BCEWithLogitsLoss(pos_weight=given([3, 1, 0.5, 2]), reduction="none"), x * 16, hard.double())
    logs, q = uniform(3, 4).log_softmax(1), uniform(3, 4).softmax(1)
    for reduction in REDUCTIONS:
        c.add("KLDivLoss", {"reduction": reduction}, nn.KLDivLoss(reduction=reduction), logs, q)
    c.add("KLDivLoss", {"reduction": "batchMean"}, nn.KLDivLoss(reduction="batchmean"), logs, q)
    c.add("KLDivLoss", {"reduction": "none"}, Formula(lambda a, b: nn.functional.kl_div(a, b.double(), reduction="none"), "none"), logs, hard)
    c.add("KLDivLoss", {"logTarget": True, "reduction": "batchMean"}, nn.KLDivLoss(reduction="batchmean", log_target=True), logs, q.log())
    c.add("KLDivLoss", {"logTarget": True, "reduction": "none"}, nn.KLDivLoss(reduction="none", log_target=True), logs, q.log())
    c.write()


def pairs():
    c = Cases("pair-losses.json")
    x, y, s = uniform(3, 4), uniform(3, 4), signs(3, 4)
    hinge = lambda margin: lambda a, t: torch.where(t * a < margin, margin - t * a, torch.zeros_like(a))
    c.each("HingeLoss", lambda r: Formula(hinge(1), r), x, s.long())
    c.add("HingeLoss", {"margin": 0.5, "reduction": "none"}, Formula(hinge(0.5), "none"), x, s)
    c.each("HingeEmbeddingLoss", lambda r: nn.HingeEmbeddingLoss(reduction=r), x, s)
    c.add("HingeEmbeddingLoss", {"margin": 0.3, "reduction": "none"}, nn.HingeEmbeddingLoss(0.3, reduction="none"), x, s)
    c.each("MarginRankingLoss", lambda r: nn.MarginRankingLoss(reduction=r), x, y, s)
    c.add("MarginRankingLoss", {"margin": 0.7, "reduction": "none"}, nn.MarginRankingLoss(0.7, reduction="none"), x, y, s.long())
    z, label = uniform(3, 4), given([1, -1, -1])
    c.each("TripletMarginLoss", lambda r: nn.TripletMarginLoss(reduction=r), x, y, z)
    c.add("TripletMarginLoss", {"margin": 2, "p": 3, "swap": True, "eps": 0.01, "reduction": "none"},
          nn.TripletMarginLoss(2.0, 3, 0.01, True, reduction="none"), x, y, z)
    c.add("TripletMarginLoss", {"p": 1, "margin": 4}, nn.TripletMarginLoss(4.0, 1), x, y, z)
    c.each("CosineEmbeddingLoss", lambda r: nn.CosineEmbeddingLoss(reduction=r), x, y, label)
    c.add("CosineEmbeddingLoss", {"margin": -0.5, "reduction": "none"}, nn.CosineEmbeddingLoss(-0.5, reduction="none"), x, y, label.long())
    c.add("CosineEmbeddingLoss", None, nn.CosineEmbeddingLoss(), uniform(4), uniform(4), given(-1))

    def contrastive(margin):
        """Hadsell, Chopra and LeCun 2006, equation 4."""
        def f(a, b, t):
            d = ((a - b) ** 2).sum(-1).sqrt()
            return (1 - t) * 0.5 * d ** 2 + t * 0.5 * torch.clamp(margin - d, min=0) ** 2
        return f
    near = x + uniform(3, 4, low=-0.4, high=0.4)
    c.each("ContrastiveLoss", lambda r: Formula(contrastive(1), r), x, near, given([0, 1, 1]))
    c.add("ContrastiveLoss", {"margin": 3, "reduction": "none"}, Formula(contrastive(3), "none"), x, y, given([1, 0, 1], torch.int64))

    def info_nce(temperature, normalize=True):
        """Van den Oord, Li and Vinyals 2018, equation 4, with f = exp(similarity / temperature)."""
        def f(q, k, *others):
            n = len(q)
            unit = lambda v: v / v.norm() if normalize else v
            rows = []
            for i in range(n):
                score = lambda v: torch.exp(unit(q[i]) @ unit(v) / temperature)
                wrong = others[0] if others else [k[j] for j in range(n) if j != i]
                rows.append(-torch.log(score(k[i]) / (score(k[i]) + sum(score(v) for v in wrong))))
            return torch.stack(rows)
        return f
    c.each("InfoNCELoss", lambda r: Formula(info_nce(0.1), r), x, y)
    c.add("InfoNCELoss", {"temperature": 0.5, "reduction": "none"}, Formula(info_nce(0.5), "none"), x, y, uniform(5, 4))
    c.add("InfoNCELoss", {"temperature": 2, "normalize": False}, Formula(info_nce(2, False)), x, y)

    def nt_xent(temperature):
        """Chen, Kornblith, Norouzi and Hinton 2020, equation 1."""
        def f(a, b):
            z = torch.cat([a, b])
            z = z / z.norm(dim=1, keepdim=True)
            n, total = len(a), 2 * len(a)
            score = lambda i, k: torch.exp(z[i] @ z[k] / temperature)
            return torch.stack([-torch.log(score(i, (i + n) % total) / sum(score(i, k) for k in range(total) if k != i)) for i in range(total)])
        return f
    c.each("NTXentLoss", lambda r: Formula(nt_xent(0.5), r), x, y)
    c.add("NTXentLoss", {"temperature": 0.1}, Formula(nt_xent(0.1)), x, y)
    c.write()


class CtcOfLogits(nn.Module):
    """PyTorch's gradient of the CTC loss is right only behind a log-softmax."""

    def __init__(self, **options):
        super().__init__()
        self.ctc = nn.CTCLoss(**options)

    def forward(self, logits, targets, input_lengths, target_lengths):
        return self.ctc(logits.log_softmax(-1), targets, input_lengths, target_lengths)


def ctc():
    c = Cases("ctc-losses.json")
    x = uniform(7, 4, 5, low=-3, high=3)
    targets = given([[1, 2, 2], [3, 3, 3], [4, 1, 1], [2, 1, 1]], torch.int64)
    lengths, sizes = given([7, 6, 5, 7], torch.int64), given([3, 3, 1, 0], torch.int64)
    c.each("CTCLoss", lambda r: CtcOfLogits(reduction=r), x, targets, lengths, sizes)
    other = given([[1, 2, 0], [3, 3, 0], [4, 1, 1], [2, 1, 0]], torch.int64)
    c.add("CTCLoss", {"blank": 4, "reduction": "none"}, CtcOfLogits(blank=4, reduction="none"), x, other.clamp(max=3), lengths, sizes)
    # The second target needs five steps (a blank between equal labels), and its input has four.
    short = given([7, 4, 5, 7], torch.int64)
    c.add("CTCLoss", {"zeroInfinity": True, "reduction": "none"}, CtcOfLogits(zero_infinity=True, reduction="none"), x, targets, short, sizes)
    c.add("CTCLoss", {"zeroInfinity": True}, CtcOfLogits(zero_infinity=True), x, targets, short, sizes)
    c.write()


regression()
classification()
probability()
pairs()
ctc()
