"""Schedules of the learning rate under PyTorch's names: `tg.optim.lr_scheduler`."""

from __future__ import annotations

from .base import LRScheduler
from .curves import CosineAnnealingLR, LinearLR
from .decay import ExponentialLR, LambdaLR, MultiStepLR, StepLR
from .one_cycle import OneCycleLR
from .plateau import ReduceLROnPlateau
from .sequential import SequentialLR

__all__ = [
    "CosineAnnealingLR", "ExponentialLR", "LRScheduler", "LambdaLR", "LinearLR", "MultiStepLR", "OneCycleLR",
    "ReduceLROnPlateau", "SequentialLR", "StepLR",
]  # fmt: skip
