"""Products of vectors, matrices and higher arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from string import ascii_letters
from typing import Any

import numpy as np

from ..core.primitive import Primitive
from ..core.state import composite
from .arithmetic import multiply
from .axes import axes_of, refuse
from .einsum import einsum, operand
from .reduce import sum
from .shape import expand_dims, moveaxis, reshape, squeeze

# --- the matrix product -----------------------------------------------------------------------------------------------


def _product(a: Any, b: Any) -> Any:
    """``a @ b``; of two matrices by `dot`, the same with less ado."""
    return a.dot(b) if type(a) is type(b) is np.ndarray and a.ndim == b.ndim == 2 else a @ b


def _matmul_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    """g @ b.T, where vectors are rows on the left and columns on the right."""
    if b.ndim == 2:
        return _product(g, b.T) if a.ndim > 1 else b @ g
    if b.ndim == 1:
        return g * b if a.ndim == 1 else expand_dims(g, -1) * b
    return g @ b.mT if a.ndim > 1 else squeeze(b @ expand_dims(g, -1), -1)


def _matmul_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    """a.T @ g, where vectors are rows on the left and columns on the right."""
    if a.ndim == b.ndim == 2:
        return _product(a.T, g)
    if a.ndim == 1:
        return g * a if b.ndim == 1 else expand_dims(a, -1) * expand_dims(g, -2)
    if b.ndim == 1:
        return _rows(a).T @ (g if g.ndim == 1 else reshape(g, (g.size,)))
    if b.ndim == 2:
        return _rows(a).T @ _rows(g)  # one product over a whole batch, instead of a batch of products to be summed
    return a.mT @ g


def _rows(x: Any) -> Any:
    """A stack of matrices as one tall matrix."""
    return x if x.ndim == 2 else reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


def _matmul_complaint(a: Any, b: Any) -> str | None:
    s, t = np.shape(a), np.shape(b)
    if not s or not t:
        return f"a is {s} but b is {t}; both need at least one axis, use * for a product with a number"
    inner = t[-2] if len(t) > 1 else t[0]
    if s[-1] != inner:
        return f"a is {s} but b is {t}; the inner sizes {s[-1]} and {inner} must agree"
    return f"a is {s} but b is {t}; the leading axes {s[:-2]} and {t[:-2]} do not broadcast"


matmul = Primitive(
    np.matmul,
    name="matmul",
    vjp=(_matmul_left, _matmul_right),
    complaint=_matmul_complaint,
    doc="""Matrix product ``a @ b``: (..., n, k) and (..., k, m) give (..., n, m); leading axes broadcast.

    A vector is a row on the left, a column on the right; its axis is missing in the result. The gradients are
    ``g @ b.T`` and ``a.T @ g``. `ShapeError` where inner sizes differ or an operand has no axis.

    >>> import tinygrad_course as tg
    >>> tg.matmul(tg.Tensor([[1.0, 2.0], [3.0, 4.0]]), tg.Tensor([1.0, 1.0])).tolist()
    [3.0, 7.0]
    """,
)

# --- other products ---------------------------------------------------------------------------------------------------


@composite
def dot(a: Any, b: Any) -> Any:
    """Product over the last axis of `a` and the last but one of `b` (its only one, if `b` is a vector).

    For two matrices that is ``a @ b``; with a number it is ``a * b``. `ShapeError` where the sizes differ.

    >>> import tinygrad_course as tg
    >>> tg.dot(tg.Tensor([1.0, 2.0]), [3.0, 4.0]).item()
    11.0
    """
    a, b = operand(a), operand(b)
    if a.ndim == 0 or b.ndim == 0:
        return multiply(a, b)
    if b.ndim == 1 or (a.ndim <= 2 and b.ndim == 2):
        return matmul(a, b)
    return _contracted("dot", a, b, [a.ndim - 1], [b.ndim - 2])


@composite
def vdot(a: Any, b: Any) -> Any:
    """Scalar product of two arrays of the same size, read as vectors.

    >>> import tinygrad_course as tg
    >>> tg.vdot(tg.Tensor([[1.0, 2.0], [3.0, 4.0]]), np.ones((2, 2))).item()
    10.0
    """
    a, b = operand(a), operand(b)
    if a.size != b.size:
        raise refuse(
            "vdot",
            f"a has {a.size} elements (shape {a.shape}) but b has {b.size} (shape {b.shape}); they must have as many",
        )
    return matmul(reshape(a, (a.size,)), reshape(b, (b.size,)))


@composite
def inner(a: Any, b: Any) -> Any:
    """Product over the last axes of both: (..., k) and (---, k) give (..., ---); ``a * b`` with a number.

    >>> import tinygrad_course as tg
    >>> tg.inner(tg.Tensor([1.0, 2.0]), np.eye(2)).tolist()
    [1.0, 2.0]
    """
    a, b = operand(a), operand(b)
    if a.ndim == 0 or b.ndim == 0:
        return multiply(a, b)
    return _contracted("inner", a, b, [a.ndim - 1], [b.ndim - 1])


@composite
def outer(a: Any, b: Any) -> Any:
    """All products of an element of `a` with one of `b`, as a matrix of shape (a.size, b.size).

    >>> import tinygrad_course as tg
    >>> tg.outer(tg.Tensor([1.0, 2.0]), [3.0, 4.0]).tolist()
    [[3.0, 4.0], [6.0, 8.0]]
    """
    a, b = operand(a), operand(b)
    return multiply(reshape(a, (a.size, 1)), reshape(b, (1, b.size)))


@composite
def tensordot(a: Any, b: Any, axes: int | Sequence[Any] = 2) -> Any:
    """Sum of products over pairs of axes; the result has the other axes of `a`, then those of `b`.

    `axes`: how many of the last axes of `a` meet the first of `b`, or two lists of the axes that meet in turn.
    `ShapeError` where their sizes differ.

    >>> import tinygrad_course as tg
    >>> tg.tensordot(tg.Tensor(np.ones((2, 3, 4))), np.ones((4, 3)), axes=([1, 2], [1, 0])).tolist()
    [12.0, 12.0]
    """
    a, b = operand(a), operand(b)
    if isinstance(axes, int | np.integer):
        if not 0 <= axes <= min(a.ndim, b.ndim):
            raise refuse(
                "tensordot", f"axes={axes} is more than a of shape {a.shape} or b of shape {b.shape} has; use fewer"
            )
        return _contracted("tensordot", a, b, range(a.ndim - axes, a.ndim), range(axes))
    left, right = axes_of("tensordot", axes[0], a.ndim), axes_of("tensordot", axes[1], b.ndim)
    if len(left) != len(right):
        raise refuse(
            "tensordot", f"axes={axes!r} pairs {len(left)} axes of a with {len(right)} of b; name as many of each"
        )
    return _contracted("tensordot", a, b, left, right)


def _contracted(name: str, a: Any, b: Any, left: Sequence[int], right: Sequence[int]) -> Any:
    """The sum of products of `a` and `b` over the axes `left` of `a`, each paired with one of `right` of `b`."""
    for i, j in zip(left, right, strict=True):
        if a.shape[i] != b.shape[j]:
            raise refuse(
                name,
                f"axis {i} of a (shape {a.shape}) has size {a.shape[i]} but axis {j} of b (shape {b.shape}) "
                f"has size {b.shape[j]}; they are summed together and must agree",
            )
    of_a = list(ascii_letters[: a.ndim])
    of_b = list(ascii_letters[a.ndim : a.ndim + b.ndim])
    for i, j in zip(left, right, strict=True):
        of_b[j] = of_a[i]
    kept = [c for c in of_a if c not in of_b] + [c for c in of_b if c not in of_a]
    return einsum(f"{''.join(of_a)},{''.join(of_b)}->{''.join(kept)}", a, b)


@composite
def kron(a: Any, b: Any) -> Any:
    """Kronecker product: every element of `a` replaced by its product with the whole of `b`.

    Along each axis the result has the product of both sizes; axes that one operand lacks count as 1.

    >>> import tinygrad_course as tg
    >>> tg.kron(tg.Tensor([1.0, 10.0]), [1.0, 2.0]).tolist()
    [1.0, 2.0, 10.0, 20.0]
    """
    a, b = operand(a), operand(b)
    ndim = max(a.ndim, b.ndim)
    of_a = (1,) * (ndim - a.ndim) + a.shape
    of_b = (1,) * (ndim - b.ndim) + b.shape
    wide = reshape(a, tuple(n for size in of_a for n in (size, 1)))
    narrow = reshape(b, tuple(n for size in of_b for n in (1, size)))
    return reshape(multiply(wide, narrow), tuple(m * n for m, n in zip(of_a, of_b, strict=True)))


@composite
def vecdot(x1: Any, x2: Any, *, axis: int = -1) -> Any:
    """Scalar products of the vectors along `axis` of both; the other axes broadcast.

    >>> import tinygrad_course as tg
    >>> tg.linalg.vecdot(tg.Tensor([[1.0, 2.0], [3.0, 4.0]]), [1.0, 1.0]).tolist()
    [3.0, 7.0]
    """
    x1, x2 = moveaxis(operand(x1), axis, -1), moveaxis(operand(x2), axis, -1)
    if x1.shape[-1] != x2.shape[-1]:
        raise refuse(
            "vecdot", f"the vectors along axis {axis} have sizes {x1.shape[-1]} and {x2.shape[-1]}; they must agree"
        )
    return sum(multiply(x1, x2), -1)


@composite
def matvec(a: Any, x: Any) -> Any:
    """Each matrix of `a`, shape (..., m, n), times the vector of `x`, shape (..., n); leading axes broadcast.

    >>> import tinygrad_course as tg
    >>> from tinygrad_course.ops.linalg import matvec
    >>> matvec(np.eye(2), tg.Tensor([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    return squeeze(matmul(operand(a), expand_dims(operand(x), -1)), -1)


@composite
def vecmat(x: Any, a: Any) -> Any:
    """The vector of `x`, shape (..., m), times each matrix of `a`, shape (..., m, n); leading axes broadcast.

    >>> import tinygrad_course as tg
    >>> from tinygrad_course.ops.linalg import vecmat
    >>> vecmat(tg.Tensor([[1.0, 2.0], [3.0, 4.0]]), np.eye(2)).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    return squeeze(matmul(expand_dims(operand(x), -2), operand(a)), -2)


@composite
def cross(x1: Any, x2: Any, *, axis: int = -1) -> Any:
    """Cross products of the 3-vectors along `axis` of both; the other axes broadcast.

    >>> import tinygrad_course as tg
    >>> tg.linalg.cross(tg.Tensor([1.0, 0.0, 0.0]), [0.0, 1.0, 0.0]).tolist()
    [0.0, 0.0, 1.0]
    """
    x1, x2 = operand(x1), operand(x2)
    if any(x.shape[axes_of("cross", axis, x.ndim)[0]] != 3 for x in (x1, x2)):
        raise refuse("cross", f"x1 is {x1.shape} and x2 is {x2.shape}; both need 3 elements along axis {axis}")
    signs = np.zeros((3, 3, 3), np.result_type(x1.dtype, x2.dtype))
    signs[[0, 1, 2], [1, 2, 0], [2, 0, 1]] = 1
    signs[[0, 2, 1], [2, 1, 0], [1, 0, 2]] = -1
    y = einsum("ijk,...j,...k->...i", signs, moveaxis(x1, axis, -1), moveaxis(x2, axis, -1))
    return moveaxis(y, -1, axis)


@composite
def multi_dot(arrays: Sequence[Any]) -> Any:
    """Product of two or more matrices in the order that costs least; the first and the last may be vectors.

    >>> import tinygrad_course as tg
    >>> tg.linalg.multi_dot([np.ones((2, 3)), tg.Tensor(np.ones((3, 4))), np.ones(4)]).tolist()
    [12.0, 12.0]
    """
    arrays = [operand(a) for a in arrays]
    if len(arrays) < 2:
        raise refuse("multi_dot", f"at least two arrays are needed, got {len(arrays)}")
    for i, a in enumerate(arrays):
        if a.ndim != 2 and not (a.ndim == 1 and i in (0, len(arrays) - 1)):
            raise refuse("multi_dot", f"array {i} has shape {a.shape}; it must be a matrix (the ends may be vectors)")
    for i, (a, b) in enumerate(pairwise(arrays)):
        if a.shape[-1] != b.shape[0]:
            raise refuse(
                "multi_dot",
                f"arrays {i} and {i + 1} are {a.shape} and {b.shape}; "
                f"the inner sizes {a.shape[-1]} and {b.shape[0]} must agree",
            )
    if len(arrays) == 2:
        return matmul(*arrays)
    terms = [ascii_letters[i : i + 2] for i in range(len(arrays))]
    terms[0] = terms[0][-arrays[0].ndim :]
    terms[-1] = terms[-1][: arrays[-1].ndim]
    ends = (terms[0][:-1]) + (terms[-1][1:])
    return einsum(",".join(terms) + "->" + ends, *arrays)
