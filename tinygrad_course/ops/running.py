"""Running sums and products, and the linear recurrence that differentiates products without dividing."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.primitive import Primitive
from ..core.state import composite
from .arrange import flip, pad, shift
from .axes import axes_of, ndim_of, refuse, shape_of
from .shape import ravel


def _run(op: Primitive, x: Any, axis: int | None) -> Any:
    """`op` along `axis`, or over the flattened `x`."""
    if axis is None:
        return op(ravel(x), axis=0)
    (axis,) = axes_of(op.name, axis, ndim_of(x))
    return op(x, axis=axis)


# --- running sum ------------------------------------------------------------------------------------------------------

_cumsum: Primitive = Primitive(
    lambda x, *, axis: np.cumsum(x, axis),
    name="cumsum",
    vjp=(lambda g, y, x, axis: flip(_cumsum(flip(g, axis), axis=axis), axis),),
    doc="Running sum along an axis.",
)


def cumsum(x: Any, axis: int | None = None) -> Any:
    """Running sum along `axis`; of the flattened `x` if None.

    >>> import tinygrad_course as tg
    >>> tg.cumsum(tg.Tensor([1.0, 2.0, 3.0])).tolist()
    [1.0, 3.0, 6.0]
    """
    return _run(_cumsum, x, axis)


@composite
def cumulative_sum(x: Any, *, axis: int | None = None, include_initial: bool = False) -> Any:
    """Running sum along `axis`, which only a vector may leave out; with the 0 it starts from if `include_initial`.

    >>> import tinygrad_course as tg
    >>> from tinygrad_course.ops.running import cumulative_sum
    >>> cumulative_sum(tg.Tensor([1.0, 2.0, 3.0]), include_initial=True).tolist()
    [0.0, 1.0, 3.0, 6.0]
    """
    axis = _only_axis("cumulative_sum", x, axis)
    return cumsum(_led_by(x, 0, axis) if include_initial else x, axis)


def _only_axis(op: str, x: Any, axis: int | None) -> int:
    if axis is None and ndim_of(x) != 1:
        raise refuse(op, f"x has shape {shape_of(x)}; axis= must be given unless x is a vector")
    return axes_of(op, 0 if axis is None else axis, ndim_of(x))[0]


def _led_by(x: Any, first: float, axis: int) -> Any:
    return pad(x, [(int(a == axis), 0) for a in range(ndim_of(x))], constant_values=first)


# --- running product --------------------------------------------------------------------------------------------------


def _recurrence(a: Any, b: Any, *, axis: int) -> Any:
    """All s[i] at once in log2(n) sweeps: after each, s and a span twice as many steps (Hillis and Steele, 1986)."""
    a, s = np.moveaxis(np.array(a), axis, -1), np.moveaxis(np.array(b), axis, -1)
    step = 1
    while step < s.shape[-1]:
        s[..., step:] += a[..., step:] * s[..., :-step]
        a[..., step:] = a[..., step:] * a[..., :-step]
        step *= 2
    return np.moveaxis(s, -1, axis)


def _adjoint(g: Any, a: Any, axis: int) -> Any:
    """t[i] = a[i+1] t[i+1] + g[i]: the recurrence run from the end."""
    return flip(recurrence(flip(shift(a, -1, axis), axis), flip(g, axis), axis=axis), axis)


recurrence = Primitive(
    _recurrence,
    name="recurrence",
    vjp=(
        lambda g, s, a, b, axis: _adjoint(g, a, axis) * shift(s, 1, axis),
        lambda g, s, a, b, axis: _adjoint(g, a, axis),
    ),
    doc="``s[i] = a[i] * s[i-1] + b[i]`` along an axis, from 0.",
)


def _before(x: Any, axis: int) -> Any:
    """For each element the product of those before it."""
    return _cumprod(shift(x, 1, axis, fill=1), axis=axis)


def _after(x: Any, axis: int) -> Any:
    """For each element the product of those after it."""
    return flip(_before(flip(x, axis), axis), axis)


# y[i] = x[0] ... x[i], so dy[i]/dx[k] = (product before k) * x[k+1] ... x[i], and the sum over i is a recurrence.
_cumprod = Primitive(
    lambda x, *, axis: np.cumprod(x, axis),
    name="cumprod",
    vjp=(lambda g, y, x, axis: _before(x, axis) * _adjoint(g, x, axis),),
    doc="Running product along an axis.",
)


def cumprod(x: Any, axis: int | None = None) -> Any:
    """Running product along `axis`; of the flattened `x` if None. Its derivative is right where elements are 0.

    >>> import tinygrad_course as tg
    >>> tg.cumprod(tg.Tensor([1.0, 2.0, 3.0])).tolist()
    [1.0, 2.0, 6.0]
    """
    return _run(_cumprod, x, axis)


@composite
def cumulative_prod(x: Any, *, axis: int | None = None, include_initial: bool = False) -> Any:
    """Running product along `axis`, which only a vector may leave out; with the 1 it starts from if `include_initial`.

    >>> import tinygrad_course as tg
    >>> from tinygrad_course.ops.running import cumulative_prod
    >>> cumulative_prod(tg.Tensor([2.0, 3.0]), include_initial=True).tolist()
    [1.0, 2.0, 6.0]
    """
    axis = _only_axis("cumulative_prod", x, axis)
    return cumprod(_led_by(x, 1, axis) if include_initial else x, axis)


# --- product of the others --------------------------------------------------------------------------------------------


def _others_vjp(g: Any, y: Any, x: Any, axis: int) -> Any:
    """The rule of ``_before(x) * _after(x)``, by the product rule."""
    before = _before_vjp(g * _after(x, axis), x, axis)
    after = flip(_before_vjp(flip(g * _before(x, axis), axis), flip(x, axis), axis), axis)
    return before + after


def _before_vjp(g: Any, x: Any, axis: int) -> Any:
    return _before(x, axis) * _adjoint(shift(g, -1, axis), x, axis)


others = Primitive(
    lambda x, *, axis: _before(x, axis) * _after(x, axis),
    name="others",
    vjp=(_others_vjp,),
    doc="For each element the product of all others along an axis, without division.",
)
