"""Samples of the elementwise primitives: arithmetic, exponentials, trigonometry, pieces, questions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrad_course.ops import (
    activation,
    arithmetic,
    erf,
    exponential,
    pieces,
    powers,
    questions,
    sinc,
    trigonometry,
)

from ._sample import Sample

FAMILIES = [arithmetic, exponential, pieces, powers, questions, trigonometry, sinc, erf, activation]

rng = np.random.default_rng(7)

# The open interval that the samples of each function of one variable are drawn from: smooth there, kinks outside.
UNARY = {
    "negative": (-2, 2), "positive": (-2, 2), "reciprocal": (0.5, 2), "square": (-2, 2),
    "exp": (-2, 2), "exp2": (-2, 2), "expm1": (-1, 1), "log": (0.5, 3), "log2": (0.5, 3), "log10": (0.5, 3),
    "log1p": (-0.5, 2), "sqrt": (0.5, 3), "cbrt": (0.5, 3),
    "sin": (-3, 3), "cos": (-3, 3), "tan": (-1, 1), "asin": (-0.8, 0.8), "acos": (-0.8, 0.8), "atan": (-3, 3),
    "sinh": (-2, 2), "cosh": (-2, 2), "tanh": (-2, 2), "asinh": (-2, 2), "acosh": (1.3, 3), "atanh": (-0.8, 0.8),
    "radians": (-180, 180), "degrees": (-3, 3), "sinc": (-2, 2),
    "abs": (-2, -0.1), "sign": (0.1, 2), "floor": (1.1, 1.9), "ceil": (-1.9, -1.1), "trunc": (1.1, 1.9),
    "rint": (0.6, 1.4), "round": (0.6, 1.4), "copy": (-2, 2), "erf": (-2, 2),
    "sigmoid": (-3, 3), "softplus": (-3, 3), "log_sigmoid": (-3, 3), "relu": (0.1, 2), "leaky_relu": (-2, -0.1),
    "elu": (-2, -0.1),
}  # fmt: skip

# A second interval for functions that are made of two pieces, or that take negative numbers too.
OTHER_PIECE = {
    "abs": (0.1, 2), "sign": (-2, -0.1), "reciprocal": (-2, -0.5), "cbrt": (-3, -0.5), "relu": (-2, -0.1),
    "leaky_relu": (0.1, 2), "elu": (0.1, 2), "sinc": (-1e-4, 1e-4), "sigmoid": (-40, -30), "softplus": (30, 40),
    "log_sigmoid": (30, 40),
}  # fmt: skip

# The intervals of the two arguments of each function of two variables.
BINARY = {
    "add": ((-2, 2), (-2, 2)), "subtract": ((-2, 2), (-2, 2)), "multiply": ((-2, 2), (-2, 2)),
    "divide": ((-2, 2), (0.5, 2)), "pow": ((0.5, 2), (-2, 2)), "float_power": ((0.5, 2), (-2, 2)),
    "mod": ((2.2, 2.8), (0.9, 1.05)), "fmod": ((-2.8, -2.2), (0.9, 1.05)),
    "logaddexp": ((-2, 2), (-2, 2)), "logaddexp2": ((-2, 2), (-2, 2)),
    "atan2": ((0.3, 2), (-2, 2)), "hypot": ((0.3, 2), (0.3, 2)),
    "floor_divide": ((2.2, 2.8), (0.9, 1.05)), "copysign": ((0.3, 2), (-2, -0.3)), "share": ((-2, -0.1), (0.1, 2)),
    "heaviside": ((-2, -0.1), (0.1, 2)), "logistic_loss": ((-3, 3), (0, 1)),
    "maximum": ((-2, -0.1), (0.1, 2)), "minimum": ((-2, -0.1), (0.1, 2)),
    "fmax": ((0.1, 2), (-2, -0.1)), "fmin": ((0.1, 2), (-2, -0.1)),
}  # fmt: skip

# Shapes of the two arguments: equal, one stretched, both stretched, axes added, and a 0-d one.
PAIRS = [((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2, 3))]

COMPARISONS = ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"]
LOGICAL = ["logical_and", "logical_or", "logical_xor"]
BITWISE = ["bitwise_and", "bitwise_or", "bitwise_xor"]
CLASSES = ["isnan", "isinf", "isfinite", "signbit"]


def draw(interval: tuple[float, float], shape: tuple[int, ...] = (2, 3)) -> Any:
    """Uniform random float64 numbers; a NumPy scalar for the shape ()."""
    return np.float64(rng.uniform(*interval)) if shape == () else rng.uniform(*interval, shape)


def find(name: str) -> Any:
    """The primitive called `name` from whichever family has it."""
    return next(vars(family)[name] for family in FAMILIES if name in vars(family))


def smooth() -> Iterator[Sample]:
    """The functions of one and of two variables, on every piece, and over every way to broadcast."""
    for name, interval in UNARY.items():
        yield Sample(name, find(name), (draw(interval),))
    for name, interval in OTHER_PIECE.items():
        yield Sample(name, find(name), (draw(interval),), note="other_piece")
    for name, (first, second) in BINARY.items():
        for shapes in PAIRS:
            yield Sample(name, find(name), (draw(first, shapes[0]), draw(second, shapes[1])))
    for name, (first, second) in BINARY.items():
        if name in (
            "maximum",
            "minimum",
            "fmax",
            "fmin",
            "share",
            "heaviside",
            "copysign",
            "mod",
            "fmod",
            "floor_divide",
        ):
            yield Sample(name, find(name), (-draw(first), -draw(second)), note="other_piece")


def answers() -> Iterator[Sample]:
    """The primitives whose answer has no derivative."""
    a, b = draw((-2, 2)), draw((-2, 2))
    for name in COMPARISONS:
        yield Sample(name, find(name), (a, np.where(b > 0, a, b)))
    for name in LOGICAL:
        yield Sample(name, find(name), (a > 0, b > 0))
    for name in BITWISE:
        yield Sample(name, find(name), (a > 0, b > 0))
        yield Sample(name, find(name), (np.array([1, 2, 7]), np.array([3, 5, 4])), note="ints")
    for name in CLASSES:
        yield Sample(name, find(name), (np.array([[1.0, np.nan, -0.0], [np.inf, -np.inf, -3.0]]),))
    yield Sample("logical_not", questions.logical_not, (a > 0,))
    yield Sample("invert", questions.invert, (a > 0,))


def special() -> Iterator[Sample]:
    """Parameters, constant exponents, missing bounds, conditions."""
    x = draw((-2, 2))
    for n in (2, 3, 0, 1, -1, 0.5):
        yield Sample("pow", powers.pow, (draw((0.5, 2)), n), note=f"exponent{n}")
    yield Sample("pow", powers.pow, (-draw((0.5, 2)), 3), note="negative_base")
    yield Sample("pow", powers.pow, (2.0, x), note="constant_base")
    yield Sample("divide", arithmetic.divide, (3, draw((0.5, 2))), note="number_above")
    yield Sample("divide", arithmetic.divide, (x, 4), note="number_below")
    yield Sample("multiply", lambda a: arithmetic.multiply(a, a), (x,), note="same_twice")
    yield Sample("sinc", sinc.sinc, (x,), {"order": 1})
    yield Sample("sinc", sinc.sinc, (draw((-0.2, 0.2)),), {"order": 3})
    yield Sample("round", pieces.round, (draw((1.11, 1.14)),), {"decimals": 1})
    yield Sample("ldexp", powers.ldexp, (x, np.array([-1, 0, 3])))
    for axis in (0, -1):
        yield Sample("softmax", activation.softmax, (x,), {"axis": axis})
        yield Sample("log_softmax", activation.log_softmax, (x,), {"axis": axis})
    yield Sample("leaky_relu", activation.leaky_relu, (draw((-2, -0.1)),), {"negative_slope": 0.2})
    yield Sample("elu", activation.elu, (draw((-2, -0.1)),), {"alpha": 0.7})

    spread = np.array([[-2.0, -0.4, 0.3], [0.7, 1.6, 2.5]])
    yield Sample("clip", pieces.clip, (spread, -1.0, 1.0), note="numbers")
    yield Sample("clip", pieces.clip, (spread, None, 1.0), note="no_low")
    yield Sample("clip", pieces.clip, (spread, -1.0, None), note="no_high")
    yield Sample("clip", pieces.clip, (spread, np.array([-1.0, -0.6, 0.0]), np.array([[0.9], [1.2]])), note="bounds")
    yield Sample("clip", pieces.clip, (spread, np.float64(0.5), np.float64(-0.5)), note="crossed_bounds")

    c = np.array([[True, False, True], [False, False, True]])
    yield Sample("where", pieces.where, (c, x, draw((-1, 1))))
    yield Sample("where", pieces.where, (c, x, 0.0), note="number")
    yield Sample("where", pieces.where, (c[0], draw((-1, 1), (2, 1)), draw((-1, 1), ())), note="broadcast")


SAMPLES = [*smooth(), *answers(), *special()]
