"""Features brought to mean 0 and standard deviation 1, by what the training set alone tells."""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import DataError
from .layout import Array, Layout, axis_of


class StandardScaler:
    """Remembers the mean and the standard deviation of each feature, and takes them out of other data.

    A feature that does not vary is only shifted: its scale is 1, so nothing becomes NaN. float32 stays float32,
    integers become float64; `mean` and `scale` are float64, and (1, n), or (n, 1) with examples="columns".

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
        values = _numbers(X)
        if values.ndim < 1 or values.shape[self.axis] == 0:
            raise DataError(f"StandardScaler: there is no example in data of shape {values.shape}; give at least one")
        if not np.isfinite(values).all():
            raise DataError("StandardScaler: the data has NaN or infinity; leave those examples out, or fill them in")
        self.mean = values.mean(axis=self.axis, keepdims=True, dtype=np.float64)
        spread = values.std(axis=self.axis, keepdims=True, dtype=np.float64)
        # Not spread == 0 alone: the mean of equal numbers may be rounded, and then they seem to vary.
        constant = values.max(axis=self.axis, keepdims=True) == values.min(axis=self.axis, keepdims=True)
        self.scale = np.where(constant | (spread == 0), 1.0, spread)
        return self

    def transform(self, X: Any) -> Array:
        """``(X - mean) / scale``."""
        values = self._checked(X)
        result: Array = np.empty_like(values, dtype=_floating(values))  # computed in float64, without arrays in between
        np.subtract(values, self.mean, out=result, casting="same_kind")
        np.divide(result, self.scale, out=result, casting="same_kind")
        return result

    def inverse_transform(self, X: Any) -> Array:
        """``X * scale + mean``."""
        values = self._checked(X)
        return (values * self.scale + self.mean).astype(_floating(values), copy=False)

    def _checked(self, X: Any) -> Array:
        if not hasattr(self, "mean"):
            raise DataError("StandardScaler: fit it to the training set first")
        values = _numbers(X)
        if values.ndim != self.mean.ndim or _features(values, self.axis) != _features(self.mean, self.axis):
            raise DataError(f"StandardScaler: it was fit to features {self.mean.shape}; the data is {values.shape}")
        return values


def standardise(train: Any, *others: Any, examples: Layout = "rows") -> list[Array]:
    """`train`, and `others` after it, with the mean of `train` taken out and divided by its standard deviation.

    >>> train, test = tg.data.standardise([[0.0], [2.0]], [[4.0]])
    >>> train.tolist(), test.tolist()
    ([[-1.0], [1.0]], [[3.0]])
    """
    scaler = StandardScaler(examples=examples).fit(train)
    return [scaler.transform(X) for X in (train, *others)]


def _features(X: Array, axis: int) -> tuple[int, ...]:
    return X.shape[1:] if axis == 0 else X.shape[:-1]


def _numbers(X: Any) -> Array:
    values = np.asarray(X)
    return values if values.dtype.kind in "biuf" else values.astype(np.float64)


def _floating(X: Array) -> np.dtype:
    return X.dtype if X.dtype.kind == "f" else np.dtype(np.float64)
