"""Functions made of pieces: choices, absolute value and signs, rounding, extremes, bounds. Kinks get a chosen slope."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.primitive import Primitive
from .elementwise import SEVERAL, docstring, elementwise, name_operands
from .questions import equal, isnan

where: Primitive = Primitive(
    np.where,
    name="where",
    vjp=(None, lambda g, y, c, a, b: where(c, g, 0), lambda g, y, c, a, b: where(c, 0, g)),
    doc=docstring(
        "`a` where the condition holds, else `b`.",
        [
            SEVERAL,
            "Derivative: 1 for the one taken, 0 for the other; never NaN from a singular branch that was not taken.",
        ],
        {
            "tg.where([True, False], tg.Tensor([1.0, 2.0]), 0.0)": "Tensor([1., 0.])",
            "tg.grad(lambda x: tg.where(x > 0, tg.sqrt(x), 0.0))(0.0)": "array(0.)",
        },
    ),
)
name_operands(where, "condition", "a", "b")

# --- absolute value and signs -----------------------------------------------------------------------------------------

abs: Primitive = elementwise(
    np.absolute,
    lambda y, x: sign(x),
    name="abs",
    doc="Absolute value, ``max(x, -x)``.",
    derivative="``sign(x)``, which is 0 at 0",
    example={"tg.abs(tg.Tensor([-2.0, 3.0]))": "Tensor([2., 3.])"},
)
sign: Primitive = elementwise(
    np.sign,
    0,
    doc="-1, 0 or 1 as `x` is below, at or above 0.",
    derivative="0 everywhere",
    example={"tg.sign(tg.Tensor([-2.0, 0.0, 3.0]))": "Tensor([-1.,  0.,  1.])"},
)
copysign: Primitive = elementwise(
    np.copysign,
    lambda y, a, b: sign(a) * sign(y),
    0,
    doc="The magnitude of `a` with the sign of `b` (that of -0.0 is minus).",
    derivative="1 for `a` where the signs agree, -1 where they differ, 0 at 0; 0 for `b`",
    example={"tg.copysign(tg.Tensor([2.0, -3.0]), -1.0)": "Tensor([-2., -3.])"},
)
heaviside: Primitive = elementwise(
    np.heaviside,
    0,
    lambda y, x, h: equal(x, 0),
    doc="The step function: 0 where x < 0, `h` where x = 0, 1 where x > 0.",
    derivative="0 for `x` everywhere; for `h` 1 where x = 0, else 0",
    example={"tg.heaviside(tg.Tensor([-2.0, 0.0, 3.0]), 0.5)": "Tensor([0. , 0.5, 1. ])"},
)

# --- rounding ---------------------------------------------------------------------------------------------------------

floor: Primitive = elementwise(
    np.floor,
    0,
    doc="The largest integer not above `x`, as a float.",
    derivative="0 everywhere",
    example={"tg.floor(tg.Tensor([-1.5, 1.5]))": "Tensor([-2.,  1.])"},
)
ceil: Primitive = elementwise(
    np.ceil,
    0,
    doc="The smallest integer not below `x`, as a float.",
    derivative="0 everywhere",
    example={"tg.ceil(tg.Tensor([-1.5, 1.5]))": "Tensor([-1.,  2.])"},
)
trunc: Primitive = elementwise(
    np.trunc,
    0,
    doc="`x` without its fraction: rounded towards 0.",
    derivative="0 everywhere",
    example={"tg.trunc(tg.Tensor([-1.5, 1.5]))": "Tensor([-1.,  1.])"},
)
rint: Primitive = elementwise(
    np.rint,
    0,
    doc="The nearest integer, as a float; of two equally near the even one.",
    derivative="0 everywhere",
    example={"tg.rint(tg.Tensor([0.4, 0.5, 1.5]))": "Tensor([0., 0., 2.])"},
)
round: Primitive = elementwise(
    lambda x, decimals=0: np.round(x, decimals),
    0,
    name="round",
    doc="`x` rounded to `decimals` places; of two equally near the one with the even last digit.",
    derivative="0 everywhere",
    example={"tg.round(tg.Tensor([0.125, 2.718]), decimals=2)": "Tensor([0.12, 2.72])"},
)

# --- extremes and bounds ----------------------------------------------------------------------------------------------


def _share(a: Any, b: Any) -> Any:
    """1 where a > b, 0 where a < b, one half where they tie."""
    kind = np.result_type(a, b)
    if kind.kind != "f":
        kind = np.dtype(np.float64)
    return (np.greater_equal(a, b).astype(kind) + np.greater(a, b)) * kind.type(0.5)


share: Primitive = elementwise(
    _share,
    0,
    0,
    doc="1 where a > b, 0 where a < b, 1/2 at a tie: how an extreme divides its cotangent between two values.",
    derivative="0 everywhere",
    example={"tg.grad(tg.maximum, argnums=(0, 1))(2.0, 2.0)": "(array(0.5), array(0.5))"},
)
maximum: Primitive = elementwise(
    np.maximum,
    lambda y, a, b: share(a, b),
    lambda y, a, b: share(b, a),
    doc="The larger of two values; NaN where either is NaN.",
    derivative="1 for the larger, 0 for the smaller; at a tie one half for each, so that ``maximum(x, x)`` has slope 1",
    example={
        "tg.maximum(tg.Tensor([1.0, 5.0]), 3.0)": "Tensor([3., 5.])",
        "tg.grad(tg.maximum, argnums=(0, 1))(2.0, 2.0)": "(array(0.5), array(0.5))",
    },
)
minimum: Primitive = elementwise(
    np.minimum,
    lambda y, a, b: share(b, a),
    lambda y, a, b: share(a, b),
    doc="The smaller of two values; NaN where either is NaN.",
    derivative="1 for the smaller, 0 for the larger; at a tie one half for each, so that ``minimum(x, x)`` has slope 1",
    example={"tg.minimum(tg.Tensor([1.0, 5.0]), 3.0)": "Tensor([1., 3.])"},
)
fmax: Primitive = elementwise(
    np.fmax,
    lambda y, a, b: where(isnan(b), 1, share(a, b)),
    lambda y, a, b: where(isnan(a), 1, share(b, a)),
    doc="The larger of two values; where one is NaN, the other.",
    derivative="1 for the value taken, 0 for the other; at a tie one half for each",
    example={"tg.fmax(tg.Tensor([1.0, np.nan]), 3.0)": "Tensor([3., 3.])"},
)
fmin: Primitive = elementwise(
    np.fmin,
    lambda y, a, b: where(isnan(b), 1, share(b, a)),
    lambda y, a, b: where(isnan(a), 1, share(a, b)),
    doc="The smaller of two values; where one is NaN, the other.",
    derivative="1 for the value taken, 0 for the other; at a tie one half for each",
    example={"tg.fmin(tg.Tensor([1.0, np.nan]), 3.0)": "Tensor([1., 3.])"},
)


def _clip(x: Any, low: Any, high: Any) -> Any:
    return np.clip(x, low, high)


def _inside(x: Any, low: Any, high: Any) -> Any:
    above = True if low is None else x >= low
    below = True if high is None else x <= high
    return above & below


clip_op: Primitive = elementwise(
    _clip,
    lambda y, x, low, high: _inside(x, low, high),
    lambda y, x, low, high: (x < low) if high is None else (x < low) & (low <= high),
    lambda y, x, low, high: (x > high) if low is None else (x > high) | (low > high),
    name="clip",
    doc="`x` held between `low` and `high`; None is no bound.",
    derivative="1 for `x` inside and at the bounds; outside, 1 for the bound that holds `x`",
    example={"tg.clip(tg.Tensor([-2.0, 0.5, 3.0]), 0.0, 1.0)": "Tensor([0. , 0.5, 1. ])"},
)


def clip(x: Any, min: Any = None, max: Any = None) -> Any:
    """`x` held between the bounds, ``min(max(x, min), max)``; None is no bound.

    Elementwise: `x` and the bounds broadcast, and NumPy's rules give the dtype.
    Derivative: 1 for `x` inside and at the bounds; outside, 1 for the bound that holds `x`.

    >>> import tinygrad_course as tg
    >>> tg.clip(tg.Tensor([-2.0, 0.5, 3.0]), 0.0, 1.0)
    Tensor([0. , 0.5, 1. ])
    """
    return clip_op(x, min, max)
