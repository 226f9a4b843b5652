"""Mean, variance, median and range. Variance and its rule stand on `centered`, which is its own adjoint."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.primitive import Primitive
from ..core.state import composite
from . import reduce
from .axes import Axis, axes_of, count_along, floats, kept_shape, refuse, static
from .einsum import operand
from .pieces import where
from .reduce import as_kept
from .shape import reshape

# --- mean -------------------------------------------------------------------------------------------------------------


def _mean(x: Any, *, axis: Any, keepdims: Any) -> Any:
    plain = isinstance(x, np.ndarray | np.generic) and x.size and x.dtype.char != "e"
    if not plain:  # NumPy's warning for no elements; its wider sum for halves
        return np.mean(x, axis=axis, keepdims=keepdims)
    return np.add.reduce(x, axis=axis, keepdims=keepdims) / count_along(x.shape, axis)


_mean_op = Primitive(
    _mean,
    name="mean",
    vjp=(lambda g, y, x, axis, keepdims: as_kept(g / count_along(x.shape, axis), x.shape, axis, keepdims),),
    spreads=True,
    doc="Arithmetic mean along axes.",
)


def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Arithmetic mean over `axis` (all axes if None). No elements: NaN with NumPy's warning.

    >>> import tinygrad_course as tg
    >>> x = tg.Tensor([1.0, 2.0, 6.0, 3.0], requires_grad=True)
    >>> tg.mean(x).backward()
    >>> x.grad
    array([0.25, 0.25, 0.25, 0.25])
    """
    return _mean_op(x, axis=static(axis), keepdims=keepdims)


@composite
def average(x: Any, axis: Axis = None, weights: Any = None, keepdims: bool = False) -> Any:
    """Mean over `axis` (all axes if None), each element counted with its weight: ``sum(w * x) / sum(w)``.

    `weights` has the shape of `x`, or is a vector along one `axis`; None weighs all elements alike.

    >>> import tinygrad_course as tg
    >>> float(tg.average(tg.Tensor([1.0, 5.0]), weights=[3.0, 1.0]))
    2.0
    """
    if weights is None:
        return mean(x, axis, keepdims)
    x, w = operand(x), operand(weights)
    if w.shape == x.shape:
        return reduce.sum(x * w, axis, keepdims) / reduce.sum(w, axis, keepdims)
    axes = axes_of("average", axis, x.ndim)
    if len(axes) != 1 or w.shape != (x.shape[axes[0]],):
        raise refuse("average", f"weights of shape {w.shape} fit neither x of shape {x.shape} nor axis={axis}")
    along = reshape(w, (-1,) + (1,) * (x.ndim - axes[0] - 1))
    return reduce.sum(x * along, axis, keepdims) / reduce.sum(w)


# --- variance ---------------------------------------------------------------------------------------------------------


def _centered(x: Any, *, axis: Axis) -> Any:
    x = floats(x)
    if x.size == 0:
        return x
    # Measured from the first element, equal elements come out as exactly 0, which x - mean(x) does not promise.
    d = x - x[tuple(map(slice, kept_shape(x.shape, axis)))]
    d -= _mean(d, axis=axis, keepdims=True)
    return d


centered: Primitive = Primitive(
    _centered,
    name="centered",
    vjp=(lambda g, y, x, axis: centered(g, axis=axis),),
    doc="``x - mean(x)`` along axes; exactly 0 where all elements are equal.",
)


def _freedom(x: Any, axis: Axis, ddof: float) -> float:
    """What the sum of squares is divided by; 0 (and so NaN, with NumPy's warning) where `ddof` leaves nothing."""
    return max(count_along(np.shape(x), axis) - ddof, 0)


def _var(x: Any, *, axis: Any, ddof: float, keepdims: Any) -> Any:
    squares = np.add.reduce(np.square(_centered(x, axis=axis)), axis=axis, keepdims=keepdims)
    return squares / _freedom(x, axis, ddof)


def _var_vjp(g: Any, y: Any, x: Any, axis: Axis, ddof: float, keepdims: bool) -> Any:
    scale = as_kept(g, x.shape, axis, keepdims) * 2 / _freedom(x, axis, ddof)
    return scale * centered(x, axis=axis)


def _std_vjp(g: Any, y: Any, x: Any, axis: Axis, ddof: float, keepdims: bool) -> Any:
    scale = where(y == 0, 0, g) / (_freedom(x, axis, ddof) * where(y == 0, 1, y))
    return as_kept(scale, x.shape, axis, keepdims) * centered(x, axis=axis)


_var_op = Primitive(_var, name="var", vjp=(_var_vjp,), doc="Variance along axes.")
_std_op = Primitive(
    lambda x, *, axis, ddof, keepdims: np.sqrt(_var(x, axis=axis, ddof=ddof, keepdims=keepdims)),
    name="std",
    vjp=(_std_vjp,),
    doc="Standard deviation along axes.",
)


def var(x: Any, axis: Axis = None, ddof: float = 0, keepdims: bool = False, *, correction: float | None = None) -> Any:
    """Variance over `axis` (all axes if None): the mean square distance from the mean.

    The sum of squares is divided by n - `ddof` (`correction` is the array API's name for it): 0 for the variance of a
    population, 1 for the unbiased estimate from a sample. Where nothing is left to divide by: NaN with NumPy's warning.

    >>> import tinygrad_course as tg
    >>> float(tg.var(tg.Tensor([1.0, 3.0]), ddof=1))
    2.0
    """
    return _var_op(x, axis=static(axis), ddof=ddof if correction is None else correction, keepdims=keepdims)


def std(x: Any, axis: Axis = None, ddof: float = 0, keepdims: bool = False, *, correction: float | None = None) -> Any:
    """Standard deviation over `axis` (all axes if None): the square root of `var`, with the same arguments.

    Where all elements are equal its gradient is 0 (the minimum-norm subgradient), not NaN.

    >>> import tinygrad_course as tg
    >>> x = tg.Tensor([5.0, 5.0], requires_grad=True)
    >>> tg.std(x).backward()
    >>> x.grad
    array([0., 0.])
    """
    return _std_op(x, axis=static(axis), ddof=ddof if correction is None else correction, keepdims=keepdims)


# --- median -----------------------------------------------------------------------------------------------------------


def _middle(x: Any, *, axis: Axis) -> Any:
    axes = axes_of("median", axis, x.ndim)
    ends = tuple(range(-len(axes), 0))
    front = np.moveaxis(x, axes, ends)
    rows = front.reshape(*front.shape[: x.ndim - len(axes)], -1)
    n = rows.shape[-1]
    low, high = (n - 1) // 2, n // 2
    ranked = np.partition(rows, (low, high), axis=-1)
    weights = np.zeros_like(rows)
    for k in (low, high):
        hit = rows == ranked[..., k : k + 1]
        weights += hit / (2 * np.add.reduce(hit, axis=-1, keepdims=True))
    return np.moveaxis(weights.reshape(front.shape), ends, axes)[()]


middle = Primitive(
    _middle,
    name="middle",
    differentiable=False,
    doc="1 at the median along axes, 1/2 at each of two middle elements, shared among equal ones; 0 elsewhere.",
)
_median = Primitive(
    lambda x, *, axis, keepdims: np.median(x, axis=axis, keepdims=keepdims),
    name="median",
    vjp=(lambda g, y, x, axis, keepdims: as_kept(g, x.shape, axis, keepdims) * middle(x, axis=axis),),
    doc="Median along axes.",
)


def median(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Median over `axis` (all axes if None): the middle element, or the mean of the two in the middle.

    The gradient goes to the middle elements, shared equally by those that tie. A NaN makes its result NaN.

    >>> import tinygrad_course as tg
    >>> x = tg.Tensor([4.0, 1.0, 2.0, 9.0], requires_grad=True)
    >>> tg.median(x).backward()
    >>> x.grad
    array([0.5, 0. , 0.5, 0. ])
    """
    return _median(x, axis=static(axis), keepdims=keepdims)


@composite
def ptp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Peak to peak over `axis` (all axes if None): the largest less the smallest element.

    >>> import tinygrad_course as tg
    >>> float(tg.ptp(tg.Tensor([4.0, 1.0, 9.0])))
    8.0
    """
    return reduce.max(x, axis, keepdims) - reduce.min(x, axis, keepdims)
