"""Features brought to mean 0 and standard deviation 1, by what the training set alone tells."""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import DataError
from .layout import Array, Layout, axis_of


class StandardScaler:
    """Remembers the mean and the standard deviation of each feature, and takes them out of other data.

    A feature that does not vary is only shifted: its scale is 1, so nothing becomes NaN. float32 stays float32; integers
    become float64; the statistics are float64. `mean` and `scale` broadcast against the data: (1, n), or (n, 1) with
    examples="columns".

    >>> scaler = tg.data.StandardScaler().fit([[1.0, 7.0], [3.0, 7.0]])
    >>> scaler.transform([[5.0, 8.0]])
    array([[3., 1.]])
    """

    mean: Array
    scale: Array

    def __init__(self, *, examples: Layout = "rows") -> None:
        self.axis = axis_of(examples)

    def fit(self, X: Any) -> StandardScaler:
        """Learn the mean and the scale of each feature of `X`; returns the scaler."""
        X = np.asarray(X)
        wide = X.astype(np.float64)
        if X.ndim < 1 or X.shape[self.axis] == 0:
            raise DataError(f"StandardScaler: there is no example in data of shape {X.shape}")
        if not np.isfinite(wide).all():
            raise DataError("StandardScaler: the data has NaN or infinity; leave those examples out, or fill them in")
        self.mean = wide.mean(axis=self.axis, keepdims=True)
        spread = wide.std(axis=self.axis, keepdims=True)
        # The mean of equal numbers may be rounded: such a spread is an error of the sum, not a property of the data.
        rounding = X.shape[self.axis] * np.finfo(np.float64).eps * np.abs(self.mean)
        self.scale = np.where(spread <= rounding, 1.0, spread)
        return self

    def transform(self, X: Any) -> Array:
        """``(X - mean) / scale``."""
        X = self._checked(X)
        return ((X - self.mean) / self.scale).astype(_floating(X), copy=False)

    def inverse_transform(self, X: Any) -> Array:
        """``X * scale + mean``."""
        X = self._checked(X)
        return (X * self.scale + self.mean).astype(_floating(X), copy=False)

    def _checked(self, X: Any) -> Array:
        if not hasattr(self, "mean"):
            raise DataError("StandardScaler: fit it to the training set first")
        X = np.asarray(X)
        one = X.take([0], axis=self.axis).shape if X.ndim and X.shape[self.axis] else None
        if one not in (None, self.mean.shape):
            raise DataError(f"StandardScaler: it was fit to features {self.mean.shape}; the data is {X.shape}")
        return X


def standardise(train: Any, *others: Any, examples: Layout = "rows") -> list[Array]:
    """`train`, and `others` after it, with the mean of `train` taken out and divided by its standard deviation.

    >>> train, test = tg.data.standardise([[0.0], [2.0]], [[4.0]])
    >>> train.tolist(), test.tolist()
    ([[-1.0], [1.0]], [[3.0]])
    """
    scaler = StandardScaler(examples=examples).fit(train)
    return [scaler.transform(X) for X in (train, *others)]


def _floating(X: Array) -> np.dtype:
    return X.dtype if X.dtype.kind == "f" else np.dtype(np.float64)
