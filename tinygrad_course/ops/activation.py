"""Activations that need a kernel of their own, stable for any finite input; the rest is composed in `functional`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .elementwise import elementwise, exp, where


def _sigmoid(x: Any) -> Any:
    # exp overflows to inf for very negative x, and 1 / inf = 0 is then the right answer.
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))


def _softplus(x: Any) -> Any:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


sigmoid = elementwise(
    _sigmoid, lambda y, x: y * (1 - y), name="sigmoid", doc="Logistic function, ``1 / (1 + exp(-x))``, in (0, 1)."
)
softplus = elementwise(_softplus, lambda y, x: sigmoid(x), name="softplus", doc="``log(1 + exp(x))`` without overflow.")
log_sigmoid = elementwise(
    lambda x: -_softplus(-x),
    lambda y, x: sigmoid(-x),
    name="log_sigmoid",
    doc="``log(sigmoid(x))`` without overflow or cancellation.",
)
relu = elementwise(
    lambda x: np.maximum(x, 0),
    lambda y, x: x > 0,
    name="relu",
    doc="Rectified linear unit, ``max(x, 0)``; its slope at 0 is 0.",
)
leaky_relu = elementwise(
    lambda x, *, negative_slope=0.01: np.where(np.greater(x, 0), x, negative_slope * x)[()],
    lambda y, x, negative_slope=0.01: where(x > 0, 1, negative_slope),
    name="leaky_relu",
    doc="``x`` where positive, ``negative_slope * x`` elsewhere; its slope at 0 is `negative_slope`.",
)
elu = elementwise(
    lambda x, *, alpha=1.0: np.where(np.greater(x, 0), x, alpha * np.expm1(np.minimum(x, 0)))[()],
    lambda y, x, alpha=1.0: where(x > 0, 1, alpha * exp(where(x > 0, 0, x))),
    name="elu",
    doc="``x`` where positive, ``alpha * (exp(x) - 1)`` elsewhere; its slope at 0 is `alpha`.",
)
