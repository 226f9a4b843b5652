"""Elementwise primitives: each row is a forward function and its local partials, one expression per input.

In a rule, `y` is the output; `x`, `a`, `b` are the inputs. The engine multiplies by the cotangent and undoes
broadcasting, so a partial is exactly the formula that calculus gives for a scalar. A partial of 1 or -1 costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.primitive import Primitive

LN2 = float(np.log(2.0))
LN10 = float(np.log(10.0))
DEGREE = float(np.pi / 180.0)

Partial = Callable[..., Any]


def elementwise(forward: Callable[..., Any], *partials: Partial | None, name: str | None = None, doc: str) -> Primitive:
    """An elementwise primitive from its forward function and one partial per input (None: no derivative)."""
    return Primitive(forward, name=name, partials=partials, doc=doc)


def constant(forward: Callable[..., Any], *, name: str | None = None, doc: str) -> Primitive:
    """A primitive that gives no gradient: its result is boolean, integer or piecewise constant by contract."""
    return Primitive(forward, name=name, differentiable=False, doc=doc)


def is_number(x: Any) -> bool:
    """Whether `x` is a Python number: a constant that a rule may simplify by."""
    return type(x) is int or type(x) is float


# --- arithmetic ------------------------------------------------------------------------------------------------------


def _inverse(b: Any) -> Any:
    """1 / b, infinite at 0 for Python numbers too."""
    return 1 / b if not is_number(b) or b else math.copysign(math.inf, b)


def _power_slope(y: Any, x: Any, n: Any) -> Any:
    """n * x**(n - 1), which is 0 for n = 0 even at x = 0."""
    if is_number(n):
        return 0 if n == 0 else 1 if n == 1 else 2 * x if n == 2 else n * x ** (n - 1)
    return n * x ** where(n == 0, 1, n - 1)


def _power_slope_in_exponent(y: Any, x: Any, n: Any) -> Any:
    """x**n * log(x), which is 0 at x = 0 for n >= 0."""
    return y * math.log(x) if is_number(x) and x > 0 else y * log(where((x == 0) & (n >= 0), 1, x))


add: Primitive = elementwise(np.add, lambda y, a, b: 1, lambda y, a, b: 1, doc="Sum, ``a + b``.")
subtract: Primitive = elementwise(np.subtract, lambda y, a, b: 1, lambda y, a, b: -1, doc="Difference, ``a - b``.")
multiply: Primitive = elementwise(np.multiply, lambda y, a, b: b, lambda y, a, b: a, doc="Product, ``a * b``.")
divide: Primitive = elementwise(
    np.divide, lambda y, a, b: _inverse(b), lambda y, a, b: -y / b, name="divide", doc="Quotient, ``a / b``."
)


def _copy(x: Any) -> Any:
    return np.array(x) if np.ndim(x) else np.asarray(x)[()]


copy: Primitive = elementwise(
    _copy, lambda y, x: 1, name="copy", doc="The same values in a new array; the derivative passes through."
)
negative: Primitive = elementwise(np.negative, lambda y, x: -1, doc="Negation, ``-x``.")
positive: Primitive = elementwise(np.positive, lambda y, x: 1, doc="``+x``.")
pow: Primitive = elementwise(
    np.power, _power_slope, _power_slope_in_exponent, name="pow", doc="Power, ``x ** n``; at 0, x**0 has slope 0."
)
float_power: Primitive = elementwise(
    np.float_power, _power_slope, _power_slope_in_exponent, doc="Power computed in float64 at least."
)
reciprocal: Primitive = elementwise(
    lambda x: np.divide(1, x),
    lambda y, x: -(y**2),
    name="reciprocal",
    doc="Reciprocal, ``1 / x`` (a float, for ints too).",
)
square: Primitive = elementwise(np.square, lambda y, x: 2 * x, doc="Square, ``x ** 2``.")
mod: Primitive = elementwise(
    np.mod,
    lambda y, a, b: 1,
    lambda y, a, b: -floor_divide(a, b),
    name="mod",
    doc="Remainder with the sign of `b`, ``a - floor(a / b) * b``.",
)
fmod: Primitive = elementwise(
    np.fmod,
    lambda y, a, b: 1,
    lambda y, a, b: -trunc(a / b),
    doc="Remainder with the sign of `a`, ``a - trunc(a / b) * b``.",
)

# --- exponentials, logarithms, roots -----------------------------------------------------------------------------------

exp: Primitive = elementwise(np.exp, lambda y, x: y, doc="Exponential, e**x.")
exp2: Primitive = elementwise(np.exp2, lambda y, x: LN2 * y, doc="Power of two, 2**x.")
expm1: Primitive = elementwise(np.expm1, lambda y, x: y + 1, doc="``exp(x) - 1``, exact near 0.")
log: Primitive = elementwise(np.log, lambda y, x: 1 / x, doc="Natural logarithm.")
log2: Primitive = elementwise(np.log2, lambda y, x: 1 / (LN2 * x), doc="Logarithm to base 2.")
log10: Primitive = elementwise(np.log10, lambda y, x: 1 / (LN10 * x), doc="Logarithm to base 10.")
log1p: Primitive = elementwise(np.log1p, lambda y, x: 1 / (1 + x), doc="``log(1 + x)``, exact near 0.")
sqrt: Primitive = elementwise(np.sqrt, lambda y, x: 0.5 / y, doc="Square root; its slope at 0 is inf, the limit.")
cbrt: Primitive = elementwise(np.cbrt, lambda y, x: 1 / (3 * y**2), doc="Cube root.")


def _finite(y: Any) -> Any:
    """`y`, but 0 for -inf: the logarithm of nothing has slopes exp(-inf - 0) = 0."""
    return where(y == -math.inf, 0, y)


logaddexp: Primitive = elementwise(
    np.logaddexp,
    lambda y, a, b: exp(a - _finite(y)),
    lambda y, a, b: exp(b - _finite(y)),
    doc="``log(exp(a) + exp(b))`` without overflow.",
)
logaddexp2: Primitive = elementwise(
    np.logaddexp2,
    lambda y, a, b: exp2(a - _finite(y)),
    lambda y, a, b: exp2(b - _finite(y)),
    doc="``log2(2**a + 2**b)`` without overflow.",
)

# --- trigonometry (radians) and hyperbolic functions -------------------------------------------------------------------

sin: Primitive = elementwise(np.sin, lambda y, x: cos(x), doc="Sine of an angle in radians.")
cos: Primitive = elementwise(np.cos, lambda y, x: -sin(x), doc="Cosine of an angle in radians.")
tan: Primitive = elementwise(np.tan, lambda y, x: 1 + y**2, doc="Tangent of an angle in radians.")
asin: Primitive = elementwise(np.arcsin, lambda y, x: 1 / sqrt(1 - x**2), name="asin", doc="Inverse sine, in radians.")
acos: Primitive = elementwise(
    np.arccos, lambda y, x: -1 / sqrt(1 - x**2), name="acos", doc="Inverse cosine, in radians."
)
atan: Primitive = elementwise(np.arctan, lambda y, x: 1 / (1 + x**2), name="atan", doc="Inverse tangent, in radians.")
atan2: Primitive = elementwise(
    np.arctan2,
    lambda y, a, b: b / hypot(a, b) ** 2,  # not a**2 + b**2, which overflows where a or b is an array of small integers
    lambda y, a, b: -(a / hypot(a, b) ** 2),
    name="atan2",
    doc="Angle in radians of the point (b, a), with its quadrant.",
)
sinh: Primitive = elementwise(np.sinh, lambda y, x: cosh(x), doc="Hyperbolic sine.")
cosh: Primitive = elementwise(np.cosh, lambda y, x: sinh(x), doc="Hyperbolic cosine.")
tanh: Primitive = elementwise(np.tanh, lambda y, x: 1 - y**2, doc="Hyperbolic tangent.")
asinh: Primitive = elementwise(
    np.arcsinh, lambda y, x: 1 / sqrt(x**2 + 1), name="asinh", doc="Inverse hyperbolic sine."
)
acosh: Primitive = elementwise(
    np.arccosh, lambda y, x: 1 / sqrt(x**2 - 1), name="acosh", doc="Inverse hyperbolic cosine."
)
atanh: Primitive = elementwise(np.arctanh, lambda y, x: 1 / (1 - x**2), name="atanh", doc="Inverse hyperbolic tangent.")
radians: Primitive = elementwise(np.radians, lambda y, x: DEGREE, doc="Degrees to radians.")
degrees: Primitive = elementwise(np.degrees, lambda y, x: 1 / DEGREE, doc="Radians to degrees.")


def _hypot_slope(y: Any, a: Any) -> Any:
    return a / where(y == 0, 1, y)


hypot: Primitive = elementwise(
    np.hypot,
    lambda y, a, b: _hypot_slope(y, a),
    lambda y, a, b: _hypot_slope(y, b),
    doc="``sqrt(a**2 + b**2)`` without overflow; both slopes are 0 at the origin.",
)


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
    doc="Normalised sinc, ``sin(pi x) / (pi x)``, 1 at 0; `order` asks for a derivative of that order.",
)

# --- pieces: absolute value, extremes, choices -------------------------------------------------------------------------

abs: Primitive = elementwise(np.absolute, lambda y, x: sign(x), name="abs", doc="Absolute value; its slope at 0 is 0.")
sign: Primitive = elementwise(np.sign, lambda y, x: 0, doc="-1, 0 or 1; its slope is 0 everywhere.")
floor: Primitive = elementwise(np.floor, lambda y, x: 0, doc="Largest integer not above x; slope 0.")
ceil: Primitive = elementwise(np.ceil, lambda y, x: 0, doc="Smallest integer not below x; slope 0.")
trunc: Primitive = elementwise(np.trunc, lambda y, x: 0, doc="x without its fraction; slope 0.")
rint: Primitive = elementwise(np.rint, lambda y, x: 0, doc="Nearest integer, halves to even; slope 0.")
round: Primitive = elementwise(
    lambda x, decimals=0: np.round(x, decimals),
    lambda y, x, decimals=0: 0,
    name="round",
    doc="x rounded to `decimals` places, halves to even; slope 0.",
)
floor_divide: Primitive = elementwise(
    np.floor_divide, lambda y, a, b: 0, lambda y, a, b: 0, doc="``floor(a / b)``; slopes 0."
)
copysign: Primitive = elementwise(
    np.copysign,
    lambda y, a, b: sign(a) * sign(y),
    lambda y, a, b: 0,
    doc="Magnitude of `a` with the sign of `b`; slope in `a` is sign(a) * sign(b), in `b` 0.",
)

heaviside: Primitive = elementwise(
    np.heaviside,
    lambda y, x, h: 0,
    lambda y, x, h: equal(x, 0),
    doc="0 where x < 0, 1 where x > 0, `h` where x = 0; slope 0 in x.",
)
ldexp: Primitive = elementwise(
    np.ldexp, lambda y, x, n: ldexp(y.dtype.type(1), n), None, doc="``x * 2**n`` for integers n."
)


def _share(a: Any, b: Any) -> Any:
    """1 where a > b, 0 where a < b, one half where they tie."""
    kind = np.result_type(a, b)
    if kind.kind != "f":
        kind = np.dtype(np.float64)
    return (np.greater_equal(a, b).astype(kind) + np.greater(a, b)) * kind.type(0.5)


share: Primitive = elementwise(
    _share,
    lambda y, a, b: 0,
    lambda y, a, b: 0,
    doc="1 where a > b, 0 where a < b, 1/2 at a tie: how an extreme divides its cotangent. Slopes 0.",
)
maximum: Primitive = elementwise(
    np.maximum,
    lambda y, a, b: share(a, b),
    lambda y, a, b: share(b, a),
    doc="Larger of two values; at a tie each gets half the slope.",
)
minimum: Primitive = elementwise(
    np.minimum,
    lambda y, a, b: share(b, a),
    lambda y, a, b: share(a, b),
    doc="Smaller of two values; at a tie each gets half the slope.",
)
fmax: Primitive = elementwise(
    np.fmax,
    lambda y, a, b: where(isnan(b), 1, share(a, b)),
    lambda y, a, b: where(isnan(a), 1, share(b, a)),
    doc="Larger of two values, passing over NaN.",
)
fmin: Primitive = elementwise(
    np.fmin,
    lambda y, a, b: where(isnan(b), 1, share(b, a)),
    lambda y, a, b: where(isnan(a), 1, share(a, b)),
    doc="Smaller of two values, passing over NaN.",
)


def _clip(x: Any, low: Any, high: Any) -> Any:
    return np.clip(x, low, high)


def _inside(x: Any, low: Any, high: Any) -> Any:
    above = True if low is None else x >= low
    below = True if high is None else x <= high
    return above & below


clip: Primitive = elementwise(
    _clip,
    lambda y, x, low, high: _inside(x, low, high),
    lambda y, x, low, high: (x < low) if high is None else (x < low) & (low <= high),
    lambda y, x, low, high: (x > high) if low is None else (x > high) | (low > high),
    name="clip",
    doc="x held between `low` and `high` (None: no bound); slope 1 inside and at the bounds, else it goes to the bound.",
)

where: Primitive = Primitive(
    np.where,
    name="where",
    vjp=(None, lambda g, y, c, a, b: where(c, g, 0), lambda g, y, c, a, b: where(c, 0, g)),
    doc="`a` where the condition holds, else `b`. The branch not taken gets a derivative of 0, never NaN.",
)

# --- questions: no derivative ------------------------------------------------------------------------------------------

equal: Primitive = constant(np.equal, doc="``a == b``, elementwise.")
not_equal: Primitive = constant(np.not_equal, doc="``a != b``, elementwise.")
less: Primitive = constant(np.less, doc="``a < b``, elementwise.")
less_equal: Primitive = constant(np.less_equal, doc="``a <= b``, elementwise.")
greater: Primitive = constant(np.greater, doc="``a > b``, elementwise.")
greater_equal: Primitive = constant(np.greater_equal, doc="``a >= b``, elementwise.")
logical_and: Primitive = constant(np.logical_and, doc="Truth of both.")
logical_or: Primitive = constant(np.logical_or, doc="Truth of either.")
logical_xor: Primitive = constant(np.logical_xor, doc="Truth of exactly one.")
logical_not: Primitive = constant(np.logical_not, doc="Opposite truth.")
bitwise_and: Primitive = constant(np.bitwise_and, doc="Bits set in both; for booleans, ``and``.")
bitwise_or: Primitive = constant(np.bitwise_or, doc="Bits set in either; for booleans, ``or``.")
bitwise_xor: Primitive = constant(np.bitwise_xor, doc="Bits set in exactly one.")
invert: Primitive = constant(np.invert, doc="All bits flipped; for booleans, ``not``.")
isnan: Primitive = constant(np.isnan, doc="Whether each value is NaN.")
isinf: Primitive = constant(np.isinf, doc="Whether each value is infinite.")
isfinite: Primitive = constant(np.isfinite, doc="Whether each value is neither NaN nor infinite.")
signbit: Primitive = constant(np.signbit, doc="Whether the sign bit is set (true for -0.0).")
