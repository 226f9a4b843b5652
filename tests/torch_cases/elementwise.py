"""Elementwise functions: arithmetic, exponentials, trigonometry, pieces, with the arguments that need care."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_course as tg

from ._case import Case, torch

rng = np.random.default_rng(41)
ANY = np.concatenate([rng.uniform(-3, 3, 6), [0.0, -0.5, 1.0]])
POSITIVE = np.concatenate([rng.uniform(0.05, 4, 6), [1.0, 1e-6, 1e6]])
INSIDE = np.concatenate([rng.uniform(-0.95, 0.95, 6), [0.0]])
ABOVE_ONE = rng.uniform(1.05, 5, 6)
NEAR_ZERO = np.array([1e-9, -1e-9, 1e-3])
FAR = np.array([-700.0, 700.0, -30.0, 30.0])

UNARY: list[tuple[str, Any]] = [
    ("abs", ANY), ("acos", INSIDE), ("acosh", ABOVE_ONE), ("asin", INSIDE), ("asinh", ANY), ("atan", ANY),
    ("atanh", INSIDE), ("ceil", ANY), ("cos", ANY), ("cosh", ANY), ("erf", ANY), ("exp", ANY), ("exp2", ANY),
    ("expm1", ANY), ("expm1", NEAR_ZERO), ("floor", ANY), ("log", POSITIVE), ("log10", POSITIVE),
    ("log1p", np.concatenate([INSIDE, POSITIVE, NEAR_ZERO])), ("log2", POSITIVE), ("negative", ANY), ("positive", ANY),
    ("reciprocal", POSITIVE), ("round", 4 * ANY), ("sign", ANY), ("sin", ANY), ("sinc", ANY[:6]), ("sinh", ANY),
    ("sqrt", POSITIVE), ("square", ANY), ("tan", INSIDE), ("tanh", ANY), ("tanh", FAR), ("trunc", ANY),
]  # fmt: skip

PAIRS: list[tuple[str, str, Any, Any]] = [
    ("add", "add", (3, 4), (4,)), ("subtract", "subtract", (3, 1), (1, 4)), ("multiply", "multiply", (2, 3), (2, 3)),
    ("multiply", "multiply", (), (2, 3)), ("divide", "divide", (3,), (2, 3)), ("atan2", "atan2", (4,), (4,)),
    ("hypot", "hypot", (4,), (4,)), ("logaddexp", "logaddexp", (3, 1), (4,)), ("logaddexp2", "logaddexp2", (4,), (4,)),
    ("maximum", "maximum", (3, 4), (4,)), ("minimum", "minimum", (4,), (4,)), ("fmax", "fmax", (4,), (4,)),
    ("fmin", "fmin", (4,), (4,)), ("copysign", "copysign", (5,), (5,)), ("mod", "remainder", (5,), (5,)),
    ("fmod", "fmod", (5,), (5,)),
]  # fmt: skip


def away(shape: Any) -> Any:
    """Numbers between 0.2 and 2 of either sign."""
    return np.asarray(rng.uniform(0.2, 2, shape) * rng.choice([-1, 1], shape))


CASES = [
    *(Case(name, getattr(tg, name), getattr(torch, name), (x,), order=3, exact=True) for name, x in UNARY),
    *(
        Case(ours, getattr(tg, ours), getattr(torch, theirs), (away(a), away(b)), exact=True)
        for ours, theirs, a, b in PAIRS
    ),
    *(
        Case("pow", tg.pow, torch.pow, (x, n), exact=True, order=3, note=note)
        for x, n, note in [
            (POSITIVE[:6], 2.5, ""), (ANY, 2, ""), (ANY, 3, ""), (ANY, 1, ""), (ANY, 0, ""), (POSITIVE, -1, ""),
            (2.0, ANY, ""), (POSITIVE[:6], rng.uniform(-2, 2, 6), ""), (ANY[:6], 4, "negative base"),
        ]
    ),
    Case("pow", tg.pow, torch.pow, (np.zeros(3), np.array([0.0, 2.0, 1.0])), order=1, exact=True, note="at 0"),
    Case("float_power", tg.float_power, torch.float_power, (POSITIVE[:6], rng.uniform(-2, 2, 6)), exact=True),
    Case("maximum", tg.maximum, torch.maximum, (np.ones(2), np.array([1.0, 2.0])), order=1, note="a tie"),
    Case("minimum", tg.minimum, torch.minimum, (np.ones(2), np.array([1.0, 2.0])), order=1, note="a tie"),
    Case("maximum(x, x)", lambda x: tg.maximum(x, x), lambda x: torch.maximum(x, x), (ANY,), order=1),
    Case("logaddexp", tg.logaddexp, torch.logaddexp, (FAR, FAR[::-1] + 1), exact=True, order=1, note="far"),
    Case("ldexp", tg.ldexp, torch.ldexp, (ANY, np.arange(9)), exact=True),
    Case("floor_divide", tg.floor_divide, torch.floor_divide, (away(5), away(5)), order=0),
    Case("heaviside", tg.heaviside, torch.heaviside, (ANY, np.full(9, 0.5)), order=0),
    Case("rint", tg.rint, torch.round, (ANY,), exact=True),
    Case("copy", tg.copy, torch.clone, (ANY,), exact=True),
    Case("degrees", tg.degrees, torch.rad2deg, (ANY,), exact=True),
    Case("radians", tg.radians, torch.deg2rad, (ANY,), exact=True),
    Case("clip", tg.clip, torch.clamp, (ANY, -0.5, 1.0), exact=True, note="numbers, at both bounds"),
    Case("clip", tg.clip, torch.clamp, (ANY, None, 1.0), exact=True),
    Case("clip", tg.clip, torch.clamp, (ANY, np.full(9, -0.5), np.array(1.0)), exact=True, order=1, note="arrays"),
    Case("clip", tg.clip, torch.clamp, (np.array([0.0, 1.5, 3.0]), np.array(2.0), np.array(1.0)), order=1,
         note="bounds that cross"),
    Case("where", tg.where, torch.where, (away((3, 4)) > 0, away((3, 1)), away((4,)))),
]  # fmt: skip
