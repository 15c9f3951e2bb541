"""Full curves of every schedule: learning rates of two groups, and the momentum. Writes test/golden/schedules.json."""
import math

import torch
from torch.optim import lr_scheduler as schedules

from common import number, write

METRICS = [1.0, 0.9, 0.91, 0.95, 0.9, 0.89999, 0.8, 0.85, 0.85, 0.85, 0.85, 0.85, 0.85, 0.85, 0.7, 0.71, 0.72, 0.73, 0.74, 0.75, 0.76, 0.77]
FACTORS = {"halving": lambda t: 0.5 ** (t // 3), "root": lambda t: 1 / math.sqrt(1 + t)}
NAMES = {"milestones": "milestones", "total_iters": "totalIters", "start_factor": "startFactor", "end_factor": "endFactor", "T_mult": "tMult", "eta_min": "etaMin",
         "total_steps": "totalSteps", "pct_start": "pctStart", "anneal_strategy": "annealStrategy", "cycle_momentum": "cycleMomentum", "base_momentum": "baseMomentum",
         "max_momentum": "maxMomentum", "div_factor": "divFactor", "final_div_factor": "finalDivFactor", "three_phase": "threePhase", "threshold_mode": "thresholdMode",
         "min_lr": "minLr", "step_size_up": "stepSizeUp", "step_size_down": "stepSizeDown", "steps_per_epoch": "stepsPerEpoch"}


def optimizer_of(kind):
    params = [{"params": [torch.zeros(1, requires_grad=True)], "lr": lr} for lr in (0.5, 0.08)]
    return torch.optim.SGD(params, lr=0.1, momentum=0.9) if kind == "SGD" else torch.optim.Adam(params, betas=(0.9, 0.99))


def make(optimizer, spec):
    kind, args, options = spec
    if kind == "SequentialLR":
        return schedules.SequentialLR(optimizer, [make(optimizer, s) for s in args[0]], args[1])
    if kind == "ChainedScheduler":
        return schedules.ChainedScheduler([make(optimizer, s) for s in args[0]])
    if kind in ("LambdaLR", "MultiplicativeLR"):
        return getattr(schedules, kind)(optimizer, [FACTORS[name] for name in args[0]])
    return getattr(schedules, kind)(optimizer, *args, **options)


def renamed(spec):
    kind, args, options = spec
    if kind in ("SequentialLR", "ChainedScheduler"):
        args = [[renamed(s) for s in args[0]], *args[1:]]
    return [kind, args, {NAMES.get(k, k): {"exp_range": "expRange"}.get(v, v) if isinstance(v, str) else v for k, v in options.items()}]


def curve(spec, steps, kind="SGD"):
    optimizer = optimizer_of(kind)
    schedule = make(optimizer, spec)
    rates, momentums = [], []
    for t in range(steps):
        rates.append([number(group["lr"], 12) for group in optimizer.param_groups])
        group = optimizer.param_groups[0]
        momentums.append(number(group["momentum"] if kind == "SGD" else group["betas"][0], 12))
        optimizer.step()
        if t < steps - 1:
            schedule.step(*([METRICS[t]] if spec[0] == "ReduceLROnPlateau" else []))
    kept = all(m == momentums[0] for m in momentums)
    return {"schedule": renamed(spec), "optimizer": kind, "rates": rates, **({} if kept else {"momentums": momentums})}


WARM_UP = ["LinearLR", [], dict(start_factor=0.1, total_iters=4)]

if __name__ == "__main__":
    write("schedules.json", {"curves": [
        curve(["StepLR", [3], {}], 12),
        curve(["StepLR", [4], dict(gamma=0.5)], 12),
        curve(["MultiStepLR", [[3, 7, 7, 9]], dict(gamma=0.3)], 12),
        curve(["ExponentialLR", [0.9], {}], 12),
        curve(["PolynomialLR", [], {}], 8),
        curve(["PolynomialLR", [], dict(total_iters=10, power=2.0)], 13),
        curve(["ConstantLR", [], {}], 8),
        curve(["ConstantLR", [], dict(factor=0.25, total_iters=3)], 6),
        curve(["LinearLR", [], {}], 8),
        curve(["LinearLR", [], dict(start_factor=0.1, end_factor=0.7, total_iters=6)], 9),
        curve(["CosineAnnealingLR", [7], dict(eta_min=0.01)], 30),
        curve(["CosineAnnealingWarmRestarts", [5], {}], 17),
        curve(["CosineAnnealingWarmRestarts", [3], dict(T_mult=2, eta_min=0.02)], 25),
        curve(["OneCycleLR", [[1.0, 0.2]], dict(total_steps=20)], 20),
        curve(["OneCycleLR", [0.8], dict(epochs=3, steps_per_epoch=5, anneal_strategy="linear", pct_start=0.4, div_factor=10.0, final_div_factor=100.0)], 15),
        curve(["OneCycleLR", [0.8], dict(total_steps=20, three_phase=True, base_momentum=0.8, max_momentum=0.9)], 20),
        curve(["OneCycleLR", [0.8], dict(total_steps=20, three_phase=True, anneal_strategy="linear")], 20, "Adam"),
        curve(["OneCycleLR", [0.8], dict(total_steps=10, cycle_momentum=False)], 10, "Adam"),
        curve(["CyclicLR", [0.1, 0.5], dict(step_size_up=4)], 20),
        curve(["CyclicLR", [0.1, [0.5, 0.3]], dict(step_size_up=3, step_size_down=5, mode="triangular2")], 26),
        curve(["CyclicLR", [0.1, 0.5], dict(step_size_up=4, mode="exp_range", gamma=0.9, cycle_momentum=False)], 20),
        curve(["LambdaLR", [["halving", "root"]], {}], 12),
        curve(["MultiplicativeLR", [["root", "halving"]], {}], 8),
        curve(["ReduceLROnPlateau", [], dict(patience=2)], 22),
        curve(["ReduceLROnPlateau", [], dict(mode="max", factor=0.5, patience=1, threshold=0.05, threshold_mode="abs", cooldown=2, min_lr=0.03)], 22),
        curve(["ReduceLROnPlateau", [], dict(factor=0.2, patience=0, threshold=0.02, min_lr=[0.01, 0.001])], 22),
        curve(["SequentialLR", [[WARM_UP, ["CosineAnnealingLR", [10], {}], ["ExponentialLR", [0.8], {}]], [5, 12]], {}], 20),
        curve(["ChainedScheduler", [[["ConstantLR", [], dict(factor=0.1, total_iters=3)], ["ExponentialLR", [0.9], {}], ["CosineAnnealingLR", [6], {}]]], {}], 15),
    ]})
