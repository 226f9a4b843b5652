"""Example calls of mean, variance, standard deviation and median."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_course.ops import statistics

from ._sample import Sample
from .reduce import AXES, apart, normal

FILLED = [(s, p) for s, p in AXES if 0 not in s]
SPREAD: list[tuple[tuple[int, ...], dict[str, Any]]] = [
    ((5,), {}),
    ((5,), {"ddof": 1}),
    ((4,), {"correction": 1.5}),
    ((3, 4), {"axis": 0}),
    ((3, 4), {"axis": -1, "keepdims": True, "ddof": 1}),
    ((2, 3, 4), {"axis": (0, -1)}),
    ((2, 3, 4), {"axis": (2, 1), "keepdims": True}),
    ((2, 0, 3), {"axis": 0}),
]

SAMPLES: list[Sample] = [
    *(Sample("mean", statistics.mean, (normal(*s),), p) for s, p in AXES),
    *(Sample("var", statistics.var, (normal(*s),), p) for s, p in SPREAD),
    Sample("var", statistics.var, (np.full(4, 0.1),), note="constant"),
    Sample("var", statistics.var, (np.float64(3.0),), note="number"),
    Sample("var", statistics.var, (100 + normal(5),), note="far from 0"),
    *(Sample("std", statistics.std, (apart(*s),), p) for s, p in SPREAD),
    *(Sample("centered", statistics.centered, (normal(*s),), {"axis": p.get("axis")}) for s, p in SPREAD[1:]),
    Sample("centered", statistics.centered, (normal(),), {"axis": None}),
    *(Sample("median", statistics.median, (apart(*s),), p) for s, p in FILLED),
    Sample("median", statistics.median, (apart(4),), note="two in the middle"),
    Sample("middle", statistics.middle, (apart(3, 4),), {"axis": 1}),
    Sample("middle", statistics.middle, (np.array([1.0, 2.0, 2.0, 2.0, 5.0]),), {"axis": None}, note="ties"),
]
