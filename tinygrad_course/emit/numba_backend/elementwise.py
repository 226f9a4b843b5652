"""The operations that work element by element, as text: {0}, {1}, ... are the operands, brought to one type.

`T` stands for that type (float64, say), `#` for its size in the names of the kernels.
"""

from __future__ import annotations

import math

# name -> (text, cost in additions)
FLOATS: dict[str, tuple[str, int]] = {
    "add": ("{0} + {1}", 1),
    "subtract": ("{0} - {1}", 1),
    "multiply": ("{0} * {1}", 1),
    "divide": ("{0} / {1}", 4),
    "reciprocal": ("T(1.0) / {0}", 4),
    "negative": ("-{0}", 1),
    "positive": ("{0}", 0),
    "copy": ("{0}", 0),
    "cast": ("{0}", 1),
    "last_axis_innermost": ("{0}", 0),
    "square": ("{0} * {0}", 1),
    "sqrt": ("root({0})", 5),
    "guarded_product": ("pick({0} == T(0.0), T(0.0), {0} * {1})", 2),
    # extremes, signs, rounding
    "maximum": ("larger({0}, {1})", 1),
    "minimum": ("smaller({0}, {1})", 1),
    "fmax": ("pick({1} != {1}, {0}, pick({0} != {0}, {1}, larger({0}, {1})))", 3),
    "fmin": ("pick({1} != {1}, {0}, pick({0} != {0}, {1}, smaller({0}, {1})))", 3),
    "share": ("pick({0} > {1}, T(1.0), pick({0} == {1}, T(0.5), T(0.0)))", 2),
    "abs": ("magnitude({0})", 1),
    "sign": ("pick({0} > T(0.0), T(1.0), pick({0} < T(0.0), T(-1.0), {0}))", 2),
    "copysign": ("signed_like({0}, {1})", 1),
    "heaviside": ("pick({0} > T(0.0), T(1.0), pick({0} < T(0.0), T(0.0), pick({0} == T(0.0), {1}, {0})))", 3),
    "floor": ("floor({0})", 1),
    "ceil": ("ceil({0})", 1),
    "trunc": ("trunc({0})", 1),
    "rint": ("rint({0})", 1),
    # exponentials: the kernels
    "exp": ("exp#({0})", 12),
    "expm1": ("expm1_#({0})", 14),
    "log": ("log#({0})", 14),
    "log1p": ("log1p_#({0})", 16),
    "sigmoid": ("sigmoid#({0})", 15),
    "tanh": ("tanh#({0})", 18),
    "softplus": ("softplus#({0})", 25),
    "log_sigmoid": ("-softplus#(-{0})", 25),
    "logistic_loss": ("softplus#({0}) - {1} * {0}", 26),
    "logaddexp": (
        (
            f"pick({{0}} == {{1}}, {{0}} + T({math.log(2)!r}), "
            "larger({0}, {1}) + log1p_#(exp#(-magnitude({0} - {1}))))"
        ),
        30,
    ),
    "held_log": ("larger(log#({0}), T(-100.0))", 15),
    "held_reciprocal": ("pick(log#({0}) < T(-100.0), T(0.0), T(1.0) / {0})", 18),
    "relu": ("larger({0}, T(0.0))", 1),
    "erf": ("T(erf64(float64({0})))", 60),
    # the C library's, one by one
    "exp2": ("math.exp2({0})", 40),
    "log2": ("math.log2({0})", 40),
    "log10": ("math.log10({0})", 40),
    "sin": ("math.sin({0})", 40),
    "cos": ("math.cos({0})", 40),
    "tan": ("math.tan({0})", 40),
    "asin": ("math.asin({0})", 40),
    "acos": ("math.acos({0})", 40),
    "atan": ("math.atan({0})", 40),
    "sinh": ("math.sinh({0})", 40),
    "cosh": ("math.cosh({0})", 40),
    "asinh": ("math.asinh({0})", 40),
    "acosh": ("math.acosh({0})", 40),
    "atanh": ("math.atanh({0})", 40),
    "atan2": ("math.atan2({0}, {1})", 40),
    "hypot": ("math.hypot({0}, {1})", 40),
    "radians": (f"{{0}} * T({math.pi / 180!r})", 1),
    "degrees": (f"{{0}} * T({180 / math.pi!r})", 1),
    "pow": ("{0} ** {1}", 40),
    "float_power": ("{0} ** {1}", 40),
}

INTEGERS: dict[str, tuple[str, int]] = {
    "add": ("T({0} + {1})", 1),
    "subtract": ("T({0} - {1})", 1),
    "multiply": ("T({0} * {1})", 1),
    "negative": ("T(-{0})", 1),
    "positive": ("{0}", 0),
    "copy": ("{0}", 0),
    "cast": ("{0}", 1),
    "last_axis_innermost": ("{0}", 0),
    "square": ("T({0} * {0})", 1),
    "maximum": ("max({0}, {1})", 1),
    "minimum": ("min({0}, {1})", 1),
    "abs": ("abs({0})", 1),
}

TRUTHS: dict[str, tuple[str, int]] = {
    "positive": ("{0}", 0),
    "copy": ("{0}", 0),
    "cast": ("{0}", 0),
    "last_axis_innermost": ("{0}", 0),
    "logical_and": ("{0} & {1}", 1),
    "logical_or": ("{0} | {1}", 1),
    "logical_xor": ("{0} != {1}", 1),
    "logical_not": ("not {0}", 1),
    "bitwise_and": ("{0} & {1}", 1),
    "bitwise_or": ("{0} | {1}", 1),
    "bitwise_xor": ("{0} != {1}", 1),
    "invert": ("not {0}", 1),
    "multiply": ("{0} & {1}", 1),
    "add": ("{0} | {1}", 1),
    "maximum": ("{0} | {1}", 1),
    "minimum": ("{0} & {1}", 1),
}

# Answers are truths; the operands are compared in the type NumPy compares them in.
QUESTIONS: dict[str, tuple[str, int]] = {
    "equal": ("{0} == {1}", 1),
    "not_equal": ("{0} != {1}", 1),
    "less": ("{0} < {1}", 1),
    "less_equal": ("{0} <= {1}", 1),
    "greater": ("{0} > {1}", 1),
    "greater_equal": ("{0} >= {1}", 1),
    "isnan": ("{0} != {0}", 1),
    "isinf": ("magnitude({0}) == T(inf)", 1),
    "isfinite": ("magnitude({0}) < T(inf)", 1),
    "signbit": ("signed_like(T(1.0), {0}) < T(0.0)", 1),
}

# Powers by a number that need no power.
POWERS: dict[float, tuple[str, int]] = {
    1: ("{0}", 0),
    2: ("{0} * {0}", 1),
    3: ("{0} * {0} * {0}", 2),
    4: ("({0} * {0}) * ({0} * {0})", 2),
    0.5: ("root({0})", 5),
    -1: ("T(1.0) / {0}", 4),
    -2: ("T(1.0) / ({0} * {0})", 5),
}
