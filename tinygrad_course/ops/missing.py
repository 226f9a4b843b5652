"""NaN as a missing value: replaced, or left out of a reduction. What was NaN gets the gradient 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.state import composite
from . import reduce
from .axes import Axis
from .einsum import operand
from .pieces import where
from .questions import equal, isnan, logical_not


@composite
def nan_to_num(x: Any, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """`x` with numbers for NaN, inf and -inf: `nan`, and the largest and smallest of the dtype unless given.

    >>> import tinygrad_course as tg
    >>> tg.nan_to_num(tg.Tensor([1.0, np.nan, np.inf]), posinf=9.0)
    Tensor([1., 0., 9.])
    """
    x = operand(x)
    if x.dtype.kind != "f":
        return x
    largest = float(np.finfo(x.dtype).max)
    x = where(isnan(x), nan, x)
    x = where(equal(x, np.inf), largest if posinf is None else posinf, x)
    return where(equal(x, -np.inf), -largest if neginf is None else neginf, x)


@composite
def nansum(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Sum over `axis` (all axes if None) of what is not NaN; 0 where all is.

    >>> import tinygrad_course as tg
    >>> float(tg.nansum(tg.Tensor([1.0, np.nan, 2.0])))
    3.0
    """
    return reduce.sum(where(isnan(x), 0, x), axis, keepdims)


@composite
def nanprod(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Product over `axis` (all axes if None) of what is not NaN; 1 where all is.

    >>> import tinygrad_course as tg
    >>> float(np.nanprod(tg.Tensor([3.0, np.nan, 2.0])))
    6.0
    """
    return reduce.prod(where(isnan(x), 1, x), axis, keepdims)


@composite
def nanmean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Mean over `axis` (all axes if None) of what is not NaN; NaN, with NumPy's warning, where all is.

    >>> import tinygrad_course as tg
    >>> float(tg.nanmean(tg.Tensor([1.0, np.nan, 3.0])))
    2.0
    """
    missing = isnan(x)
    total = reduce.sum(where(missing, 0, x), axis, keepdims)
    count = reduce.sum(logical_not(missing), axis, keepdims)
    return total / count.astype(total.dtype)


@composite
def nanmax(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Largest over `axis` (all axes if None) of what is not NaN; NaN where all is.

    >>> import tinygrad_course as tg
    >>> float(np.nanmax(tg.Tensor([1.0, np.nan, 3.0])))
    3.0
    """
    return _extreme(reduce.max, -np.inf, x, axis, keepdims)


@composite
def nanmin(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Smallest over `axis` (all axes if None) of what is not NaN; NaN where all is.

    >>> import tinygrad_course as tg
    >>> float(np.nanmin(tg.Tensor([1.0, np.nan, 3.0])))
    1.0
    """
    return _extreme(reduce.min, np.inf, x, axis, keepdims)


def _extreme(best: Any, worst: float, x: Any, axis: Axis, keepdims: bool) -> Any:
    x = operand(x)
    if x.dtype.kind != "f":
        return best(x, axis, keepdims)
    missing = isnan(x)
    found = best(where(missing, worst, x), axis, keepdims)
    return where(reduce.all(missing, axis, keepdims), np.nan, found)
