"""The table of a training run: a row for an epoch, columns as wide as their heads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Record = dict[str, Any]


class Table:
    """Columns for what a record of an epoch holds: epoch, losses, metrics, perhaps the learning rate, time in all."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = [name for name in names if name != "seconds"]
        heads = [name.replace("_", " ") for name in self._names]
        self._widths = [len(head) if head == "epoch" else max(len(head), 9) for head in heads]
        self.head = self._line([*heads, "time"])
        self.rule = "-" * len(self.head)

    def row(self, record: Mapping[str, Any], seconds: float) -> str:
        """The line of one epoch; `seconds`: since training began."""
        return self._line([*(shown(name, record.get(name)) for name in self._names), duration(seconds)])

    def _line(self, cells: list[str]) -> str:
        return "  ".join(cell.rjust(width) for cell, width in zip(cells, [*self._widths, 8], strict=True))


def shown(name: str, value: Any) -> str:
    """A value as the table writes it: shares in per cent, other numbers with four digits that count."""
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    if name.endswith("accuracy"):
        return f"{value:.2%}".replace("%", " %")
    return f"{value:#.4g}"


def duration(seconds: float) -> str:
    """Short text for a span of time.

    >>> from tinygrad_course.train.table import duration
    >>> duration(0.25), duration(75), duration(3750)
    ('0.25 s', '1:15 min', '1:02 h')
    """
    if seconds < 60:
        return f"{seconds:.{2 if seconds < 10 else 1}f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d} h"
