"""Tables shared by the tests of optimisers: each optimiser with its options, and schedules, in either library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class OptimCase:
    """An optimiser by its name, which both libraries know, and its options."""

    kind: str
    options: dict[str, Any]

    def make(self, library: Any) -> Callable[[Any], Any]:
        return lambda params: getattr(library, self.kind)(params, **self.options)

    def __str__(self) -> str:
        return "-".join([self.kind, *(f"{k}={v}" for k, v in self.options.items() if k != "lr")])


TABLE: dict[str, list[dict[str, Any]]] = {
    "SGD": [
        {},
        {"weight_decay": 0.1},
        {"momentum": 0.9},
        {"momentum": 0.9, "dampening": 0.5},
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
        {"momentum": 0.9, "weight_decay": 0.1, "maximize": True},
    ],
    "RMSprop": [
        {},
        {"alpha": 0.9, "eps": 1e-3},
        {"centered": True},
        {"momentum": 0.9, "weight_decay": 0.1},
        {"momentum": 0.9, "centered": True, "maximize": True},
    ],
    "Adagrad": [
        {},
        {"lr_decay": 0.1, "initial_accumulator_value": 0.5},
        {"weight_decay": 0.1, "eps": 1e-3, "maximize": True},
    ],
    "Adam": [
        {},
        {"betas": (0.5, 0.9), "eps": 1e-3},
        {"betas": (0.0, 0.9)},
        {"weight_decay": 0.1},
        {"amsgrad": True, "betas": (0.9, 0.5)},
        {"amsgrad": True, "weight_decay": 0.1, "maximize": True},
        {"weight_decay": 0.1, "decoupled_weight_decay": True},
    ],
    "AdamW": [{}, {"weight_decay": 0.5, "amsgrad": True}, {"maximize": True, "betas": (0.8, 0.9)}],
    "Adamax": [{}, {"weight_decay": 0.1, "betas": (0.5, 0.9)}, {"maximize": True, "eps": 1e-3}],
}
CASES = [OptimCase(kind, {"lr": 0.05, **options}) for kind, rows in TABLE.items() for options in rows]

# A schedule from the module that has it (ours or PyTorch's) and an optimiser.
SCHEDULES: dict[str, Callable[[Any, Any], Any]] = {
    "StepLR": lambda s, o: s.StepLR(o, 7, gamma=0.3),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [3, 10, 10, 31], gamma=0.5),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.93),
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda t: 1 / (1 + 0.1 * t)),
    "LinearLR": lambda s, o: s.LinearLR(o),
    "LinearLR down": lambda s, o: s.LinearLR(o, 0.9, 0.1, 20),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, 12, eta_min=1e-3),
    "CosineAnnealingLR to 0": lambda s, o: s.CosineAnnealingLR(o, 50),
    "SequentialLR": lambda s, o: s.SequentialLR(
        o, [s.LinearLR(o, 0.1, 1.0, 5), s.CosineAnnealingLR(o, 30), s.StepLR(o, 4)], milestones=[5, 35]
    ),
    "SequentialLR nested": lambda s, o: s.SequentialLR(
        o,
        [s.SequentialLR(o, [s.LinearLR(o), s.ExponentialLR(o, 0.9)], [6]), s.MultiStepLR(o, [2, 5])],
        milestones=[20],
    ),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, 0.8, total_steps=50),
    "OneCycleLR linear": lambda s, o: s.OneCycleLR(
        o, 0.8, epochs=10, steps_per_epoch=6, anneal_strategy="linear", three_phase=True, pct_start=0.4, div_factor=5
    ),
    "ReduceLROnPlateau": lambda s, o: s.ReduceLROnPlateau(o, factor=0.5, patience=2, cooldown=2, min_lr=0.01),
    "ReduceLROnPlateau max": lambda s, o: s.ReduceLROnPlateau(
        o, mode="max", patience=1, threshold=0.05, threshold_mode="abs"
    ),
}
