"""Norms of vectors and matrices. At 0 their gradient is 0, the subgradient of least norm; ties share it equally."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.primitive import Primitive
from ..core.state import composite
from .axes import Axis, axes_of, refuse, static
from .decompositions import svdvals
from .einsum import operand
from .matrices import negligible
from .pieces import abs, sign, where
from .powers import pow
from .reduce import as_kept, max, min, sum
from .shape import expand_dims, moveaxis, ravel, reshape

Order = float | str | None

MATRIX_ORDERS = "None, 'fro', 'nuc', inf, -inf, 1, -1, 2 or -2"


def _vector_norm(x: Any, *, ord: float, axis: Any, keepdims: bool) -> Any:
    """The norm of order `ord`; once more on scaled numbers where the powers have overflowed or vanished."""
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        y = np.linalg.vector_norm(x, ord=ord, axis=axis, keepdims=keepdims)
        if x.size and not np.all(np.isfinite(y) & (y > _tiny(y.dtype))):
            largest = np.max(np.abs(x), axis=axis, keepdims=True)
            largest = np.where((largest > 0) & np.isfinite(largest), largest, 1).astype(y.dtype)
            scaled = np.linalg.vector_norm(x / largest, ord=ord, axis=axis, keepdims=True)
            y = np.reshape(scaled * largest, np.shape(y))[()]
    return y


def _tiny(dtype: np.dtype[Any]) -> float:
    """Below this the square of a number, or the number itself, may have lost digits."""
    return float(np.sqrt(np.finfo(dtype).tiny))


def _vector_norm_vjp(g: Any, y: Any, x: Any, ord: float, axis: Axis, keepdims: bool) -> Any:
    """sign(x) * (abs(x) / y) ** (ord - 1), and 0 where the norm is 0 or has a cusp."""
    g, y = as_kept(g, x.shape, axis, keepdims), as_kept(y, x.shape, axis, keepdims)
    zero = y == 0
    ratio = x / where(zero, 1, y)
    slope = ratio if ord == 2 else sign(x) * pow(abs(ratio), ord - 1)
    cusp = zero | (x == 0) if ord < 1 else zero  # rises without bound to both sides
    return g * where(cusp, 0, slope)


_norm = Primitive(
    _vector_norm,
    name="norm",
    vjp=(_vector_norm_vjp,),
    doc="Norm of order `ord` (not 0, 1 or infinite) over `axis`.",
)


@composite
def vector_norm(x: Any, /, *, axis: Axis = None, keepdims: bool = False, ord: float = 2) -> Any:
    """Norm over `axis` (all elements if None): ``sum(abs(x) ** ord) ** (1 / ord)``.

    `ord` may be inf or -inf (largest and smallest absolute value), 0 (how many elements are not 0) or any number.

    >>> import tinygrad_course as tg
    >>> tg.linalg.vector_norm(tg.Tensor([[3.0, 4.0], [0.0, 2.0]]), axis=1).tolist()
    [5.0, 2.0]
    """
    x = operand(x)
    if not isinstance(ord, int | float | np.number):
        raise refuse("vector_norm", f"ord={ord!r} must be a number, inf or -inf")
    axes_of("vector_norm", axis, x.ndim)
    axis = static(axis)
    if ord in (np.inf, -np.inf):
        return (max if ord > 0 else min)(abs(x), axis, keepdims)
    if ord == 0:
        return sum(sign(abs(x)), axis, keepdims)
    if ord == 1:
        return sum(abs(x), axis, keepdims)
    return _norm(x, ord=ord, axis=axis, keepdims=keepdims)


@composite
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Order = "fro") -> Any:
    """Norm of the matrices in the last two axes.

    `ord`: "fro" (root of the sum of squares), "nuc" (sum of the singular values), 2 and -2 (the largest, the
    smallest of them), 1 and -1 (largest and smallest sum of absolute values in a column), inf and -inf (in a row).

    >>> import tinygrad_course as tg
    >>> tg.linalg.matrix_norm(tg.Tensor([[3.0, 0.0], [0.0, 4.0]]), ord="nuc").item()
    7.0
    """
    x = operand(x)
    if x.ndim < 2:
        raise refuse("matrix_norm", f"x has shape {x.shape}; a matrix needs two axes, vector_norm takes one")
    if ord is None or ord == "fro":
        return _norm(x, ord=2, axis=(-2, -1), keepdims=keepdims)
    if ord in ("nuc", 2, -2):
        y = _of_singular_values(x, ord)
    elif ord in (1, -1):
        y = (max if ord == 1 else min)(sum(abs(x), -2), -1)
    elif ord in (np.inf, -np.inf):
        y = (max if ord == np.inf else min)(sum(abs(x), -1), -1)
    else:
        raise refuse("matrix_norm", f"ord={ord!r} is no order of a matrix norm; choose {MATRIX_ORDERS}")
    return expand_dims(y, (-2, -1)) if keepdims else y


def _of_singular_values(x: Any, ord: Any) -> Any:
    s = svdvals(x)
    # A singular value is an absolute value in disguise: at 0 its gradient is 0, and its vectors are arbitrary.
    s = where(negligible(s, size=np.max(x.shape[-2:])), 0, s)
    return sum(s, -1) if ord == "nuc" else max(s, -1) if ord == 2 else min(s, -1)


@composite
def norm(x: Any, ord: Order = None, axis: Axis = None, keepdims: bool = False) -> Any:
    """Norm of a vector (one axis) or of matrices (two axes), as `np.linalg.norm` has it.

    Parameters
    ----------
    x
        Array or Tensor of any shape.
    ord
        None: the root of the sum of squares. For vectors any number, inf or -inf, see `vector_norm`; for matrices
        "fro", "nuc", 1, -1, 2, -2, inf or -inf, see `matrix_norm`.
    axis
        An int: vectors along that axis. Two ints: matrices. None: the whole of `x`, which may have any number of
        axes if `ord` is None, and is one vector or one matrix otherwise.
    keepdims
        Whether the result keeps the axes that were summed, with size 1.

    Raises
    ------
    ShapeError
        For an axis that `x` does not have, or an `ord` that vectors or matrices do not have.

    Notes
    -----
    Where the norm is 0 the gradient is 0 (and not NaN); where largest values tie, they share it equally.

    Examples
    --------
    >>> import tinygrad_course as tg
    >>> x = tg.Tensor([3.0, 4.0], requires_grad=True)
    >>> tg.linalg.norm(x).backward()
    >>> x.grad.tolist()
    [0.6, 0.8]
    """
    x = operand(x)
    if axis is None and ord is None:
        y = _norm(ravel(x), ord=2, axis=None, keepdims=False)
        return reshape(y, (1,) * x.ndim) if keepdims else y
    axes = axes_of("norm", axis, x.ndim)
    if len(axes) == 1:
        if isinstance(ord, str):
            raise refuse("norm", f"ord={ord!r} is for matrices; along axis {axes[0]} x of shape {x.shape} has vectors")
        return vector_norm(x, axis=axes[0], keepdims=keepdims, ord=2 if ord is None else ord)
    if len(axes) != 2:
        raise refuse("norm", f"axis={axis} of x, shape {x.shape}: give one axis for vectors or two for matrices")
    y = matrix_norm(moveaxis(x, axes, (-2, -1)), ord=ord)
    return expand_dims(y, axes) if keepdims else y
