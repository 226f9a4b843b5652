"""What a check found: a table for people, and the numbers behind it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from ..core.errors import TinygradError
from ..core.markup import bundle, table
from .slopes import FAILURES

WIDTH = 79


@dataclass(frozen=True)
class Entry:
    """One line of the table: the element of an input where analytic and numeric derivative differ most.

    `element` is its index (or "direction"), `output` which output it is the derivative of (empty if there is one),
    `by_hand` the hand-derived value where there is one.
    """

    input: str
    shape: tuple[int, ...]
    element: str
    output: str
    analytic: float
    numeric: float
    relative_error: float
    verdict: str
    by_hand: float | None = None

    @property
    def passed(self) -> bool:
        return self.verdict not in FAILURES and self.verdict != "SHAPE"


@dataclass
class GradCheckReport:
    """The result of a gradient check: true if it passed; printed, a table with what to do about it.

    `entries`: one `Entry` per input. `kinks`: elements where f bends, so that no single slope is right. `diagnosis`:
    what kind of mistake it looks like. `blame`: the first operation whose rule is wrong. `problem`: why nothing could
    be compared. `taylor`: slope of the Taylor remainder, 2 if the gradient is right and 1 if not; None if f is linear.
    `difference`: ``|g - d| / (|g| + |d|)`` over all compared values; `checked`, `allowed`: how it was done.
    """

    title: str
    entries: list[Entry] = field(default_factory=list)
    kinks: list[str] = field(default_factory=list)
    diagnosis: list[str] = field(default_factory=list)
    blame: str = ""
    problem: str = ""
    notes: list[str] = field(default_factory=list)
    taylor: float | None = float("nan")
    difference: float = float("nan")
    checked: str = ""
    allowed: str = ""

    @property
    def passed(self) -> bool:
        return not self.problem and all(entry.passed for entry in self.entries)

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        parts = [self.headline(), ""]
        if self.entries:
            parts += [*_aligned([self._columns(), *(self._cells(e) for e in self.entries)]), ""]
        for label, text in self._facts():
            parts += textwrap.wrap(text, WIDTH, initial_indent=f"{label:<11}", subsequent_indent=" " * 11)
        return "\n".join(parts).rstrip()

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        rows = [self._columns(), *(self._cells(e) for e in self.entries)]
        table = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
        table.insert(1, "|" + " --- |" * len(rows[0]))
        facts = [f"- **{label}** {text}" for label, text in self._facts()]
        return "\n".join([f"**{self.headline()}**", "", *(table if self.entries else []), "", *facts])

    def _repr_html_(self) -> str:
        wrong = [i for i, entry in enumerate(self.entries) if not entry.passed]
        last = len(self._columns()) - 1
        rows = map(self._cells, self.entries)
        entries = table(self._columns(), rows, numbers=range(2, last), strong=wrong) if self.entries else ""
        facts = "".join(f"<li><b>{escape(label)}</b> {escape(text)}</li>" for label, text in self._facts())
        return f"<p><b>{escape(self.headline())}</b></p>{entries}" + (f"<ul>{facts}</ul>" if facts else "")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        formats = {"text/plain": self.__str__, "text/markdown": self._repr_markdown_, "text/html": self._repr_html_}
        return bundle(formats, include, exclude)

    def headline(self) -> str:
        """The verdict in one line."""
        if self.problem:
            return f"{self.title}: FAILED"
        wrong = sum(not entry.passed for entry in self.entries)
        count = len(self.entries)
        if wrong:
            return f"{self.title}: FAILED, {wrong} of {count} gradient{'s' * (count > 1)} wrong"
        if not count:
            return f"{self.title}: passed"
        return f"{self.title}: passed, {'gradient is' if count == 1 else f'all {count} gradients are'} right"

    def _columns(self) -> list[str]:
        hand = ["by hand"] if self._by_hand else []
        return ["input", "worst at", *hand, "autograd" if hand else "analytic", "numeric", "rel. error", "verdict"]

    @property
    def _by_hand(self) -> bool:
        return any(entry.by_hand is not None for entry in self.entries)

    def _cells(self, entry: Entry) -> list[str]:
        shape = f" {entry.shape}" if entry.shape else ""
        hand = [_figure(entry.by_hand)] if self._by_hand else []
        error = (
            "0"
            if entry.relative_error == 0
            else ""
            if entry.relative_error != entry.relative_error
            else f"{entry.relative_error:.0e}"
        )
        at = entry.element + (f" of {entry.output}" if entry.output else "")
        return [entry.input + shape, at, *hand, _figure(entry.analytic), _figure(entry.numeric), error, entry.verdict]

    def _facts(self) -> list[tuple[str, str]]:
        taylor = ""
        if self.taylor is None:
            taylor = "no remainder: f is linear along a random direction, and the gradient exact there"
        elif self.taylor == self.taylor:
            taylor = f"the remainder shrinks like h^{self.taylor:.2f} (2: right gradient, 1: wrong"
            taylor += ", or a kink at this point)" if self.kinks else ")"
        distance = f"|g - d| / (|g| + |d|) = {self.difference:.1e}" if self.difference == self.difference else ""
        shown = self.kinks[:4] + ([f"and {len(self.kinks) - 4} more"] if len(self.kinks) > 4 else [])
        facts = [("problem", self.problem), *(("diagnosis", d) for d in self.diagnosis), ("blame", self.blame)]
        facts += [("kinks", "; ".join(shown)), ("checked", self.checked), ("allowed", self.allowed)]
        facts += [("distance", distance), ("taylor", taylor), *(("note", n) for n in self.notes)]
        return [(label, text) for label, text in facts if text]


class GradCheckError(TinygradError, AssertionError):
    """A gradient check failed; `report` says where and by how much."""

    def __init__(self, report: GradCheckReport) -> None:
        super().__init__(str(report))
        self.report = report


def concluded(report: GradCheckReport, raise_on_failure: bool) -> GradCheckReport:
    """`report`, or `GradCheckError` if it failed and that is to be an error."""
    if raise_on_failure and not report.passed:
        raise GradCheckError(report)
    return report


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns two spaces apart, text to the left, figures to the right, a rule under the head; WIDTH at most."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    last = len(widths) - 1
    while sum(widths) + 2 * last > WIDTH and max(widths[:2]) > 12:
        widths[int(widths[1] >= widths[0])] -= 1  # shorten the longer of the two columns of text
    lines = [
        "  ".join(
            _short(cell, width).ljust(width) if i in (0, 1, last) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return [lines[0], "-" * max(map(len, lines)), *lines[1:]]


def _figure(value: float | None) -> str:
    if value is None or value != value:
        return "-"
    return f"{value:.6g}"


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."
