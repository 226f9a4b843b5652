"""Trigonometric functions, of angles in radians, and hyperbolic functions."""

from __future__ import annotations

import numpy as np

from ..core.primitive import Primitive
from .elementwise import elementwise
from .powers import hypot, sqrt

DEGREE = float(np.pi / 180.0)

sin: Primitive = elementwise(
    np.sin,
    lambda y, x: cos(x),
    doc="Sine of an angle in radians.",
    derivative="``cos(x)``",
    example={"tg.sin(tg.Tensor([0.0, np.pi / 2]))": "Tensor([0., 1.])"},
)
cos: Primitive = elementwise(
    np.cos,
    lambda y, x: -sin(x),
    doc="Cosine of an angle in radians.",
    derivative="``-sin(x)``",
    example={"tg.cos(tg.Tensor([0.0, np.pi]))": "Tensor([ 1., -1.])"},
)
tan: Primitive = elementwise(
    np.tan,
    lambda y, x: 1 + y * y,
    doc="Tangent of an angle in radians, ``sin(x) / cos(x)``.",
    derivative="``1 + tan(x)**2``",
    example={"tg.tan(tg.Tensor([0.0, np.pi / 4]))": "Tensor([0., 1.])"},
)
asin: Primitive = elementwise(
    np.arcsin,
    lambda y, x: 1 / sqrt(1 - x**2),
    name="asin",
    doc="Inverse sine: the angle in [-pi/2, pi/2]; NaN outside [-1, 1].",
    derivative="``1 / sqrt(1 - x**2)``; inf at -1 and 1",
    example={"tg.asin(tg.Tensor([0.0, 1.0]))": "Tensor([0.        , 1.57079633])"},
)
acos: Primitive = elementwise(
    np.arccos,
    lambda y, x: -1 / sqrt(1 - x**2),
    name="acos",
    doc="Inverse cosine: the angle in [0, pi]; NaN outside [-1, 1].",
    derivative="``-1 / sqrt(1 - x**2)``; -inf at -1 and 1",
    example={"tg.acos(tg.Tensor([1.0, 0.0]))": "Tensor([0.        , 1.57079633])"},
)
atan: Primitive = elementwise(
    np.arctan,
    lambda y, x: 1 / (1 + x**2),
    name="atan",
    doc="Inverse tangent: the angle in (-pi/2, pi/2).",
    derivative="``1 / (1 + x**2)``",
    example={"tg.atan(tg.Tensor([0.0, 1.0]))": "Tensor([0.        , 0.78539816])"},
)
atan2: Primitive = elementwise(
    np.arctan2,
    lambda y, a, b: b / hypot(a, b) ** 2,  # a**2 + b**2 would overflow for arrays of small integers
    lambda y, a, b: -(a / hypot(a, b) ** 2),
    name="atan2",
    doc="The angle in (-pi, pi] of the point with height `a` and width `b`: ``atan(a / b)`` in the right quadrant.",
    derivative="``b / (a**2 + b**2)`` for `a`, ``-a / (a**2 + b**2)`` for `b`",
    example={"tg.atan2(tg.Tensor([1.0, -1.0]), -1.0)": "Tensor([ 2.35619449, -2.35619449])"},
)
radians: Primitive = elementwise(
    np.radians,
    lambda y, x: DEGREE,
    doc="An angle in radians from one in degrees, ``x * pi / 180``.",
    derivative="``pi / 180``",
    example={"tg.radians(tg.Tensor([180.0, 90.0]))": "Tensor([3.14159265, 1.57079633])"},
)
degrees: Primitive = elementwise(
    np.degrees,
    lambda y, x: 1 / DEGREE,
    doc="An angle in degrees from one in radians, ``x * 180 / pi``.",
    derivative="``180 / pi``",
    example={"tg.degrees(tg.Tensor([np.pi, np.pi / 2]))": "Tensor([180.,  90.])"},
)

# --- hyperbolic functions ---------------------------------------------------------------------------------------------

sinh: Primitive = elementwise(
    np.sinh,
    lambda y, x: cosh(x),
    doc="Hyperbolic sine, ``(exp(x) - exp(-x)) / 2``.",
    derivative="``cosh(x)``",
    example={"tg.sinh(tg.Tensor([0.0, 1.0]))": "Tensor([0.        , 1.17520119])"},
)
cosh: Primitive = elementwise(
    np.cosh,
    lambda y, x: sinh(x),
    doc="Hyperbolic cosine, ``(exp(x) + exp(-x)) / 2``.",
    derivative="``sinh(x)``",
    example={"tg.cosh(tg.Tensor([0.0, 1.0]))": "Tensor([1.        , 1.54308063])"},
)
tanh: Primitive = elementwise(
    np.tanh,
    lambda y, x: 1 - y * y,
    doc="Hyperbolic tangent, ``sinh(x) / cosh(x)``, in (-1, 1).",
    derivative="``1 - tanh(x)**2``",
    example={"tg.tanh(tg.Tensor([0.0, 1.0]))": "Tensor([0.        , 0.76159416])"},
)
asinh: Primitive = elementwise(
    np.arcsinh,
    lambda y, x: 1 / sqrt(x**2 + 1),
    name="asinh",
    doc="Inverse hyperbolic sine, ``log(x + sqrt(x**2 + 1))``.",
    derivative="``1 / sqrt(x**2 + 1)``",
    example={"tg.asinh(tg.Tensor([0.0, 1.0]))": "Tensor([0.        , 0.88137359])"},
)
acosh: Primitive = elementwise(
    np.arccosh,
    lambda y, x: 1 / sqrt(x**2 - 1),
    name="acosh",
    doc="Inverse hyperbolic cosine, ``log(x + sqrt(x**2 - 1))``; NaN below 1.",
    derivative="``1 / sqrt(x**2 - 1)``; inf at 1",
    example={"tg.acosh(tg.Tensor([1.0, 2.0]))": "Tensor([0.        , 1.3169579])"},
)
atanh: Primitive = elementwise(
    np.arctanh,
    lambda y, x: 1 / (1 - x**2),
    name="atanh",
    doc="Inverse hyperbolic tangent, ``log((1 + x) / (1 - x)) / 2``; NaN outside [-1, 1].",
    derivative="``1 / (1 - x**2)``; inf at -1 and 1",
    example={"tg.atanh(tg.Tensor([0.0, 0.5]))": "Tensor([0.        , 0.54930614])"},
)
