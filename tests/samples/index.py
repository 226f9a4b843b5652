"""Example calls of indexing, gathering and sorting."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_course.ops import index
from tinygrad_course.ops.index import HOLE, Key

from ._sample import Sample
from .reduce import apart, normal

# --- getitem ----------------------------------------------------------------------------------------------------------


def at(x: Any, *indices: Any, key: Any) -> Any:
    """``x[key]``, the holes in `key` filled with `indices`."""
    rest = iter(indices)
    parts = tuple(next(rest) if p is HOLE else p for p in (key if type(key) is tuple else (key,)))
    return index.getitem(x, parts if type(key) is tuple else parts[0])


BASIC: list[tuple[tuple[int, ...], Any]] = [
    ((4,), 2),
    ((4,), -1),
    ((3, 4), 1),
    ((3, 4), (1, -2)),
    ((3, 4), slice(1, None)),
    ((3, 4), (slice(None), slice(None, None, -2))),
    ((3, 4), (slice(2, None, -1), 0)),
    ((3, 4), (..., 1)),
    ((3, 4), (None, 1, ..., None)),
    ((2, 3, 4), (0, ..., slice(0, 4, 3))),
    ((4,), (..., 0)),
    ((), ()),
    ((), ...),
    ((), None),
    ((4,), slice(2, 2)),
    ((0, 3), slice(None, None, -1)),
    ((3,), True),
    ((4,), [0, 0, 3]),
    ((4,), []),
]
ints = np.array([0, 2, 2, -1])
block = np.array([[0, 1], [1, -3]])
mask = np.array([True, False, True])
ADVANCED: list[tuple[tuple[int, ...], Any, tuple[Any, ...]]] = [
    ((4,), HOLE, (ints,)),
    ((3, 4), HOLE, (ints,)),
    ((3, 2), HOLE, (block,)),
    ((3, 2), HOLE, (np.int64(1),)),
    ((3, 2), HOLE, (np.array(1),)),
    ((3, 2), (slice(None), HOLE), (np.int64(-1),)),
    ((4, 3), (HOLE, HOLE), (ints, np.array([0, 1, 1, 0]))),
    ((4, 3), (HOLE, 1), (ints,)),
    ((3, 4), (slice(1, None), HOLE), (ints,)),
    ((3, 4, 3), (HOLE, slice(None), HOLE), (block, np.array([1, 2]))),
    ((3, 4, 3), (slice(None), HOLE, HOLE), (ints[:2], np.array([2, 2]))),
    ((3, 4), (None, ..., HOLE), (block,)),
    ((3, 4), HOLE, (mask,)),
    ((3,), HOLE, (mask,)),
    ((3, 2), HOLE, (np.array([[True, False], [False, False], [True, True]]),)),
    ((2, 3), (slice(None), HOLE), (mask,)),
    ((3, 4), (HOLE, HOLE), (mask, np.array([1, 1]))),
    ((3, 4), HOLE, (np.zeros(3, bool),)),
    ((3, 4), HOLE, (np.zeros((0, 2), int),)),
    ((40, 20), (HOLE, HOLE), (np.array([3, 3, 7]), np.array([1, 1, 5]))),
]
SAMPLES: list[Sample] = [
    *(Sample("getitem", at, (normal(*s),), {"key": k}) for s, k in BASIC),
    *(
        Sample("getitem", at, (normal(*s), *i), {"key": k}, differentiable=(0,), note=f"case {n}")
        for n, (s, k, i) in enumerate(ADVANCED)
    ),
]


def _as_key(key: Any) -> Key:
    return Key(key if type(key) is tuple else (key,))


def _added_at(shape: tuple[int, ...], key: Any, indices: tuple[Any, ...], note: str) -> Sample:
    read = np.empty(shape)[_as_key(key).filled(indices)].shape
    return Sample(
        "index_add", index.index_add, (normal(*read), *indices), {"shape": shape, "key": _as_key(key)}, (0,), note
    )


SAMPLES += [
    *(_added_at(s, k, (), "") for s, k in BASIC if type(k) is not list),
    *(_added_at(s, k, i, f"case {n}") for n, (s, k, i) in enumerate(ADVANCED)),
]

# --- take, along axes, order ------------------------------------------------------------------------------------------

TAKEN: list[tuple[tuple[int, ...], Any, int | None]] = [
    ((4,), ints, None),
    ((4,), np.int64(2), 0),
    ((3, 4), ints, 1),
    ((3, 4), block, -2),
    ((3, 4), np.array([11, 0, 0]), None),
    ((2, 3, 2), np.array([1, 1]), 1),
    ((2, 3), np.zeros(0, int), 1),
]
ALONG: list[tuple[tuple[int, ...], Any, int]] = [
    ((4,), ints, 0),
    ((3, 2), np.array([[0, 1, 1], [1, 1, 1], [-1, 0, -2]]), 1),
    ((3, 2), np.array([[2, -1]]), 0),
    ((2, 3, 2), np.array([[[0], [1], [1]]]), -1),
    ((2, 3), np.zeros((2, 0), int), 1),
]


def _scattered(shape: tuple[int, ...], indices: Any, axis: int | None) -> Sample:
    g = normal(*np.take(np.empty(shape), indices, axis).shape)
    return Sample("scatter_add", index.scatter_add, (g, indices), {"shape": shape, "axis": axis}, (0,))


def _added(shape: tuple[int, ...], indices: Any, axis: int) -> Sample:
    g = normal(*np.take_along_axis(np.empty(shape), indices, axis).shape)
    return Sample("add_along_axis", index.add_along_axis, (g, indices), {"shape": shape, "axis": axis}, (0,))


SAMPLES += [
    *(Sample("take", index.take, (normal(*s), i), {"axis": a}) for s, i, a in TAKEN),
    *(_scattered(*case) for case in TAKEN),
    *(Sample("take_along_axis", index.take_along_axis, (normal(*s), i), {"axis": a}) for s, i, a in ALONG),
    Sample("take_along_axis", index.take_along_axis, (normal(2, 3), np.array([5, 5, 0])), {"axis": None}),
    *(_added(*case) for case in ALONG),
    *(
        Sample("sort", index.sort, (apart(*s),), {"axis": a})
        for s, a in [((6,), -1), ((3, 4), 0), ((3, 4), None), ((2, 0), 1), ((2, 3, 2), 1)]
    ),
    *(
        Sample("argsort", index.argsort, (apart(*s),), {"axis": a})
        for s, a in [((6,), -1), ((3, 4), 0), ((3, 4), None)]
    ),
    Sample("one_hot", index.one_hot, (np.array([[0, 2], [1, 1]]),), {"num_classes": 3}),
    Sample("one_hot", index.one_hot, (np.int64(1),), {"num_classes": 2, "dtype": np.float32}),
]
