"""What the normalising layers share: deviations from the mean, their variance, and the parameters that undo it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..ops.powers import sqrt, square
from ..ops.statistics import centered, mean
from .module import Module, Parameter


def deviations(x: Any, axis: tuple[int, ...]) -> tuple[Any, Any]:
    """``x - mean(x)`` over axes, and the variance (divided by n, axes kept) computed from it: x is read once."""
    d = centered(x, axis=axis)
    return d, mean(square(d), axis, True)


def standardized(x: Any, axis: tuple[int, ...], eps: float) -> Any:
    """``(x - mean(x)) / sqrt(var(x) + eps)`` over axes."""
    d, variance = deviations(x, axis)
    return d * (1 / sqrt(variance + eps))


class Affine(Module):
    """`weight`, at first ones, and `bias`, at first zeros: a scale and a shift that are learnt, or None."""

    weight: Parameter | None
    bias: Parameter | None

    def add_parameters(self, shape: Sequence[int], weight: bool, bias: bool, dtype: DTypeLike | None) -> None:
        """Create them."""
        self.weight = Parameter(np.ones(shape, dtype or float)) if weight else None
        self.bias = Parameter(np.zeros(shape, dtype or float)) if bias else None

    def reset_parameters(self) -> None:
        """Ones and zeros again."""
        if self.weight is not None:
            self.weight.data = np.ones_like(self.weight.value)
        if self.bias is not None:
            self.bias.data = np.zeros_like(self.bias.value)

    def scaled(self, y: Any, shape: tuple[int, ...] | None = None) -> Any:
        """``y * weight + bias``, the two reshaped to `shape` if it is given."""
        y = y if self.weight is None else y * fitted(self.weight, shape)
        return y if self.bias is None else y + fitted(self.bias, shape)


def fitted(x: Any, shape: tuple[int, ...] | None) -> Any:
    """`x` in `shape`, if it is given."""
    return x if shape is None else x.reshape(shape)
