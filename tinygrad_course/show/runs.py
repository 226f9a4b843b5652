"""Where a sequence repeats itself: `a b c b c b c d` is `a`, three times `b c`, `d`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_PERIODS = 64  # lengths of a turn that are tried
_NEXT = 4  # a turn's length is the distance from one of its items to one of the next few like it


class Run(NamedTuple):
    """`turns` turns of `period` items each, one after another from `start`."""

    start: int
    period: int
    turns: int

    @property
    def stop(self) -> int:
        """Where the next item after it is."""
        return self.start + self.period * self.turns


def repeated(items: Sequence[int], least: int, joins: Sequence[int] | None = None) -> list[Run]:
    """Stretches of `items` that consist of at least `least` equal turns: the shortest turns that there are.

    They do not overlap, and come in order. Only one level is found: fold these, and look again for loops around them.
    `joins`: how closely each item belongs to the one before it; turns are cut where that is least, if enough are left.
    """
    a = np.asarray(items)
    for period in _periods(a, least):
        equal = a[period:] == a[:-period]
        found = [(i, n + period) for i, n in _stretches(equal) if n >= period * (least - 1)]
        if found:
            return _apart([_cut(i, n, period, least, joins) for i, n in found], least)
    return []


def _cut(start: int, length: int, period: int, least: int, joins: Sequence[int] | None) -> Run:
    """The turns of a stretch of `length` items: where a turn begins is open, since it goes round."""
    runs = [Run(start + i, period, (length - i) // period) for i in range(min(period, length - period * least + 1))]
    if joins is None:
        return runs[0]
    return min(runs, key=lambda run: max(joins[run.start : run.stop : period]))


def _periods(a: NDArray[Any], least: int) -> list[int]:
    """Lengths that a turn may have, the shortest first."""
    if len(a) < least:
        return []
    by_value = np.argsort(a, kind="stable")
    gaps: list[NDArray[Any]] = []
    for step in range(1, min(_NEXT, len(a) - 1) + 1):
        same = a[by_value[step:]] == a[by_value[:-step]]
        gaps.append((by_value[step:] - by_value[:-step])[same])
    found, times = np.unique(np.concatenate(gaps), return_counts=True)
    likely = (times >= least - 1) & (found * least <= len(a))
    found, times = found[likely], times[likely]
    most = np.argsort(-times, kind="stable")[:MOST_PERIODS]
    return sorted(int(p) for p in found[most])


def _stretches(equal: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where `equal` is true: start and length of each stretch."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], equal, [False]]).astype(np.int8)))
    return [(int(i), int(j - i)) for i, j in zip(edges[::2], edges[1::2], strict=True)]


def _apart(runs: list[Run], least: int) -> list[Run]:
    """Runs without those items that an earlier one has: two of the same period may overlap by less than a turn."""
    kept: list[Run] = []
    for run in runs:
        if kept and run.start < kept[-1].stop:
            late = kept[-1].stop - run.start
            run = Run(run.start + late, run.period, (run.period * run.turns - late) // run.period)
        if run.turns >= least:
            kept.append(run)
    return kept
