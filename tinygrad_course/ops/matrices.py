"""What the functions of matrices share: diagonals, comparisons within rounding error, what can be wrong with one."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import GraphError
from ..core.tracing import peek
from .axes import shape_of
from .elementwise import constant
from .pieces import where
from .shape import expand_dims


def diagonal_matrix(d: Any) -> Any:
    """A stack of diagonal matrices with the vectors `d` on their diagonals."""
    return expand_dims(d, -1) * np.eye(d.shape[-1], dtype=d.dtype)


def scaled_columns(x: Any, d: Any) -> Any:
    """``x @ diagonal_matrix(d)``."""
    return x * expand_dims(d, -2)


def symmetric(x: Any) -> Any:
    """The symmetric part of square matrices."""
    return 0.5 * (x + x.mT)


def _rounding(d: Any, size: int) -> Any:
    """How far rounding may move eigenvalues or singular values `d` of matrices whose longer side is `size`."""
    largest = np.max(np.abs(d), axis=-1, initial=0, keepdims=True)
    return size * np.finfo(d.dtype).eps * largest


coincident = constant(
    lambda d: np.abs(d[..., :, None] - d[..., None, :]) <= _rounding(d, d.shape[-1])[..., None],
    name="coincident",
    doc="Which pairs of the values in each vector are equal, up to rounding in the matrix they belong to: (..., n, n).",
)
negligible = constant(
    lambda d, *, size: np.abs(d) <= _rounding(d, size),
    name="negligible",
    doc="Which singular values are zero, up to rounding in a matrix whose longer side is `size`.",
)


def quotient(x: Any, d: Any, zero: Any, forbidden: Any, message: str) -> Any:
    """``x / d``, and 0 where `d` is `zero`; a GraphError with `message` if `x` is not 0 where that is `forbidden`."""
    size = np.abs(value_of(x))
    if np.any((size > _rounding_of(size)) & forbidden):
        raise GraphError(message)
    return where(zero, 0, x / where(zero, 1, d))


def over_gaps(x: Any, d: Any, op: str, *, by_squares: bool = False) -> Any:
    """``x_ij / (d_j - d_i)``, or over the difference of their squares; 0 on the diagonal and for equal values.

    Where two values are equal up to rounding, their vectors are not unique. That does no harm as long as nothing
    depends on these vectors (their `x` is 0); otherwise there is no derivative: GraphError.
    """
    rows, columns = expand_dims(d, -1), expand_dims(d, -2)
    gaps = (columns - rows) * (columns + rows) if by_squares else columns - rows
    same = coincident(d)
    others = value_of(same) & ~np.eye(d.shape[-1], dtype=bool)
    return quotient(x, gaps, same, others, f"{op}: {_EQUAL}")


_EQUAL = (
    "the derivative of vectors that belong to equal values does not exist, because they are not unique; use the "
    "values alone, or move the input a little so that its values differ"
)


def value_of(x: Any) -> Any:
    """The array in a node, or the array itself: for questions that are not part of the graph."""
    return peek(x, "this operation of linear algebra, or its derivative,")


def _rounding_of(size: Any) -> Any:
    """What counts as 0 in stacks of square matrices with elements of these sizes."""
    n = size.shape[-1]
    return n * np.finfo(size.dtype).eps * np.max(size, axis=(-2, -1), initial=0, keepdims=True)


def matrix_complaint(a: Any, *, square: bool = True, remedy: str = "") -> str | None:
    """What is wrong with the shape or the values of `a`, in words; None if nothing is."""
    shape = shape_of(a)
    if len(shape) < 2:
        return f"a has shape {shape}; a matrix needs two axes, add one with expand_dims"
    if square and shape[-1] != shape[-2]:
        return f"a is {shape}; its last two sizes {shape[-2]} and {shape[-1]} must be equal{remedy}"
    if np.asarray(a).dtype.kind == "f":
        bad = np.argwhere(~np.isfinite(a))
        if len(bad):
            place = [int(i) for i in bad[0]]
            return f"a of shape {shape} holds {np.asarray(a)[tuple(place)]} at {place}; find where it comes from first"
    return None


def singular_complaint(a: Any) -> str | None:
    """That `a` has dependent rows, and which matrix of the stack it is."""
    n = a.shape[-1]
    ranks = np.atleast_1d(np.linalg.matrix_rank(a))
    worst = np.unravel_index(np.argmin(ranks), ranks.shape)
    which = f"matrix {[int(i) for i in worst]} of a, shape {a.shape}," if a.ndim > 2 else f"a of shape {a.shape}"
    return (
        f"{which} is singular: its rank is {ranks[worst]}, its size {n}; use pinv, "
        f"or add a little to the diagonal (a + 1e-6 * eye({n}))"
    )
