"""Exponentials and logarithms. Roots and powers are in `powers`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.primitive import Primitive
from .elementwise import elementwise
from .pieces import where

LN2 = float(np.log(2.0))
LN10 = float(np.log(10.0))

exp: Primitive = elementwise(
    np.exp,
    lambda y, x: y,
    doc="The exponential function, ``e**x``.",
    derivative="``exp(x)``, itself",
    example={"tg.exp(tg.Tensor([0.0, 1.0]))": "Tensor([1.        , 2.71828183])"},
)
exp2: Primitive = elementwise(
    np.exp2,
    lambda y, x: LN2 * y,
    doc="A power of two, ``2**x``.",
    derivative="``log(2) * 2**x``",
    example={"tg.exp2(tg.Tensor([3.0, -1.0]))": "Tensor([8. , 0.5])"},
)
expm1: Primitive = elementwise(
    np.expm1,
    lambda y, x: y + 1,
    doc="``exp(x) - 1``, exact near 0 too.",
    derivative="``exp(x)``",
    example={"tg.expm1(tg.Tensor([0.0, 1e-20]))": "Tensor([0.e+00, 1.e-20])"},
)
log: Primitive = elementwise(
    np.log,
    lambda y, x: 1 / x,
    doc="The natural logarithm; -inf at 0, NaN below, with NumPy's warning.",
    derivative="``1 / x``",
    example={"tg.log(tg.Tensor([1.0, 10.0]))": "Tensor([0.        , 2.30258509])"},
)
log2: Primitive = elementwise(
    np.log2,
    lambda y, x: 1 / (LN2 * x),
    doc="The logarithm to base 2; -inf at 0, NaN below, with NumPy's warning.",
    derivative="``1 / (log(2) * x)``",
    example={"tg.log2(tg.Tensor([8.0, 0.5]))": "Tensor([ 3., -1.])"},
)
log10: Primitive = elementwise(
    np.log10,
    lambda y, x: 1 / (LN10 * x),
    doc="The logarithm to base 10; -inf at 0, NaN below, with NumPy's warning.",
    derivative="``1 / (log(10) * x)``",
    example={"tg.log10(tg.Tensor([1000.0, 0.1]))": "Tensor([ 3., -1.])"},
)
log1p: Primitive = elementwise(
    np.log1p,
    lambda y, x: 1 / (1 + x),
    doc="``log(1 + x)``, exact near 0 too.",
    derivative="``1 / (1 + x)``",
    example={"tg.log1p(tg.Tensor([0.0, 1e-20]))": "Tensor([0.e+00, 1.e-20])"},
)


def _finite(y: Any) -> Any:
    """`y`, but 0 for -inf: the logarithm of nothing has slopes exp(-inf - 0) = 0."""
    return where(y == -math.inf, 0, y)


logaddexp: Primitive = elementwise(
    np.logaddexp,
    lambda y, a, b: exp(a - _finite(y)),
    lambda y, a, b: exp(b - _finite(y)),
    doc="``log(exp(a) + exp(b))`` without overflow.",
    derivative="``exp(a) / (exp(a) + exp(b))`` for `a`, the same with ``exp(b)`` above for `b`; 0 where both are -inf",
    example={"tg.logaddexp(tg.Tensor([0.0, 1000.0]), 0.0)": "Tensor([6.93147181e-01, 1.00000000e+03])"},
)
logaddexp2: Primitive = elementwise(
    np.logaddexp2,
    lambda y, a, b: exp2(a - _finite(y)),
    lambda y, a, b: exp2(b - _finite(y)),
    doc="``log2(2**a + 2**b)`` without overflow.",
    derivative="``2**a / (2**a + 2**b)`` for `a`, the same with ``2**b`` above for `b`; 0 where both are -inf",
    example={"tg.logaddexp2(tg.Tensor([0.0, 5000.0]), 0.0)": "Tensor([1.e+00, 5.e+03])"},
)
