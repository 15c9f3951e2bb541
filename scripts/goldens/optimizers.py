"""Fifty steps of every optimizer, and LBFGS, on a small problem. Writes test/golden/optimizers.json.

The loss of parameters p [3] and q [2] is sum(s * p^4) / 4 + (sum(w * p) - sum(u * q^2))^2 / 2 + sum(q^4) / 8.
"""
import torch

from common import number, write

S, W, U = torch.tensor([1.0, 0.5, 2.0]), torch.tensor([0.5, -1.0, 0.75]), torch.tensor([1.0, -0.5])
S, W, U = S.double(), W.double(), U.double()
P, Q = [1.25, -1.5, 0.75], [-0.5, 1.75]
STEPS = 50


def loss_of(p, q):
    return (S * p**4).sum() / 4 + ((W * p).sum() - (U * q**2).sum()) ** 2 / 2 + (q**4).sum() / 8


class Lion(torch.optim.Optimizer):
    """Chen et al. 2023, algorithm 2."""

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0, maximize=False):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay, maximize=maximize))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                g = -p.grad if group["maximize"] else p.grad
                c = beta1 * m + (1 - beta1) * g
                assert c.abs().min() > 1e-6, "a sign that rounding decides is no golden"
                p -= group["lr"] * (c.sign() + group["weight_decay"] * p)
                m.copy_(beta2 * m + (1 - beta2) * g)


CASES = [
    ("SGD", dict(lr=0.02)),
    ("SGD", dict(lr=0.01, momentum=0.9)),
    ("SGD", dict(lr=0.01, momentum=0.8, nesterov=True, weight_decay=0.05)),
    ("SGD", dict(lr=0.02, momentum=0.8, dampening=0.3, weight_decay=0.01)),
    ("SGD", dict(lr=0.0002, maximize=True)),
    ("Adagrad", dict(lr=0.1)),
    ("Adagrad", dict(lr=0.2, lr_decay=0.05, weight_decay=0.1, initial_accumulator_value=0.5, eps=1e-6)),
    ("Adadelta", dict()),
    ("Adadelta", dict(lr=0.5, rho=0.8, eps=1e-4, weight_decay=0.1)),
    ("RMSprop", dict(lr=0.01)),
    ("RMSprop", dict(lr=0.01, alpha=0.9, centered=True, weight_decay=0.05)),
    ("RMSprop", dict(lr=0.005, alpha=0.95, momentum=0.8, centered=True, eps=1e-4)),
    ("RMSprop", dict(lr=0.005, momentum=0.5)),
    ("Adam", dict(lr=0.05)),
    ("Adam", dict(lr=0.1, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.1)),
    ("Adam", dict(lr=0.2, betas=(0.5, 0.6), amsgrad=True)),
    ("Adam", dict(lr=0.002, maximize=True)),
    ("AdamW", dict(lr=0.05)),
    ("AdamW", dict(lr=0.1, weight_decay=0.3, betas=(0.7, 0.8), amsgrad=True)),
    ("Adamax", dict(lr=0.05)),
    ("Adamax", dict(lr=0.1, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.1)),
    ("NAdam", dict(lr=0.02)),
    ("NAdam", dict(lr=0.05, betas=(0.8, 0.95), weight_decay=0.1, momentum_decay=0.05)),
    ("RAdam", dict(lr=0.02)),
    ("RAdam", dict(lr=0.05, betas=(0.8, 0.95), weight_decay=0.1)),
    ("Lion", dict(lr=0.01)),
    ("Lion", dict(lr=0.02, betas=(0.8, 0.9), weight_decay=0.3)),
]

NAMES = {"weight_decay": "weightDecay", "lr_decay": "lrDecay", "momentum_decay": "momentumDecay", "max_iter": "maxIter",
         "initial_accumulator_value": "initialAccumulatorValue", "history_size": "historySize", "line_search_fn": "lineSearchFn"}


def start():
    return [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (P, Q)]


def run(kind, options):
    p, q = start()
    # The single-tensor form of NAdam in 1.13 multiplies by mu once too often, against its own documentation
    # (mended in 2.0, pull request 92699); its other form is right.
    extra = {"foreach": True} if kind == "NAdam" else {}
    optimizer = {"Lion": Lion}.get(kind) or getattr(torch.optim, kind)
    optimizer = optimizer([p, q], **options, **extra)
    path = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss_of(p, q).backward()
        optimizer.step()
        path.append([number(v, 8) for v in p.tolist() + q.tolist()])
    return {"optimizer": kind, "options": {NAMES.get(k, k): v for k, v in options.items()}, "trajectory": path}


def lbfgs(options, steps):
    p, q = start()
    optimizer = torch.optim.LBFGS([p, q], **options)
    losses, path = [], []

    def closure():
        optimizer.zero_grad()
        loss = loss_of(p, q)
        loss.backward()
        return loss

    for _ in range(steps):
        losses.append(number(optimizer.step(closure), 8))
        path.append([number(v, 8) for v in p.tolist() + q.tolist()])
    state = optimizer.state[p]
    return {"options": {NAMES.get(k, k): ("strongWolfe" if v == "strong_wolfe" else v) for k, v in options.items()}, "losses": losses, "trajectory": path,
            "evaluations": state["func_evals"], "iterations": state["n_iter"]}


if __name__ == "__main__":
    write("optimizers.json", {
        "runs": [run(*case) for case in CASES],
        "lbfgs": [lbfgs(dict(lr=0.1, max_iter=4), 6), lbfgs(dict(lr=0.5, max_iter=3, history_size=2), 6),
                  lbfgs(dict(max_iter=3, line_search_fn="strong_wolfe"), 6), lbfgs(dict(lr=0.3, max_iter=5, history_size=3, line_search_fn="strong_wolfe"), 4)],
    })
