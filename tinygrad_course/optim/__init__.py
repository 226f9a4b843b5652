"""Optimisers, learning-rate schedules and gradient clipping under PyTorch's names: `tg.optim`."""

from __future__ import annotations

from . import lr_scheduler
from .adagrad import Adagrad
from .adam import Adam
from .adamax import Adamax
from .adamw import AdamW
from .clip import clip_grad_norm_, clip_grad_value_
from .optimizer import Optimizer
from .rmsprop import RMSprop
from .sgd import SGD

__all__ = [
    "SGD", "Adagrad", "Adam", "AdamW", "Adamax", "Optimizer", "RMSprop", "clip_grad_norm_", "clip_grad_value_",
    "lr_scheduler",
]  # fmt: skip
