"""Arrays for the page: the numbers that a heat map shows, as many as a page can hold, and what was left out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..text import size_text, value_text

PAGE = 120_000  # numbers in one page
MOST, LEAST = 4096, 64  # numbers of one array
LINE = 64  # numbers in a row of a heat map; a longer vector is wrapped


def budget(arrays: int) -> int:
    """How many numbers each of so many arrays may take."""
    return max(LEAST, min(MOST, PAGE // max(arrays, 1)))


def payload(value: Any, most: int, *, slope: bool = False) -> dict[str, Any]:
    """A value as the page needs it: in words, and number by number as far as there is room.

    `cells` are the numbers of `rows` rows; the first of each is element `row * stride` of the array.
    """
    if type(value) is tuple:
        return {"text": value_text(value), "shape": [], "cells": []}
    a = np.asarray(value)
    text = size_text(a) if slope and a.ndim else value_text(a)
    found: dict[str, Any] = {"text": text, "shape": list(a.shape), "cells": []}
    if a.ndim == 0:
        return found | {"exact": exact(a[()])}
    if not a.size:
        return found
    if min(a.shape[-1], a.size // a.shape[-1]) == 1 and a.size > LINE:
        columns = stride = LINE
        shown = a.reshape(-1)[: most // LINE * LINE]
        cut = f"Shown: the first {shown.size} of {a.size} numbers."
    else:
        grid = a.reshape(-1, a.shape[-1])
        rows, columns = _window(grid.shape, most)
        shown, stride = grid[:rows, :columns].reshape(-1), grid.shape[1]
        of = " and ".join([_part(rows, grid.shape[0], "rows"), _part(columns, stride, "columns")])
        cut = f"Shown: {of}, {shown.size} of {a.size} numbers."
    found |= {"cells": [cell(x) for x in shown], "columns": columns, "stride": stride}
    return found | _range(a) | ({"cut": cut} if shown.size < a.size else {})


def exact(x: Any) -> str:
    """All digits of a number."""
    return str(bool(x)) if isinstance(x, bool | np.bool_) else repr(x.item())


def cell(x: Any) -> Any:
    """A number for JSON, in 6 digits; a word where JSON has no number."""
    x = x.item()
    if isinstance(x, bool | int):
        return int(x)
    return float(f"{x:.6g}") if math.isfinite(x) else str(x)


def _window(shape: tuple[int, int], most: int) -> tuple[int, int]:
    """How many rows and columns are shown: all, or a corner of about `most` numbers."""
    rows, columns = shape
    if rows * columns <= most and max(rows, columns) <= 2 * LINE:
        return rows, columns
    columns = min(columns, max(math.isqrt(most), most // rows), 2 * LINE)
    return min(rows, most // columns, 2 * LINE), columns


def _range(a: Any) -> dict[str, Any]:
    finite = a[np.isfinite(a)]
    if not finite.size:
        return {}
    return {"low": cell(np.min(finite)), "high": cell(np.max(finite))}


def _part(shown: int, all: int, what: str) -> str:
    return f"all {all} {what}" if shown == all else f"the first {shown} of {all} {what}"
