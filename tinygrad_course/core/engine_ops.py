"""The few primitives that the reverse pass itself needs: undoing a broadcast or a dtype, and a product that keeps 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from .primitive import Primitive


def _sum_to(x: Any, *, shape: tuple[int, ...]) -> Any:
    """Sum `x` over the axes that broadcasting added or stretched, so that it has `shape` again."""
    extra = x.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(i + extra for i, n in enumerate(shape) if n == 1 and x.shape[i + extra] != 1)
    if not axes:
        return x
    total = np.add.reduce(x, axis=axes, keepdims=True)
    return total.reshape(shape)[()] if extra else total


def _broadcast_to(x: Any, *, shape: tuple[int, ...]) -> Any:
    return np.broadcast_to(x, shape)[()]


def _broadcast_complaint(x: Any, *, shape: tuple[int, ...]) -> str:
    return f"x of shape {np.shape(x)} does not stretch to {shape}: each size, from the last, must be equal or 1"


def _cast(x: Any, *, dtype: np.dtype[Any]) -> Any:
    return x.astype(dtype)


sum_to: Primitive = Primitive(_sum_to, vjp=(lambda g, y, x, shape: broadcast_to(g, shape=x.shape),))
broadcast_to: Primitive = Primitive(
    _broadcast_to, vjp=(lambda g, y, x, shape: g,), complaint=_broadcast_complaint
)  # the edge sums it back to the shape of x
cast = Primitive(_cast, vjp=(lambda g, y, x, dtype: g,))  # the edge gives it back the dtype of x


def _guarded_product(g: Any, p: Any) -> Any:
    """``g * p``, and 0 wherever `g` is 0, even where `p` is infinite or NaN."""
    return np.where(g == 0, np.zeros((), np.result_type(g, p)), np.multiply(g, p))[()]


# A vjp and not partials: what is 0 by the guard stays 0 in every order, also where the next cotangent is NaN.
guarded_product: Primitive = Primitive(
    _guarded_product,
    vjp=(lambda c, y, g, p: guarded_product(c, p), lambda c, y, g, p: guarded_product(g, c)),
)
