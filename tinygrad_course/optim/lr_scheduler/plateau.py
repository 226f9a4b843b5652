"""Rates that fall when a measured value stops getting better."""

from __future__ import annotations

from math import inf
from typing import Any

from ...core.tracing import deferred
from ..optimizer import Optimizer
from .base import LRScheduler


class ReduceLROnPlateau(LRScheduler):
    """Multiplies the rates by `factor` after more than `patience` epochs in a row without a better value.

    Parameters
    ----------
    mode
        "min" if smaller is better, "max" if larger.
    threshold, threshold_mode
        By how much a value must be better: a part of the best ("rel"), or an amount ("abs").
    cooldown
        For how many epochs after a reduction none is counted as bad.
    min_lr
        Below which no rate falls; a number, or a list of one per group.
    eps
        Reductions by no more than this are not made.

    Examples
    --------
    >>> import tinygrad_course as tg
    >>> w = tg.Tensor([1.0], requires_grad=True)
    >>> optimizer = tg.optim.SGD([w], lr=0.8)
    >>> schedule = tg.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for valid_loss in [1.0, 0.9, 0.95, 0.92]:
    ...     schedule.step(valid_loss)
    >>> schedule.get_last_lr()
    [0.4]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        if not factor < 1:
            raise ValueError(f"ReduceLROnPlateau: factor must be below 1, not {factor}")
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
            raise ValueError(
                f'ReduceLROnPlateau: mode must be "min" or "max" and threshold_mode "rel" or "abs", '
                f"not {mode!r} and {threshold_mode!r}"
            )
        groups = len(self._checked(optimizer).param_groups)
        self.min_lrs = list(min_lr) if isinstance(min_lr, list | tuple) else [min_lr] * groups
        if len(self.min_lrs) != groups:
            raise ValueError(f"ReduceLROnPlateau: {len(self.min_lrs)} min_lr for {groups} parameter groups")
        self.optimizer = optimizer
        self.factor = factor
        self.patience = patience
        self.cooldown = cooldown
        self.eps = eps
        self.mode = mode
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.last_epoch = 0
        self.best = inf if mode == "min" else -inf
        self.cooldown_counter = 0
        self.num_bad_epochs = 0
        self._last_lr = self._current()

    @deferred
    def step(self, metrics: Any) -> None:  # type: ignore[override]
        """Take note of the epoch's value (a number, or a Tensor of one element), and reduce the rates if it is time."""
        value = float(metrics)
        self.last_epoch += 1
        better = self._is_better(value)
        if better:
            self.best = value
        self.num_bad_epochs = 0 if better or self.cooldown_counter else self.num_bad_epochs + 1
        self.cooldown_counter = max(0, self.cooldown_counter - 1)
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = self._current()

    def _is_better(self, value: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        if self.threshold_mode == "rel":
            return sign * value > sign * self.best * (1 + sign * self.threshold)
        return sign * value > sign * self.best + self.threshold

    def _reduce(self) -> None:
        groups = self.optimizer.param_groups
        least = self.min_lrs + self.min_lrs[-1:] * (len(groups) - len(self.min_lrs))  # groups added since
        for group, low in zip(groups, least, strict=True):
            new = max(group["lr"] * self.factor, low)
            if group["lr"] - new > self.eps:
                group["lr"] = new
