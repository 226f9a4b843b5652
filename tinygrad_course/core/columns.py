"""Text in columns: how wide it shows in a terminal, cutting, padding, and its spelling where there is only ASCII."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"

_ASCII = str.maketrans({
    "−": "-", "×": "x", "·": ".", "∂": "d", ELLIPSIS: "...", "²": "**2", "³": "**3", "│": "|", "├": "|", "└": "`",
    "─": "-", "↑": "^", "↓": "v",
})  # fmt: skip


def width(text: str) -> int:
    """The number of cells that `text` takes: 2 for a Chinese character or an emoji, 0 for a combining mark."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(c: str) -> int:
    if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def fit(text: str, cells: int, dots: str = ELLIPSIS) -> str:
    """`text`, cut to at most so many cells; what is cut ends in `dots`."""
    if width(text) <= cells:
        return text
    room, kept = cells - len(dots), 0
    for i, c in enumerate(text):
        kept += _cells(c)
        if kept > room:
            return text[:i].rstrip() + dots
    return text


def pad(text: str, cells: int, right: bool = False) -> str:
    """`text`, filled up to so many cells: on its right, or on its left if it is to stand on the right."""
    spaces = " " * (cells - width(text))
    return spaces + text if right else text + spaces


def to_ascii(text: str) -> str:
    """`text` in ASCII: signs in their usual spelling, other letters as Python escapes."""
    return text if text.isascii() else text.translate(_ASCII).encode("ascii", "backslashreplace").decode()


def shares(widths: Sequence[int], room: int, least: Sequence[int]) -> list[int]:
    """Widths of columns that fit into `room` cells together: the widest give way first, none below its `least`."""
    found = list(widths)
    for _ in range(sum(found) - room):
        loose = [i for i, (w, low) in enumerate(zip(found, least, strict=True)) if w > low]
        if not loose:
            break
        found[max(loose, key=lambda i: found[i])] -= 1
    return found
