"""Exponentials and logarithms that vectorise: straight-line code, inlined into the loop that uses them.

Numba calls the C library for ``math.exp``, one number at a time. These are polynomials after a range reduction, with
bit shifts for the exponent and selections instead of branches, so that LLVM computes a whole register of them at once.
They are compiled without `reassoc` (the order of operations is what makes them exact) and inlined into loops that have
it. Errors, in units in the last place over the whole range, are measured in tests/test_numba_kernels.py and listed in
docs/design-notes/numba.md. NaN, infinities, subnormal numbers and signed zeros are as in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import float32, int32, int64, njit

from ...ops.erf import _ERF_AT_ONE, _ERF_NEAR, _ERF_ONE, _ERFC_FAR, _ERFC_MIDDLE
from .intrinsics import bits_of, float_of, larger, magnitude, pick, signed_like, smaller

F = TypeVar("F", bound=Callable[..., Any])


def inlined(function: F) -> F:
    """Compile a function to be inlined wherever it is called."""
    made: F = njit(forceinline=True, error_model="numpy", fastmath={"contract"})(function)
    return made


# --- exp --------------------------------------------------------------------------------------------------------------

LOG2E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10  # the first times an exponent is exact
SHIFT = 6755399441055744.0  # 1.5 * 2**52: adding it leaves the nearest integer in the low bits

LOG2E_32 = float32(1.44269504)
LN2_HIGH_32, LN2_LOW_32 = float32(0.693359375), float32(-2.12194440e-4)
SHIFT_32 = float32(12582912.0)  # 1.5 * 2**23
E3, E4, E5, E6, E7 = (float32(c) for c in (1 / 6, 4.1666668e-2, 8.3333310e-3, 1.3888774e-3, 1.9913300e-4))
ONE, TWO, HALF, ZERO = float32(1.0), float32(2.0), float32(0.5), float32(0.0)


@inlined
def _tail64(r: Any) -> Any:
    """``exp(r) - 1 - r`` for abs(r) <= log(2) / 2: the Taylor series, whose 14th term is below the last place."""
    p = 1.6059043836821613e-10
    p = p * r + 2.08767569878681e-09
    p = p * r + 2.505210838544172e-08
    p = p * r + 2.755731922398589e-07
    p = p * r + 2.7557319223985893e-06
    p = p * r + 2.48015873015873e-05
    p = p * r + 1.984126984126984e-04
    p = p * r + 1.3888888888888889e-03
    p = p * r + 8.333333333333333e-03
    p = p * r + 4.1666666666666664e-02
    p = p * r + 1.6666666666666666e-01
    p = p * r + 0.5
    return p * r * r


@inlined
def exp64(x: Any) -> Any:
    """The exponential of a float64."""
    x = pick(x > 800.0, 800.0, pick(x < -800.0, -800.0, x))
    t = x * LOG2E + SHIFT
    n = t - SHIFT
    r = x - n * LN2_HIGH - n * LN2_LOW
    k = bits_of(t) - int64(0x4338000000000000)
    half = k >> 1  # in two steps: 2**k itself may be out of range where the result is not
    p = 1.0 + (r + _tail64(r))
    return p * float_of((half + 1023) << 52) * float_of((k - half + 1023) << 52)


@inlined
def expm1_64(x: Any) -> Any:
    """``exp(x) - 1`` of a float64, exact near 0 too."""
    y = pick(x > 800.0, 800.0, pick(x < -50.0, -50.0, x))
    t = y * LOG2E + SHIFT
    n = t - SHIFT
    r = y - n * LN2_HIGH - n * LN2_LOW
    k = bits_of(t) - int64(0x4338000000000000)
    half = k >> 1
    low, high = float_of((half + 1023) << 52), float_of((k - half + 1023) << 52)
    scaled = (r + _tail64(r)) * low + (low - float_of((half - k + 1023) << 52))
    return pick(n == 0.0, pick(x == 0.0, x, r + _tail64(r)), scaled * high)


@inlined
def _tail32(r: Any) -> Any:
    p = E7
    p = p * r + E6
    p = p * r + E5
    p = p * r + E4
    p = p * r + E3
    p = p * r + HALF
    return p * r * r


@inlined
def exp32(x: Any) -> Any:
    """The exponential of a float32."""
    x = pick(x > float32(150.0), float32(150.0), pick(x < float32(-150.0), float32(-150.0), x))
    t = x * LOG2E_32 + SHIFT_32
    n = t - SHIFT_32
    r = x - n * LN2_HIGH_32 - n * LN2_LOW_32
    k = int32(bits_of(t) - int32(0x4B400000))
    half = int32(k >> int32(1))
    p = ONE + (r + _tail32(r))
    return p * float_of(int32((half + int32(127)) << int32(23))) * float_of(int32((k - half + int32(127)) << int32(23)))


@inlined
def expm1_32(x: Any) -> Any:
    """``exp(x) - 1`` of a float32, exact near 0 too."""
    y = pick(x > float32(150.0), float32(150.0), pick(x < float32(-30.0), float32(-30.0), x))
    t = y * LOG2E_32 + SHIFT_32
    n = t - SHIFT_32
    r = y - n * LN2_HIGH_32 - n * LN2_LOW_32
    k = int32(bits_of(t) - int32(0x4B400000))
    half = int32(k >> int32(1))
    low = float_of(int32((half + int32(127)) << int32(23)))
    high = float_of(int32((k - half + int32(127)) << int32(23)))
    back = float_of(int32((half - k + int32(127)) << int32(23)))
    scaled = (r + _tail32(r)) * low + (low - back)
    return pick(n == ZERO, pick(x == ZERO, x, r + _tail32(r)), scaled * high)


# --- sigmoid, tanh ----------------------------------------------------------------------------------------------------


@inlined
def sigmoid64(x: Any) -> Any:
    """``1 / (1 + exp(-x))``."""
    return 1.0 / (1.0 + exp64(-x))


@inlined
def sigmoid32(x: Any) -> Any:
    """``1 / (1 + exp(-x))``."""
    return ONE / (ONE + exp32(-x))


@inlined
def tanh64(x: Any) -> Any:
    """``-e / (e + 2)`` with ``e = expm1(-2 * abs(x))``, and the sign of `x`."""
    e = expm1_64(-2.0 * magnitude(x))
    return signed_like(e / (e + 2.0), x)


@inlined
def tanh32(x: Any) -> Any:
    """``-e / (e + 2)`` with ``e = expm1(-2 * abs(x))``, and the sign of `x`."""
    e = expm1_32(-TWO * magnitude(x))
    return signed_like(e / (e + TWO), x)


# --- log --------------------------------------------------------------------------------------------------------------


@inlined
def _log_parts64(x: Any) -> Any:
    """`k` and `f` with ``x = 2**k * (1 + f)``, sqrt(1/2) < 1 + f < sqrt(2), for positive normal x."""
    bits = bits_of(x) + int64(0x3FF0000000000000 - 0x3FE6A09E667F3BCD)
    exponent = (bits >> 52) | int64(0x4330000000000000)  # 2**52 + exponent, as a float
    k = float_of(exponent) - 4503599627371519.0
    f = float_of((bits & int64(0x000FFFFFFFFFFFFF)) + int64(0x3FE6A09E667F3BCD)) - 1.0
    return k, f


@inlined
def _log_sum64(k: Any, f: Any, c: Any) -> Any:
    """``k * log(2) + log(1 + f) + c``: fdlibm's series in ``s = f / (2 + f)``."""
    s = f / (2.0 + f)
    z = s * s
    p = 1.479819860511658591e-01
    p = p * z + 1.531383769920937332e-01
    p = p * z + 1.818357216161805012e-01
    p = p * z + 2.222219843214978396e-01
    p = p * z + 2.857142874366239149e-01
    p = p * z + 3.999999999940941908e-01
    p = p * z + 6.666666666666735130e-01
    h = 0.5 * f * f
    return k * LN2_HIGH - ((h - (s * (h + p * z) + (k * LN2_LOW + c))) - f)


@inlined
def log64(x: Any) -> Any:
    """The natural logarithm of a float64."""
    tiny = x < 2.2250738585072014e-308
    k, f = _log_parts64(pick(tiny, x * 18014398509481984.0, x))
    y = _log_sum64(pick(tiny, k - 54.0, k), f, 0.0)
    y = pick(x == 0.0, -np.inf, pick(x < 0.0, np.nan, y))
    return pick(x < np.inf, y, x)


@inlined
def log1p_64(x: Any) -> Any:
    """``log(1 + x)`` of a float64, exact near 0 too: what ``1 + x`` loses is put back."""
    u = 1.0 + x
    k, f = _log_parts64(u)
    lost = pick(x > 1.0, 1.0 - (u - x), x - (u - 1.0))
    y = _log_sum64(k, f, lost / u)
    y = pick(u == 0.0, -np.inf, pick(u < 0.0, np.nan, y))
    y = pick(magnitude(x) < 1e-300, x, y)
    return pick(x < np.inf, y, x)


@inlined
def _log_parts32(x: Any) -> Any:
    bits = int32(bits_of(x) + int32(0x3F800000 - 0x3F3504F3))
    k = float32(int32(bits >> int32(23)) - int32(127))
    f = float_of(int32(int32(bits & int32(0x007FFFFF)) + int32(0x3F3504F3))) - ONE
    return k, f


L1, L2, L3, L4 = (float32(c) for c in (0.66666662693, 0.40000972152, 0.28498786688, 0.24279078841))


@inlined
def _log_sum32(k: Any, f: Any, c: Any) -> Any:
    s = f / (TWO + f)
    z = s * s
    p = L4
    p = p * z + L3
    p = p * z + L2
    p = p * z + L1
    h = HALF * f * f
    return k * LN2_HIGH_32 - ((h - (s * (h + p * z) + (k * LN2_LOW_32 + c))) - f)


INF_32, NAN_32 = float32(np.inf), float32(np.nan)


@inlined
def log32(x: Any) -> Any:
    """The natural logarithm of a float32."""
    tiny = x < float32(1.17549435e-38)
    k, f = _log_parts32(pick(tiny, x * float32(33554432.0), x))
    y = _log_sum32(pick(tiny, k - float32(25.0), k), f, ZERO)
    y = pick(x == ZERO, -INF_32, pick(x < ZERO, NAN_32, y))
    return pick(x < INF_32, y, x)


@inlined
def log1p_32(x: Any) -> Any:
    """``log(1 + x)`` of a float32, exact near 0 too."""
    u = ONE + x
    k, f = _log_parts32(u)
    lost = pick(x > ONE, ONE - (u - x), x - (u - ONE))
    y = _log_sum32(k, f, lost / u)
    y = pick(u == ZERO, -INF_32, pick(u < ZERO, NAN_32, y))
    y = pick(magnitude(x) < float32(1e-30), x, y)
    return pick(x < INF_32, y, x)


# --- softplus ---------------------------------------------------------------------------------------------------------


@inlined
def softplus64(x: Any) -> Any:
    """``log(1 + exp(x))`` as ``max(x, 0) + log1p(exp(-abs(x)))``."""
    return larger(x, 0.0) + log1p_64(exp64(-magnitude(x)))


@inlined
def softplus32(x: Any) -> Any:
    """``log(1 + exp(x))`` as ``max(x, 0) + log1p(exp(-abs(x)))``."""
    return larger(x, ZERO) + log1p_32(exp32(-magnitude(x)))


# --- erf: the rational approximations of `ops.erf`, all computed, one chosen ------------------------------------------


def _polynomial(coefficients: tuple[float, ...]) -> Any:
    """A polynomial, highest power first, as one expression."""
    text = repr(coefficients[0])
    for c in coefficients[1:]:
        text = f"({text}) * x + {c!r}"
    space: dict[str, Any] = {}
    exec(f"def value(x):\n    return {text}", space)
    return inlined(space["value"])


_near_top, _near_bottom = map(_polynomial, _ERF_NEAR)
_one_top, _one_bottom = map(_polynomial, _ERF_AT_ONE)
_middle_top, _middle_bottom = map(_polynomial, _ERFC_MIDDLE)
_far_top, _far_bottom = map(_polynomial, _ERFC_FAR)


@inlined
def erf64(x: Any) -> Any:
    """The error function of a float64."""
    a = smaller(magnitude(x), 6.0)
    near, at_one = a < 0.84375, a < 1.25
    small = pick(near, a * a, 0.0)
    beside = pick(at_one, a - 1.0, 0.0)
    z = pick(at_one, 1.25, a)
    s = 1.0 / (z * z)
    middle, far = _middle_top(s) / _middle_bottom(s), _far_top(s) / _far_bottom(s)
    tail = exp64(-z * z - 0.5625 + pick(z < 1 / 0.35, middle, far)) / z
    y = pick(at_one, _ERF_ONE + _one_top(beside) / _one_bottom(beside), 1.0 - tail)
    return signed_like(pick(near, a + a * (_near_top(small) / _near_bottom(small)), y), x)
