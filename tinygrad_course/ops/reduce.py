"""Reductions along axes, and the running ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.primitive import Primitive
from .shape import broadcast_to, reshape

Axis = int | Sequence[int] | None


def kept_shape(shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    """The shape of a reduction over `axis` with the reduced axes kept as 1."""
    if axis is None:
        return (1,) * len(shape)
    axes = {a % len(shape) for a in ((axis,) if isinstance(axis, int) else axis)}
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def spread(g: Any, shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Any:
    """A reduced quantity laid out again over `shape`: what was summed gets the same value everywhere."""
    return broadcast_to(as_kept(g, shape, axis, keepdims), shape)


def as_kept(g: Any, shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Any:
    """A reduced quantity with its reduced axes back as 1, so that it broadcasts against `shape`."""
    return g if keepdims or g.ndim == len(shape) or g.ndim == 0 else reshape(g, kept_shape(shape, axis))


def count_along(shape: tuple[int, ...], axis: Axis) -> int:
    """How many elements each reduced value is made of."""
    if axis is None:
        return math.prod(shape)
    return math.prod(shape[a] for a in ((axis,) if isinstance(axis, int) else axis))


_sum = Primitive(
    lambda x, *, axis, keepdims: np.sum(x, axis=axis, keepdims=keepdims),
    name="sum",
    vjp=(lambda g, y, x, axis, keepdims: spread(g, x.shape, axis, keepdims),),
)


def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Sum over `axis` (all axes if None)."""
    return _sum(x, axis=axis if axis is None or isinstance(axis, int) else tuple(axis), keepdims=keepdims)
