"""Colours of pictures, and how large numbers are as shades."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

FORWARD, BACKWARD, INK, MUTED = "#005A8C", "#B04A00", "#222222", "#555555"
SHADES = ("#FEE6CE", "#FDD0A2", "#FDAE6B", "#FD8D3C", "#E6550D", "#A63603")  # the larger, the darker
NOTHING, BROKEN = "#FFFFFF", "#000000"  # zero; NaN or infinite
MOST_CELLS = 16


class Scale:
    """Shades for norms: by their logarithms, from the least to the largest of all that it is for."""

    def __init__(self, values: Sequence[float]) -> None:
        known = [math.log10(v) for v in values if v > 0 and math.isfinite(v)]
        low, high = (min(known), max(known)) if known else (0.0, 0.0)
        rest = max(1 - (high - low), 0) / 2  # less than a factor of ten is no contrast
        self.low, self.high = low - rest, high + rest

    def shade(self, value: float) -> str:
        """The colour of one number."""
        if not math.isfinite(value):
            return BROKEN
        if value <= 0:
            return NOTHING
        place = (math.log10(value) - self.low) / (self.high - self.low)
        return SHADES[min(max(int(place * len(SHADES)), 0), len(SHADES) - 1)]


def cells(values: Sequence[float]) -> list[float]:
    """At most `MOST_CELLS` numbers: the largest of each of as many equal parts (NaN and infinity before all)."""
    if len(values) <= MOST_CELLS:
        return list(values)
    ends = [round(i * len(values) / MOST_CELLS) for i in range(MOST_CELLS + 1)]
    return [max(values[a:b], key=lambda v: v if math.isfinite(v) else math.inf) for a, b in pairwise(ends)]
