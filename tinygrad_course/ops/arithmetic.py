"""Arithmetic: sums, products, quotients, remainders, and what keeps a number as it is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.primitive import Primitive
from .elementwise import elementwise
from .pieces import trunc


def is_number(x: Any) -> bool:
    """Whether `x` is a Python number: a constant that a rule may simplify by."""
    return type(x) is int or type(x) is float


def _inverse(b: Any) -> Any:
    """1 / b, infinite at 0 for Python numbers too."""
    return 1 / b if not is_number(b) or b else math.copysign(math.inf, b)


add: Primitive = elementwise(
    np.add,
    1,
    1,
    doc="Sum, ``a + b``.",
    derivative="1 for each",
    example={"tg.add(tg.Tensor([1.0, 2.0]), 10.0)": "Tensor([11., 12.])"},
)
subtract: Primitive = elementwise(
    np.subtract,
    1,
    -1,
    doc="Difference, ``a - b``.",
    derivative="1 for `a`, -1 for `b`",
    example={"tg.subtract(tg.Tensor([1.0, 2.0]), 10.0)": "Tensor([-9., -8.])"},
)
multiply: Primitive = elementwise(
    np.multiply,
    lambda y, a, b: b,
    lambda y, a, b: a,
    doc="Product, ``a * b``; of matrices too, element by element.",
    derivative="``b`` for `a`, ``a`` for `b`",
    example={"tg.multiply(tg.Tensor([1.0, 2.0]), 10.0)": "Tensor([10., 20.])"},
)
divide: Primitive = elementwise(
    np.divide,
    lambda y, a, b: _inverse(b),
    lambda y, a, b: -y / b,
    name="divide",
    doc="Quotient, ``a / b``, a float for ints too.",
    derivative="``1 / b`` for `a`, ``-a / b**2`` for `b`",
    example={"tg.divide(tg.Tensor([1.0, 2.0]), 4.0)": "Tensor([0.25, 0.5 ])"},
)
reciprocal: Primitive = elementwise(
    lambda x: np.divide(1, x),
    lambda y, x: -(y**2),
    name="reciprocal",
    doc="Reciprocal, ``1 / x``, a float for ints too.",
    derivative="``-1 / x**2``",
    example={"tg.reciprocal(tg.Tensor([2.0, 4.0]))": "Tensor([0.5 , 0.25])"},
)

# --- division with a remainder ----------------------------------------------------------------------------------------

floor_divide: Primitive = elementwise(
    np.floor_divide,
    0,
    0,
    doc="Quotient rounded down, ``floor(a / b)``.",
    derivative="0 for each",
    example={"tg.floor_divide(tg.Tensor([7.0, -7.0]), 2.0)": "Tensor([ 3., -4.])"},
)
mod: Primitive = elementwise(
    np.mod,
    1,
    lambda y, a, b: -floor_divide(a, b),
    name="mod",
    doc="Remainder with the sign of `b`, ``a - floor(a / b) * b``.",
    derivative="1 for `a`, ``-floor(a / b)`` for `b`, at the jumps too",
    example={"tg.mod(tg.Tensor([7.0, -7.0]), 3.0)": "Tensor([1., 2.])"},
)
fmod: Primitive = elementwise(
    np.fmod,
    1,
    lambda y, a, b: -trunc(a / b),
    doc="Remainder with the sign of `a`, ``a - trunc(a / b) * b``.",
    derivative="1 for `a`, ``-trunc(a / b)`` for `b`, at the jumps too",
    example={"tg.fmod(tg.Tensor([7.0, -7.0]), 3.0)": "Tensor([ 1., -1.])"},
)

# --- one value --------------------------------------------------------------------------------------------------------


def _copy(x: Any) -> Any:
    return np.array(x) if np.ndim(x) else np.asarray(x)[()]


negative: Primitive = elementwise(
    np.negative,
    -1,
    doc="``-x``.",
    derivative="-1",
    example={"tg.negative(tg.Tensor([1.0, -2.0]))": "Tensor([-1.,  2.])"},
)
positive: Primitive = elementwise(
    np.positive,
    1,
    doc="``+x``, the value as it is.",
    derivative="1",
    example={"tg.positive(tg.Tensor([1.0, -2.0]))": "Tensor([ 1., -2.])"},
)
copy: Primitive = elementwise(
    _copy,
    1,
    name="copy",
    doc="The same values in an array of their own.",
    derivative="1",
    example={"tg.copy(tg.Tensor([1.0, -2.0]))": "Tensor([ 1., -2.])"},
)
