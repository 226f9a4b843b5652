"""Calculus on samples: differences of neighbours along an axis, and the area under a curve through them."""

from __future__ import annotations

from typing import Any

from ..core.state import composite
from .axes import axes_of, ndim_of, refuse, shape_of
from .einsum import operand
from .index import getitem
from .join import concat
from .reduce import sum
from .shape import broadcast_to, reshape


def _between(x: Any, start: int | None, stop: int | None, axis: int) -> Any:
    return getitem(x, (*(slice(None),) * axis, slice(start, stop)))


@composite
def diff(x: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """``x[i + 1] - x[i]`` along `axis`, taken `n` times; each time there is one element less.

    `prepend` and `append` are joined to `x` first: arrays that fit it, or numbers.

    >>> import tinygrad_course as tg
    >>> tg.diff(tg.Tensor([1.0, 4.0, 9.0])).tolist()
    [3.0, 5.0]
    """
    x = operand(x)
    (axis,) = axes_of("diff", axis, ndim_of(x))
    if n < 0:
        raise refuse("diff", f"n={n} is negative; differences are taken 0 or more times")
    parts = [_edge(prepend, x.shape, axis), x, _edge(append, x.shape, axis)]
    if prepend is not None or append is not None:
        x = concat([part for part in parts if part is not None], axis)
    for _ in range(n):
        x = _between(x, 1, None, axis) - _between(x, None, -1, axis)
    return x


def _edge(part: Any, shape: tuple[int, ...], axis: int) -> Any:
    """What to join to an array of `shape` along `axis`: a number becomes one slice of it."""
    return part if part is None or ndim_of(part) else broadcast_to(part, (*shape[:axis], 1, *shape[axis + 1 :]))


@composite
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The area under the samples `y` along `axis`, joined by straight lines.

    They stand at the places `x` (a vector, or of the shape of `y`), or `dx` apart.

    >>> import tinygrad_course as tg
    >>> float(tg.trapezoid(tg.Tensor([1.0, 2.0, 4.0]), x=[0.0, 1.0, 3.0]))
    7.5
    """
    y = operand(y)
    (axis,) = axes_of("trapezoid", axis, ndim_of(y))
    if x is not None:
        dx = _widths(operand(x), y.shape, axis)
    return sum((_between(y, 1, None, axis) + _between(y, None, -1, axis)) * dx, axis) / 2


def _widths(x: Any, shape: tuple[int, ...], axis: int) -> Any:
    if ndim_of(x) > 1:
        return diff(x, axis=axis)
    if shape_of(x) != (shape[axis],):
        raise refuse(
            "trapezoid",
            f"x has shape {shape_of(x)} but y has {shape[axis]} samples along axis {axis}; one x each is needed",
        )
    return reshape(diff(x), (-1,) + (1,) * (len(shape) - axis - 1))
