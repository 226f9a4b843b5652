"""Example calls of the reductions and the running sums and products."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_course.ops import reduce, running

from ._sample import Sample

rng = np.random.default_rng(17)


def normal(*shape: int) -> Any:
    return rng.normal(size=shape)[()]


def apart(*shape: int) -> Any:
    """Numbers in random order that differ from each other by 0.1 at least: no ties."""
    return 0.1 * rng.permutation(int(np.prod(shape))).reshape(shape)[()] - 0.5


AXES: list[tuple[tuple[int, ...], dict[str, Any]]] = [
    ((), {}),
    ((5,), {}),
    ((5,), {"axis": 0, "keepdims": True}),
    ((3, 4), {}),
    ((3, 4), {"keepdims": True}),
    ((3, 4), {"axis": 0}),
    ((3, 4), {"axis": -1, "keepdims": True}),
    ((1, 1), {"axis": 1}),
    ((2, 3, 4), {"axis": 1}),
    ((2, 3, 4), {"axis": (0, 2)}),
    ((2, 3, 4), {"axis": (-1, 0), "keepdims": True}),
    ((2, 3, 4), {"axis": [2, 1]}),
    ((2, 3), {"axis": ()}),
    ((2, 0, 3), {"axis": 0}),
]
EMPTY: list[tuple[tuple[int, ...], dict[str, Any]]] = [
    ((0,), {}),
    ((2, 0, 3), {"axis": 1}),
    ((2, 0), {"axis": -1, "keepdims": True}),
]
ONE_AXIS: list[tuple[tuple[int, ...], dict[str, Any]]] = [
    ((5,), {}),
    ((3, 4), {}),
    ((3, 4), {"axis": 0, "keepdims": True}),
    ((2, 3, 4), {"axis": -2}),
    ((), {}),
]

SAMPLES: list[Sample] = [
    *(Sample("sum", reduce.sum, (normal(*s),), p) for s, p in AXES + EMPTY),
    *(Sample("prod", reduce.prod, (normal(*s),), p) for s, p in AXES + EMPTY),
    *(Sample("max", reduce.max, (apart(*s),), p) for s, p in AXES),
    *(Sample("min", reduce.min, (apart(*s),), p) for s, p in AXES),
    *(Sample("logsumexp", reduce.logsumexp, (normal(*s),), p) for s, p in AXES),
    *(Sample("logsumexp", reduce.logsumexp, (normal(*s),), p, ()) for s, p in EMPTY),
]

# --- values that need care --------------------------------------------------------------------------------------------

one_zero = np.array([[2.0, 0.0, -3.0], [1.0, 4.0, 0.5]])
two_zeros = np.array([0.0, 3.0, 0.0, 2.0])
SAMPLES += [
    Sample("prod", reduce.prod, (one_zero,), {"axis": 1}, note="one zero"),
    Sample("prod", reduce.prod, (two_zeros,), note="two zeros"),
    Sample("prod", reduce.prod, (np.zeros(3),), note="all zeros"),
    Sample("cumprod", running.cumprod, (one_zero,), {"axis": 1}, note="one zero"),
    Sample("cumprod", running.cumprod, (two_zeros,), note="two zeros"),
    Sample(
        "logsumexp", reduce.logsumexp, (np.array([[1000.0, 999.0], [-1000.0, -1001.0]]),), {"axis": 1}, note="large"
    ),
    Sample(
        "logsumexp", reduce.logsumexp, (np.array([1.0, -np.inf, 0.5]),), differentiable=(), note="-inf among others"
    ),
]

# --- running, and the pieces of rules ---------------------------------------------------------------------------------

RUNNING: list[tuple[tuple[int, ...], dict[str, Any]]] = [
    ((), {}),
    ((1,), {"axis": 0}),
    ((6,), {}),
    ((7,), {"axis": -1}),
    ((3, 4), {}),
    ((3, 4), {"axis": 0}),
    ((2, 5, 3), {"axis": -2}),
    ((0,), {}),
    ((3, 0), {"axis": 0}),
]
PIECES: list[tuple[tuple[int, ...], int]] = [((6,), 0), ((1,), 0), ((3, 4), 0), ((2, 5, 3), 1), ((0,), 0)]
x = apart(3, 4)
SAMPLES += [
    *(Sample("cumsum", running.cumsum, (normal(*s),), p) for s, p in RUNNING),
    *(Sample("cumprod", running.cumprod, (normal(*s),), p) for s, p in RUNNING),
    *(Sample("recurrence", running.recurrence, (normal(*s), normal(*s)), {"axis": a}) for s, a in PIECES),
    *(Sample("others", running.others, (normal(*s),), {"axis": a}) for s, a in PIECES),
    Sample("others", running.others, (two_zeros,), {"axis": 0}, note="two zeros"),
    Sample("others", running.others, (one_zero,), {"axis": 1}, note="one zero"),
    *(
        Sample("softmax", reduce.softmax, (normal(*s),), {"axis": p.get("axis")})
        for s, p in AXES[:4] + AXES[5:9] + EMPTY
    ),
    Sample("softmax", reduce.softmax, (normal(2, 3, 4),), {"axis": (0, -1)}),
    Sample("winners", reduce.winners, (x, x.max(0)), {"axis": 0, "keepdims": False}),
    Sample(
        "winners",
        reduce.winners,
        (np.array([1.0, 2.0, 2.0]), np.float64(2)),
        {"axis": None, "keepdims": False},
        note="ties",
    ),
]

# --- questions --------------------------------------------------------------------------------------------------------

SAMPLES += [
    *(Sample("any", reduce.any, (normal(*s) > 1,), p) for s, p in AXES + EMPTY),
    *(Sample("all", reduce.all, (normal(*s) > 0,), p) for s, p in AXES + EMPTY),
    *(Sample("count_nonzero", reduce.count_nonzero, (np.round(normal(*s)),), p) for s, p in AXES + EMPTY),
    *(Sample("argmax", reduce.argmax, (apart(*s),), p) for s, p in ONE_AXIS),
    *(Sample("argmin", reduce.argmin, (apart(*s),), p) for s, p in ONE_AXIS),
]
