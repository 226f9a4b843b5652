"""The losses as modules, with PyTorch's arguments; the functions themselves are ``tg.mse_loss`` and so on."""

from __future__ import annotations

from typing import Any

from .. import losses
from .module import Module


class _Loss(Module):
    """`reduction`: "mean", "sum" or "none"."""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        if reduction not in ("mean", "sum", "none"):
            raise ValueError(f'reduction must be "mean", "sum" or "none", not {reduction!r}')
        self.reduction = reduction


class _Weighted(_Loss):
    """`weight`: one factor per element or class, kept as a buffer."""

    weight: Any

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)


class MSELoss(_Loss):
    """Mean squared error."""

    def forward(self, input: Any, target: Any) -> Any:
        """``mse_loss(input, target)``"""
        return losses.mse_loss(input, target, self.reduction)


class L1Loss(_Loss):
    """Mean absolute error."""

    def forward(self, input: Any, target: Any) -> Any:
        """``l1_loss(input, target)``"""
        return losses.l1_loss(input, target, self.reduction)


class HuberLoss(_Loss):
    """Quadratic for errors up to `delta`, linear beyond."""

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = delta

    def forward(self, input: Any, target: Any) -> Any:
        """``huber_loss(input, target)``"""
        return losses.huber_loss(input, target, self.reduction, self.delta)


class HingeLoss(_Loss):
    """``max(0, margin - target * input)`` for targets -1 and 1."""

    def __init__(self, reduction: str = "mean", margin: float = 1.0) -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input: Any, target: Any) -> Any:
        """``hinge_loss(input, target)``"""
        return losses.hinge_loss(input, target, self.reduction, self.margin)


class BCELoss(_Weighted):
    """Binary cross-entropy of probabilities."""

    def forward(self, input: Any, target: Any) -> Any:
        """``binary_cross_entropy(input, target)``"""
        return losses.binary_cross_entropy(input, target, self.weight, self.reduction)


class BCEWithLogitsLoss(_Weighted):
    """Binary cross-entropy of ``sigmoid(input)``, exact for any logits; `pos_weight`: the positive class's factor."""

    pos_weight: Any

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(weight, reduction)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Any, target: Any) -> Any:
        """``binary_cross_entropy_with_logits(input, target)``"""
        return losses.binary_cross_entropy_with_logits(input, target, self.weight, self.reduction, self.pos_weight)


class NLLLoss(_Weighted):
    """Negative log-likelihood from log-probabilities; targets equal to `ignore_index` count for nothing."""

    def __init__(self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(weight, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Any, target: Any) -> Any:
        """``nll_loss(input, target)``"""
        return losses.nll_loss(input, target, self.weight, self.ignore_index, self.reduction)


class CrossEntropyLoss(_Weighted):
    """Cross-entropy from logits, classes on axis 1; the target holds class numbers, or a probability for every class.

    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> float(nn.CrossEntropyLoss()(np.zeros((2, 4)), np.array([0, 3])))
    1.3862943611198906
    """

    def __init__(
        self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0
    ) -> None:
        super().__init__(weight, reduction)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, input: Any, target: Any) -> Any:
        """``cross_entropy(input, target)``"""
        return losses.cross_entropy(input, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing)
