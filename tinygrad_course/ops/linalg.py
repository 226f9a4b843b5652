"""Linear algebra: products, and what NumPy's `linalg` differentiates."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.primitive import Primitive
from .shape import expand_dims, permute_dims


def matrix_transpose(x: Any) -> Any:
    """`x` with its last two axes swapped."""
    axes = tuple(range(np.ndim(x)))
    return permute_dims(x, (*axes[:-2], axes[-1], axes[-2]))


def _matmul_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    if a.ndim == 1:
        return matmul(b, expand_dims(g, -1))[..., 0] if b.ndim > 1 else g * b
    if b.ndim == 1:
        return expand_dims(g, -1) * b
    return matmul(g, matrix_transpose(b))


def _matmul_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    if b.ndim == 1:
        return matmul(matrix_transpose(a), expand_dims(g, -1))[..., 0] if a.ndim > 1 else g * a
    if a.ndim == 1:
        return expand_dims(a, -1) * expand_dims(g, -2)
    return matmul(matrix_transpose(a), g)


def _matmul_complaint(a: Any, b: Any) -> str | None:
    s, t = np.shape(a), np.shape(b)
    if not s or not t:
        return f"a is {s} but b is {t}; both need at least one axis, use * for a product with a number"
    inner = t[-2] if len(t) > 1 else t[0]
    if s[-1] != inner:
        return f"a is {s} but b is {t}; the inner sizes {s[-1]} and {inner} must agree"
    return None


matmul = Primitive(
    np.matmul,
    name="matmul",
    vjp=(_matmul_left, _matmul_right),
    complaint=_matmul_complaint,
    doc="Matrix product ``a @ b``, broadcasting over leading axes; vectors are rows on the left, columns on the right.",
)
