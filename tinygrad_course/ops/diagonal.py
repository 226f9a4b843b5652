"""Triangles and diagonals of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.primitive import Primitive
from ..core.state import composite
from .axes import axes_of, ndim_of, refuse, shape_of
from .reduce import sum

# --- triangles --------------------------------------------------------------------------------------------------------

_tril: Primitive = Primitive(
    lambda x, *, k: np.tril(x, k),
    name="tril",
    vjp=(lambda g, y, x, k: _tril(g, k=k),),
    doc="The lower triangle of each matrix, 0 elsewhere.",
)
_triu: Primitive = Primitive(
    lambda x, *, k: np.triu(x, k),
    name="triu",
    vjp=(lambda g, y, x, k: _triu(g, k=k),),
    doc="The upper triangle of each matrix, 0 elsewhere.",
)


def tril(x: Any, k: int = 0) -> Any:
    """Each matrix of `x` (its last two axes) with 0 above the diagonal number `k`.

    >>> import tinygrad_course as tg
    >>> tg.tril(tg.ones((2, 2))).tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    return _tril(_matrices("tril", x), k=k)


def triu(x: Any, k: int = 0) -> Any:
    """Each matrix of `x` (its last two axes) with 0 below the diagonal number `k`.

    >>> import tinygrad_course as tg
    >>> tg.triu(tg.ones((2, 2))).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    return _triu(_matrices("triu", x), k=k)


def _matrices(op: str, x: Any) -> Any:
    if ndim_of(x) < 2:
        raise refuse(op, f"x has shape {shape_of(x)}; a matrix needs two axes")
    return x


# --- diagonals --------------------------------------------------------------------------------------------------------


def _from_diagonal(x: Any, *, shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Any:
    y = np.zeros_like(x, shape=shape)
    i = np.arange(np.shape(x)[-1])
    np.moveaxis(y, (axis1, axis2), (-2, -1))[..., i - np.minimum(offset, 0), i + np.maximum(offset, 0)] = x
    return y


_diagonal = Primitive(
    lambda x, *, offset, axis1, axis2: np.diagonal(x, offset, axis1, axis2),
    name="diagonal",
    vjp=(
        lambda g, y, x, offset, axis1, axis2: from_diagonal(g, shape=x.shape, offset=offset, axis1=axis1, axis2=axis2),
    ),
    doc="The diagonals of the matrices in two of the axes, as a new last axis.",
)
from_diagonal: Primitive = Primitive(
    _from_diagonal,
    name="from_diagonal",
    vjp=(lambda g, y, x, shape, offset, axis1, axis2: _diagonal(g, offset=offset, axis1=axis1, axis2=axis2),),
    doc="Zeros of `shape` with `x` on the diagonals: the adjoint of diagonal.",
)


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonals of `x` over two of its axes, as a new last axis.

    `offset` counts diagonals upwards from the main one.

    >>> import tinygrad_course as tg
    >>> tg.diagonal(tg.eye(3), offset=1).tolist()
    [0.0, 0.0]
    """
    (first,), (second,) = axes_of("diagonal", axis1, ndim_of(x)), axes_of("diagonal", axis2, ndim_of(x))
    return _diagonal(x, offset=offset, axis1=first, axis2=second)


def diag(x: Any, k: int = 0) -> Any:
    """The diagonal number `k` of a matrix, or the square matrix with the vector `x` on it.

    >>> import tinygrad_course as tg
    >>> tg.diag(tg.Tensor([1.0, 2.0])).tolist()
    [[1.0, 0.0], [0.0, 2.0]]
    """
    shape = shape_of(x)
    if len(shape) == 1:
        n = shape[0] + (k if k > 0 else -k)
        return from_diagonal(x, shape=(n, n), offset=k, axis1=0, axis2=1)
    if len(shape) == 2:
        return _diagonal(x, offset=k, axis1=0, axis2=1)
    raise refuse("diag", f"x has shape {shape}; it must be a vector or a matrix (diagonal takes any stack of matrices)")


@composite
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum along the diagonal number `offset` of the matrices in two of the axes.

    >>> import tinygrad_course as tg
    >>> float(tg.trace(tg.eye(3)))
    3.0
    """
    return sum(diagonal(x, offset, axis1, axis2), axis=-1)


@composite
def matrix_diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """The diagonals of the matrices in the last two axes, as a new last axis.

    >>> import tinygrad_course as tg
    >>> tg.linalg.diagonal(tg.ones((5, 2, 3))).shape
    (5, 2)
    """
    return diagonal(_matrices("diagonal", x), offset, -2, -1)


@composite
def matrix_trace(x: Any, /, *, offset: int = 0) -> Any:
    """The sum along a diagonal of each of the matrices in the last two axes.

    >>> import tinygrad_course as tg
    >>> tg.linalg.trace(tg.ones((5, 2, 3))).tolist()
    [2.0, 2.0, 2.0, 2.0, 2.0]
    """
    return trace(_matrices("trace", x), offset, -2, -1)
