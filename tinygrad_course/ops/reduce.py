"""Reductions along axes: sums, products, extremes, and questions. The running ones are in `running`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.primitive import Primitive
from .axes import Axis, axes_of, count_along, floats, kept_shape, shape_of, static
from .running import others
from .shape import permute_dims, reshape


def as_kept(g: Any, shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Any:
    """A reduced quantity with its reduced axes back as 1, so that it broadcasts against `shape`."""
    return g if keepdims or g.ndim == len(shape) or g.ndim == 0 else reshape(g, kept_shape(shape, axis))


def reduction(
    ufunc: np.ufunc,
    name: str,
    vjp: Callable[..., Any],
    doc: str,
    complaint: Callable[..., str | None] | None = None,
    spreads: bool = False,
) -> Primitive:
    """A reducing primitive; ``ufunc.reduce`` does the work of ``np.sum`` and its like in half their time."""
    return Primitive(
        lambda x, *, axis, keepdims: ufunc.reduce(x, axis=axis, keepdims=keepdims),
        name=name,
        vjp=(vjp,),
        doc=doc,
        complaint=complaint,
        spreads=spreads,
    )


# --- sum and product --------------------------------------------------------------------------------------------------

# Every element of a sum gets the same cotangent: it is left to stand for itself, broadcast.
_sum = reduction(
    np.add,
    "sum",
    lambda g, y, x, axis, keepdims: as_kept(g, x.shape, axis, keepdims),
    "Sum along axes.",
    spreads=True,
)
_prod = reduction(
    np.multiply,
    "prod",
    lambda g, y, x, axis, keepdims: as_kept(g, x.shape, axis, keepdims) * _product_of_others(x, axis),
    "Product along axes.",
)


def _product_of_others(x: Any, axis: Axis) -> Any:
    """For each element the product of the rest that it was multiplied with."""
    axes = axes_of("prod", axis, x.ndim)
    if len(axes) == 1:
        return others(x, axis=axes[0])
    order = (*(a for a in range(x.ndim) if a not in axes), *axes)
    front = permute_dims(x, order)
    kept = front.shape[: x.ndim - len(axes)]
    merged = others(reshape(front, (*kept, count_along(x.shape, axes))), axis=len(kept))
    return permute_dims(reshape(merged, front.shape), [order.index(a) for a in range(x.ndim)])


def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Sum over `axis` (all axes if None); 0 where there is nothing to add. Bools and small ints add up as int64.

    >>> import tinygrad_course as tg
    >>> tg.sum(tg.ones((2, 3)), axis=0).tolist()
    [2.0, 2.0, 2.0]
    """
    return _sum(x, axis=static(axis), keepdims=keepdims)


def prod(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Product over `axis` (all axes if None); 1 where there is nothing to multiply.

    The derivative in each element is the product of the others, computed without division: right with zeros too.

    >>> import tinygrad_course as tg
    >>> x = tg.Tensor([0.0, 2.0, 3.0], requires_grad=True)
    >>> tg.prod(x).backward()
    >>> x.grad
    array([6., 0., 0.])
    """
    return _prod(x, axis=static(axis), keepdims=keepdims)


# --- extremes ---------------------------------------------------------------------------------------------------------


def _winners(x: Any, y: Any, *, axis: Axis, keepdims: bool) -> Any:
    hit = np.equal(x, as_kept(y, x.shape, axis, keepdims))
    ties = np.add.reduce(hit, axis=axis, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):  # no winner where y is NaN
        return np.multiply(hit, np.divide(1, ties, dtype=x.dtype))


winners = Primitive(
    _winners,
    name="winners",
    differentiable=False,
    doc="Where `x` attains the reduced value `y`: 1, or 1/n if n elements tie for it; 0 elsewhere.",
)


def _extreme_vjp(g: Any, y: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    return as_kept(g, x.shape, axis, keepdims) * winners(x, y, axis=axis, keepdims=keepdims)


def _no_elements(x: Any, *, axis: Axis, keepdims: bool = False) -> str | None:
    shape = shape_of(x)
    try:
        empty = count_along(shape, axis) == 0
    except (IndexError, TypeError):  # a bad axis: NumPy's own words are clear
        return None
    place = "" if axis is None else f" along axis {axis}"
    return f"x of shape {shape} has no elements{place}, so there is nothing to choose from" if empty else None


_max = reduction(np.maximum, "max", _extreme_vjp, "Largest value along axes.", _no_elements)
_min = reduction(np.minimum, "min", _extreme_vjp, "Smallest value along axes.", _no_elements)


def max(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Largest element over `axis` (all axes if None). Elements that tie share the gradient equally.

    Raises ShapeError if there is no element to choose from. A NaN makes its result NaN.

    >>> import tinygrad_course as tg
    >>> x = tg.Tensor([1.0, 5.0, 5.0], requires_grad=True)
    >>> tg.max(x).backward()
    >>> x.grad
    array([0. , 0.5, 0.5])
    """
    return _max(x, axis=static(axis), keepdims=keepdims)


def min(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Smallest element over `axis` (all axes if None). Elements that tie share the gradient equally.

    Raises ShapeError if there is no element to choose from. A NaN makes its result NaN.

    >>> import tinygrad_course as tg
    >>> x = tg.Tensor([4.0, 1.0, 2.0], requires_grad=True)
    >>> tg.min(x).backward()
    >>> x.grad
    array([0., 1., 0.])
    """
    return _min(x, axis=static(axis), keepdims=keepdims)


amax = max
amin = min


# --- logsumexp --------------------------------------------------------------------------------------------------------


def _logsumexp(x: Any, *, axis: Axis, keepdims: bool) -> Any:
    x = floats(x)
    largest = np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    shift = np.where(np.isfinite(largest), largest, x.dtype.type(0))
    with np.errstate(over="ignore", divide="ignore"):  # beside an infinity; the log of an empty sum
        y = np.log(np.add.reduce(np.exp(x - shift), axis=axis, keepdims=True)) + shift
    return (y if keepdims else np.squeeze(y, axis))[()]


def _softmax(x: Any, *, axis: Any) -> Any:
    x = floats(x)
    top = np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    infinite = np.isinf(top)
    if not infinite.any():
        e = np.exp(x - top)
        return e / np.add.reduce(e, axis=axis, keepdims=True)
    with np.errstate(over="ignore"):  # where the largest is infinite, only those that equal it count; none if -inf
        e = np.where(infinite, np.equal(x, np.inf), np.exp(x - np.where(infinite, x.dtype.type(0), top)))
    total = np.add.reduce(e, axis=axis, keepdims=True)
    return (e / np.where(total == 0, x.dtype.type(1), total))[()]


softmax = Primitive(
    _softmax,
    name="softmax",
    vjp=(lambda g, y, x, axis: y * (g - _sum(g * y, axis=axis, keepdims=True)),),
    doc="``exp(x) / sum(exp(x))`` along axes, without overflow. All -inf gives 0; elements at +inf share 1.",
)
# The gradient is softmax(x) and not the cheaper exp(x - y), which loses digits where |y| is large.
_logsumexp_op = Primitive(
    _logsumexp,
    name="logsumexp",
    vjp=(lambda g, y, x, axis, keepdims: as_kept(g, x.shape, axis, keepdims) * softmax(x, axis=axis),),
    doc="``log(sum(exp(x)))`` along axes, without overflow.",
)


def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """``log(sum(exp(x)))`` over `axis` (all axes if None), shifted by the largest element so that nothing overflows.

    Its gradient is the softmax of `x`. All -inf, or no elements: the value is -inf and the gradient 0.

    >>> import tinygrad_course as tg
    >>> float(tg.logsumexp(tg.Tensor([1000.0, 1000.0])))
    1000.6931471805599
    """
    return _logsumexp_op(x, axis=static(axis), keepdims=keepdims)


# --- questions: no derivative -----------------------------------------------------------------------------------------


def _question(forward: Callable[..., Any], name: str, doc: str) -> Primitive:
    empty = _no_elements if name.startswith("arg") else None
    return Primitive(forward, name=name, differentiable=False, doc=doc, complaint=empty)


_any = _question(np.logical_or.reduce, "any", "Whether any element is true.")
_all = _question(np.logical_and.reduce, "all", "Whether every element is true.")
_argmax = _question(np.argmax, "argmax", "Index of the largest element.")
_argmin = _question(np.argmin, "argmin", "Index of the smallest element.")
_count_nonzero = _question(
    lambda x, *, axis, keepdims: np.add.reduce(np.not_equal(x, 0), axis=axis, keepdims=keepdims),
    "count_nonzero",
    "How many elements are not 0.",
)


def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Whether any element over `axis` is true (not 0); False where there is none.

    >>> import tinygrad_course as tg
    >>> tg.any(tg.Tensor([[0.0, 2.0], [0.0, 0.0]]), axis=1).tolist()
    [True, False]
    """
    return _any(x, axis=static(axis), keepdims=keepdims)


def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Whether every element over `axis` is true (not 0); True where there is none.

    >>> import tinygrad_course as tg
    >>> tg.all(tg.Tensor([[1.0, 2.0], [3.0, 0.0]]), axis=1).tolist()
    [True, False]
    """
    return _all(x, axis=static(axis), keepdims=keepdims)


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Index of the largest element along `axis` (of the flattened `x` if None), the first of several.

    >>> import tinygrad_course as tg
    >>> tg.argmax(tg.Tensor([[1.0, 3.0], [5.0, 4.0]]), axis=1).tolist()
    [1, 0]
    """
    return _argmax(x, axis=axis, keepdims=keepdims)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Index of the smallest element along `axis` (of the flattened `x` if None), the first of several.

    >>> import tinygrad_course as tg
    >>> tg.argmin(tg.Tensor([[1.0, 3.0], [5.0, 4.0]]), axis=1).tolist()
    [0, 1]
    """
    return _argmin(x, axis=axis, keepdims=keepdims)


def count_nonzero(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """How many elements over `axis` are not 0.

    >>> import tinygrad_course as tg
    >>> tg.count_nonzero(tg.Tensor([[0.0, 2.0], [3.0, 4.0]]), axis=1).tolist()
    [1, 2]
    """
    return _count_nonzero(x, axis=static(axis), keepdims=keepdims)
