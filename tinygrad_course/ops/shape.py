"""Shape primitives: linear maps that only move or repeat elements; each rule is the map's adjoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.engine_ops import broadcast_to as _broadcast_to
from ..core.primitive import Primitive

_reshape = Primitive(
    lambda x, *, shape: np.reshape(x, shape), name="reshape", vjp=(lambda g, y, x, shape: reshape(g, x.shape),)
)
_transpose = Primitive(
    lambda x, *, axes: np.transpose(x, axes),
    name="permute_dims",
    vjp=(lambda g, y, x, axes: permute_dims(g, tuple(int(i) for i in np.argsort([a % x.ndim for a in axes]))),),
)


def reshape(x: Any, shape: int | Sequence[int]) -> Any:
    """`x` with the same elements in another `shape`; one size may be -1 and is worked out."""
    return _reshape(x, shape=shape if isinstance(shape, int) else tuple(shape))


def permute_dims(x: Any, axes: Sequence[int] | None = None) -> Any:
    """`x` with its axes in the order `axes`; reversed if None."""
    return _transpose(x, axes=tuple(range(np.ndim(x)))[::-1] if axes is None else tuple(axes))


def broadcast_to(x: Any, shape: int | Sequence[int]) -> Any:
    """`x` repeated (as a view) to `shape` by NumPy's broadcasting; the adjoint sums it back."""
    return _broadcast_to(x, shape=(shape,) if isinstance(shape, int) else tuple(shape))


def squeeze(x: Any, axis: int | Sequence[int] | None = None) -> Any:
    """`x` without its axes of size 1, or without those named."""
    return reshape(x, np.squeeze(np.empty(np.shape(x), np.void), axis).shape)


def expand_dims(x: Any, axis: int | Sequence[int]) -> Any:
    """`x` with new axes of size 1 at the positions `axis` of the result."""
    return reshape(x, np.expand_dims(np.empty(np.shape(x), np.void), axis).shape)
