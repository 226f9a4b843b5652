"""Reductions with NumPy's `where=`, which chooses elements, and `initial=`, which joins in; for plain NumPy code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import pieces, reduce, statistics
from .arithmetic import add, multiply
from .axes import Axis, count_along, refuse, shape_of
from .shape import broadcast_to

Reduction = Callable[..., Any]


def _chosen(x: Any, where: Any, other: float) -> Any:
    """`x` with `other` where it is not wanted."""
    return x if where is None or where is True else pieces.where(broadcast_to(where, shape_of(x)), x, other)


def _total(whole: Reduction, neutral: float, join: Reduction) -> Reduction:
    """`whole` of the chosen elements, those left out counting as `neutral`."""

    def reduced(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None, where: Any = None) -> Any:
        y = whole(_chosen(x, where, neutral), axis, keepdims)
        return y if initial is None else join(y, initial)

    return reduced


def _extreme(whole: Reduction, join: Reduction) -> Reduction:
    """The largest or smallest of the chosen elements and `initial`."""

    def reduced(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None, where: Any = None) -> Any:
        if initial is None:
            if where is not None and where is not True:
                raise refuse(whole.__name__, "where= needs initial=, for the case that it chooses no element")
            return whole(x, axis, keepdims)
        if count_along(shape_of(x), axis) == 0:
            return add(reduce.sum(x, axis, keepdims), initial)
        return join(whole(_chosen(x, where, initial), axis, keepdims), initial)

    return reduced


def _question(whole: Reduction, neutral: bool) -> Reduction:
    """`any` or `all` of the chosen elements."""

    def asked(x: Any, axis: Axis = None, keepdims: bool = False, where: Any = None) -> Any:
        return whole(_chosen(x, where, neutral), axis, keepdims)

    return asked


def mean(x: Any, axis: Axis = None, keepdims: bool = False, where: Any = None) -> Any:
    """Mean over `axis` of the elements that `where` chooses."""
    if where is None or where is True:
        return statistics.mean(x, axis, keepdims)
    count = reduce.sum(broadcast_to(where, shape_of(x)), axis, keepdims)
    total = reduce.sum(_chosen(x, where, 0), axis, keepdims)
    return total / count.astype(total.dtype)


sum = _total(reduce.sum, 0, add)
prod = _total(reduce.prod, 1, multiply)
max = amax = _extreme(reduce.max, pieces.maximum)
min = amin = _extreme(reduce.min, pieces.minimum)
any = _question(reduce.any, False)
all = _question(reduce.all, True)
