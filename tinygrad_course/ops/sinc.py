"""The sinc function of signal processing and its derivatives of every order, exact at 0 and near it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.primitive import Primitive
from .elementwise import elementwise


def _sinc(x: Any, *, order: int = 0) -> Any:
    """The `order`-th derivative of sin(pi x) / (pi x), by its Taylor series where the closed form would cancel."""
    u = np.pi * np.asarray(x)
    small = np.abs(u) < order / 2 + 1e-3
    v = np.where(small, 1.0, u)
    # d^n/du^n (sin u / u) by Leibniz: sum over k of C(n, k) * sin^(k)(u) * (-1)^(n-k) (n-k)! / u^(n-k+1)
    closed = np.zeros_like(v)
    for k in range(order + 1):
        closed += (
            math.comb(order, k)
            * np.sin(v + k * np.pi / 2)
            * (-1) ** (order - k)
            * math.factorial(order - k)
            / v ** (order - k + 1)
        )
    w = np.where(small, u, 0.0)
    series = np.zeros_like(v)
    for j in range(order // 2 + order % 2, order // 2 + order % 2 + 12):
        power = 2 * j - order  # sinc u = sum of (-1)^j u^(2j) / (2j + 1)!
        series += (-1) ** j * math.perm(2 * j, order) / math.factorial(2 * j + 1) * w**power
    return (np.pi**order * np.where(small, series, closed)).astype(u.dtype)[()]


sinc: Primitive = elementwise(
    _sinc,
    lambda y, x, order=0: sinc(x, order=order + 1),
    doc="Normalised sinc, ``sin(pi x) / (pi x)``, 1 at 0; `order` asks for its derivative of that order instead.",
    derivative="``sinc(x, order=order + 1)``; 0 at 0 for the sinc itself",
    example={
        "tg.sinc(tg.Tensor([0.0, 0.5]))": "Tensor([1.        , 0.63661977])",
        "tg.sinc(tg.Tensor([0.0, 0.5]), order=1)": "Tensor([ 0.        , -1.27323954])",
    },
)
