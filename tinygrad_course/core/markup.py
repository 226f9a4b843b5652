"""What notebooks show: bundles of formats, and tables in HTML that fit a light page and a dark one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from html import escape
from typing import Any

_CELL = "padding: 0.2em 0.8em; white-space: pre-wrap; vertical-align: top; text-align: "
_RULE = "border-bottom: 1px solid currentColor; "


def bundle(
    formats: Mapping[str, Callable[[], Any]], include: Collection[str] | None, exclude: Collection[str] | None
) -> dict[str, Any]:
    """The formats that a notebook asks for, by MIME type; what it does not ask for is not made."""
    wanted = (kind for kind in formats if include is None or kind in include)
    return {kind: formats[kind]() for kind in wanted if exclude is None or kind not in exclude}


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: Collection[int] = (),
    strong: Collection[int] = (),
    indent: Sequence[int] = (),
) -> str:
    """An HTML table of plain text; columns of `numbers` stand on the right, `strong` rows are bold.

    `indent`: how deep each row's first cell is.
    """
    lines = [_row("th", head, _RULE, numbers, 0)]
    for i, row in enumerate(rows):
        look = "font-weight: bold; " if i in strong else ""
        lines.append(_row("td", row, look, numbers, indent[i] if indent else 0))
    style = "border-collapse: collapse; margin: 0.5em 0"
    return f'<table style="{style}">' + "".join(lines) + "</table>"


def _row(tag: str, cells: Sequence[str], look: str, numbers: Collection[int], indent: int) -> str:
    found = []
    for i, cell in enumerate(cells):
        style = look + _CELL + ("right" if i in numbers else "left")
        if i == 0 and indent:
            style += f"; padding-left: {0.8 + 1.5 * indent}em"
        found.append(f'<{tag} style="{style}">{escape(cell)}</{tag}>')
    return f"<tr>{''.join(found)}</tr>"


def paragraph(text: str) -> str:
    return f'<p style="margin: 0.5em 0">{escape(text)}</p>'
