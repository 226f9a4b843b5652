"""Training: the loop, its progress and history, callbacks, checkpoints, and files of weights: `tg.train`."""

from __future__ import annotations

from ..plots import plot_confusion, plot_decision_boundary, plot_filters
from .batches import evaluate
from .callbacks import Callback, Checkpoint, EarlyStopping, LambdaCallback
from .fit import fit
from .history import History
from .metrics import accuracy, binary_accuracy, mae, mse
from .run import Run
from .saving import LoadError, load, save

__all__ = [
    "Callback", "Checkpoint", "EarlyStopping", "History", "LambdaCallback", "LoadError", "Run", "accuracy",
    "binary_accuracy", "evaluate", "fit", "load", "mae", "mse", "plot_confusion", "plot_decision_boundary",
    "plot_filters", "save",
]  # fmt: skip
