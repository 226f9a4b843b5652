"""Powers and roots."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.primitive import Primitive
from .arithmetic import is_number
from .elementwise import elementwise
from .exponential import log
from .pieces import where


def _power_slope(y: Any, x: Any, n: Any) -> Any:
    """n * x**(n - 1), which is 0 for n = 0 even at x = 0."""
    if is_number(n):
        return 0 if n == 0 else 1 if n == 1 else 2 * x if n == 2 else n * x ** (n - 1)
    return n * x ** where(n == 0, 1, n - 1)


def _power_slope_in_exponent(y: Any, x: Any, n: Any) -> Any:
    """x**n * log(x), which is 0 at x = 0 for n >= 0."""
    return y * math.log(x) if is_number(x) and x > 0 else y * log(where((x == 0) & (n >= 0), 1, x))


_POWER_SLOPES = "``n * x**(n - 1)`` for `x`, 0 where n = 0; ``x**n * log(x)`` for `n`, 0 where x = 0 and n >= 0"

pow: Primitive = elementwise(
    np.power,
    _power_slope,
    _power_slope_in_exponent,
    name="pow",
    doc="Power, ``x**n``; 0**0 is 1. An int to a negative int is an error: make one of them a float.",
    derivative=_POWER_SLOPES,
    example={"tg.pow(tg.Tensor([2.0, 3.0]), 2)": "Tensor([4., 9.])"},
)
float_power: Primitive = elementwise(
    np.float_power,
    _power_slope,
    _power_slope_in_exponent,
    doc="Power, ``x**n``, computed in float64 also for float32 and ints.",
    derivative=_POWER_SLOPES,
    example={"tg.float_power(tg.Tensor([2, 4]), -1)": "Tensor([0.5 , 0.25])"},
)
square: Primitive = elementwise(
    np.square,
    lambda y, x: 2 * x,
    doc="Square, ``x * x``.",
    derivative="``2 * x``",
    example={"tg.square(tg.Tensor([2.0, -3.0]))": "Tensor([4., 9.])"},
)
sqrt: Primitive = elementwise(
    np.sqrt,
    lambda y, x: 0.5 / y,
    doc="Square root; NaN for negative numbers, with NumPy's warning.",
    derivative="``1 / (2 * sqrt(x))``; inf at 0, the limit",
    example={"tg.sqrt(tg.Tensor([4.0, 2.0]))": "Tensor([2.        , 1.41421356])"},
)
cbrt: Primitive = elementwise(
    np.cbrt,
    lambda y, x: 1 / (3 * y**2),
    doc="Cube root, of negative numbers too.",
    derivative="``1 / (3 * cbrt(x)**2)``; inf at 0, the limit",
    example={"tg.cbrt(tg.Tensor([8.0, -27.0]))": "Tensor([ 2., -3.])"},
)


def _hypot_slope(y: Any, a: Any) -> Any:
    return a / where(y == 0, 1, y)


hypot: Primitive = elementwise(
    np.hypot,
    lambda y, a, b: _hypot_slope(y, a),
    lambda y, a, b: _hypot_slope(y, b),
    doc="Length of the hypotenuse, ``sqrt(a**2 + b**2)``, without overflow.",
    derivative="``a / hypot(a, b)`` for `a`, ``b / hypot(a, b)`` for `b`; both 0 at the origin",
    example={"tg.hypot(tg.Tensor([3.0, 3e200]), tg.Tensor([4.0, 4e200]))": "Tensor([5.e+000, 5.e+200])"},
)
ldexp: Primitive = elementwise(
    np.ldexp,
    lambda y, x, n: ldexp(y.dtype.type(1), n),
    None,
    doc="``x * 2**n`` for integers `n`. `DTypeError` if `n` holds floats.",
    derivative="``2**n`` for `x`; the integers have none",
    example={"tg.ldexp(tg.Tensor([1.5, 1.5]), [3, -1])": "Tensor([12.  ,  0.75])"},
)
