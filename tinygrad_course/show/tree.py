"""A picture as an indented tree: the result on top, what it was computed from below it. For terminals and READMEs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from ..core.columns import ELLIPSIS, fit, pad, shares, to_ascii, width
from . import words
from .model import Box, Edge, Picture
from .text import clean

WIDTH = 100
DEEPEST = 9  # levels; what lies deeper goes on in a tree of its own, back at the left
NARROW = 60  # columns in which there is no room for the chain rule beside the derivatives
_HEADS = ("", "shape", "value", "derivative", "chain rule")
_CHAIN = len(_HEADS) - 1
_GAP = "  "
_COLORS = ("1", "2", "36", "33", "33")  # of the columns: bold, faint, cyan, yellow, yellow
_FORK, _LAST, _PASS = "├─ ", "└─ ", "│  "


class Line(NamedTuple):
    """One line of the tree: the branches before the title, and what the columns say."""

    branch: str
    title: str
    shape: str = ""
    value: str = ""
    derivative: str = ""
    chain: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        return self.branch + self.title, self.shape, self.value, self.derivative, self.chain


def write(picture: Picture, *, columns: int = WIDTH, ascii: bool = False, color: bool = False) -> str:
    """The tree in at most so many columns, one line a value; a value that is used twice is opened once."""
    spell = to_ascii if ascii else str
    rows = [tuple(spell(cell) for cell in line.cells) for line in lines(picture)]
    used = [i for i in range(len(_HEADS)) if any(row[i] for row in rows)]
    table = [[row[i] for i in used] for row in [_HEADS, *rows]]
    natural = [max(width(row[i]) for row in table) for i in range(len(used))]
    if (
        used[-1] == _CHAIN and sum(natural) + len(_GAP) * (len(used) - 1) > columns and columns < NARROW
    ):  # better no products than no derivatives
        used, natural = used[:-1], natural[:-1]
        table = [row[:-1] for row in table]
    least = [columns * 2 // 5, *([8] * (len(used) - 1))]  # what a line is about must be readable
    sizes = shares(natural, columns - len(_GAP) * (len(used) - 1), least)
    dots = spell(ELLIPSIS)
    styles = [_COLORS[i] for i in used] if color else [""] * len(used)
    right = len(used) > 1 and _HEADS[used[1]] == "value"  # numbers only
    head, *body = [
        [_cell(c, n, dots, right and i == 1) for i, (c, n) in enumerate(zip(row, sizes, strict=True))] for row in table
    ]
    top = [fit(spell(clean(text, 200)), columns, dots) for text in (picture.title, picture.note) if text]
    return "\n".join([*top, "", _join(head, ["2"] * len(used) if color else styles), *(_join(b, styles) for b in body)])


def _cell(text: str, size: int, dots: str, right: bool) -> str:
    return pad(fit(text, size, dots), size, right)


def _join(cells: list[str], styles: list[str]) -> str:
    if not any(styles):
        return _GAP.join(cells).rstrip()
    cells[-1] = cells[-1].rstrip()
    return _GAP.join(f"\x1b[{s}m{c}\x1b[0m" if c.strip() else c for c, s in zip(cells, styles, strict=True)).rstrip()


def lines(picture: Picture) -> Iterator[Line]:
    """The lines from the top, depth first; several trees where one would be too deep."""
    below: dict[Box, list[Edge | Box]] = {box: [*box.parameters] for box in picture.boxes}
    used = set()
    for edge in picture.edges:
        below[edge.target].append(edge)
        if not edge.carried:
            used.add(edge.source)
    told: set[Box] = set()
    trees = deque(box for box in reversed(picture.boxes) if box not in used)
    while trees:
        yield from _tree(trees.popleft(), picture, below, told, trees)


def _tree(
    root: Box, picture: Picture, below: dict[Box, list[Edge | Box]], told: set[Box], later: deque[Box]
) -> Iterator[Line]:
    stack: list[tuple[Edge | Box, str, str]] = [(root, "", "")] if root not in told else []
    while stack:
        thing, branch, indent = stack.pop()
        box = thing.source if isinstance(thing, Edge) else thing
        chain = words.product(thing) if isinstance(thing, Edge) else ""
        operands = below.get(box, [])
        if box in told or (operands and len(indent) >= DEEPEST * len(_PASS)):
            if box not in told:
                later.append(box)
            turn = " of the turn before" if isinstance(thing, Edge) and thing.carried else ""
            yield Line(branch, f"{box.name} {'↑' if box in told else '↓'}{turn}", chain=chain)  # told above, or below
            continue
        told.add(box)
        yield Line(branch, words.title(box), words.shape(box), words.value(box), words.derivative(box, picture), chain)
        for operand in reversed(operands):
            last = operand is operands[-1]
            mark, space = (_LAST, "   ") if last else (_FORK, _PASS)
            stack.append((operand, indent + mark, indent + space))
