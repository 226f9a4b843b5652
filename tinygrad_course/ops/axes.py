"""Reading of `axis` arguments, shared by the families below, and the errors for those that cannot be read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import index
from sys import _getframe
from typing import Any

import numpy as np

from ..core.errors import ShapeError
from ..core.position import place

Axis = int | Sequence[int] | None


def refuse(op: str, text: str) -> ShapeError:
    """The error for a call that is refused before any primitive ran, with the user's line as in the engine's errors."""
    return ShapeError(f"{op}: {text}{place(_getframe(1))}")


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of a Tensor, an array, or anything NumPy reads as one."""
    shape = getattr(x, "shape", None)
    return np.shape(x) if shape is None else shape


def ndim_of(x: Any) -> int:
    """How many axes `x` has."""
    return len(shape_of(x))


def floats(x: Any) -> Any:
    """`x` as floating-point numbers: ints and bools become float64, float32 stays."""
    return x if getattr(x, "dtype", np.dtype(bool)).kind == "f" else np.multiply(x, 1.0)


def static(axis: Any) -> Any:
    """`axis` or a shape as a hashable parameter: None, an int, a tuple of ints (or what NumPy will refuse)."""
    if axis is None or type(axis) is int:
        return axis
    try:
        return tuple(map(index, axis)) if hasattr(axis, "__len__") else index(axis)
    except TypeError:
        return axis


def axes_of(op: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """`axis` (None: all) as a tuple of distinct axes, counted from 0."""
    if axis is None:
        return tuple(range(ndim))
    axes = static(axis)
    axes = (axes,) if isinstance(axes, int) else axes
    if type(axes) is not tuple:
        raise refuse(op, f"axis={axis!r} is not an integer or a tuple of integers; give one of these")
    for a in axes:
        if not -ndim <= a < ndim:
            raise refuse(op, f"axis {a} is out of bounds for an array with {ndim} axes" + _choices(ndim))
    found = tuple(a % ndim for a in axes)
    if len(set(found)) < len(found):
        raise refuse(op, f"axis={axis} names an axis twice; name each once")
    return found


def _choices(ndim: int) -> str:
    return f"; use {-ndim} to {ndim - 1}" if ndim else "; a 0-d array has none"


def kept_shape(shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    """The shape of a reduction over `axis` with the reduced axes kept as 1."""
    if axis is None or not shape:
        return (1,) * len(shape)
    axes = {a % len(shape) for a in ((axis,) if isinstance(axis, int) else axis)}
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def count_along(shape: tuple[int, ...], axis: Axis) -> int:
    """How many elements each reduced value is made of."""
    if axis is None:
        return math.prod(shape)
    return math.prod(shape[a] for a in ((axis,) if isinstance(axis, int) else axis))
