"""A drawing step by step: values appear from left to right, then derivatives from right to left.

A frame is the finished drawing with what is not there yet made invisible: so the layout, and the size, are the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from .colors import BACKWARD, FORWARD, INK
from .model import Box, Picture
from .page.describe import edge_id, has_derivative
from .render import DrawError

MOST_FRAMES = 150
_BOX = re.compile(r"\s*(n\w+) \[")  # a line of DOT that is about a box, or about an edge
_SHADE = re.compile(r'(?<=FIXEDSIZE="TRUE") BGCOLOR="#[0-9A-Fa-f]{6}"')  # of a strip of norms
_EDGE = re.compile(r"\s*n\w+\S* -> .*?\bid=(e\w+)")


class Frames:
    """How far the steps have come: the boxes whose values are seen, and whose derivatives are; `new` came last."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.values: set[Box] = set()
        self.slopes: set[Box] = set()
        self.new: list[Box] = []

    def steps(self) -> Iterator[None]:
        """All that is given at once; each computed value; each derivative, from the output back."""
        boxes = self.picture.boxes
        self.new = [box for box in boxes if not box.nodes]
        self.values.update(self.new)
        if self.new:
            yield
        backward = [b for b in reversed(boxes) if has_derivative(b)] if self.picture.derivatives else []
        for seen, order in ((self.values, boxes), (self.slopes, backward)):
            for box in order:
                if box not in seen:
                    seen.add(box)
                    self.new = [box]
                    yield

    def source(self, whole: str) -> str:
        """The DOT text `whole` with only what is seen at this step."""
        looks = {box.key: self._box(box) for box in self.picture.boxes}
        for i, edge in enumerate(self.picture.edges):
            there = edge.source in self.values and edge.target in self.values
            back = edge.source in self.slopes and edge.target in self.slopes
            ahead = _values_only if edge.slope is None else _no_label
            looks[edge_id(i, edge)] = _as_it_is if back else _forward(ahead) if there else _hidden
        return "\n".join(looks.get(_thing(line), _as_it_is)(line) for line in whole.split("\n"))

    def _box(self, box: Box) -> Callable[[str], str]:
        if box not in self.values:
            return _hidden
        look = _as_it_is if box in self.slopes or not self.picture.derivatives else _values_only
        if box not in self.new:
            return look
        color = BACKWARD if box in self.slopes else FORWARD
        return lambda line: look(line).replace(f' COLOR="{INK}"', f' COLOR="{color}"', 1)


def sources(picture: Picture, whole: str) -> list[str]:
    """The DOT texts of all frames; the last one is the finished drawing, `whole`."""
    count = len(picture.boxes) * (1 + picture.derivatives)
    if count > MOST_FRAMES:
        raise DrawError(
            f"this picture has {len(picture.boxes)} boxes, which would make up to {count} frames; at most "
            f"{MOST_FRAMES} are made. To narrow it: draw an earlier or smaller Tensor, or fold it with view= and depth="
        )
    frames = Frames(picture)
    found = [frames.source(whole) for _ in frames.steps()]
    return [*found[:-1], whole]


def _thing(line: str) -> str:
    found = _BOX.match(line) or _EDGE.match(line)
    return found[1] if found else ""


def _as_it_is(line: str) -> str:
    return line


def _hidden(line: str) -> str:
    return line.replace(" [", " [style=invis ", 1)


def _values_only(line: str) -> str:
    line = line.replace(f'COLOR="{BACKWARD}"', f'COLOR="{BACKWARD}00"')  # 00: clear, so that the size stays
    return _SHADE.sub("", line)


def _no_label(line: str) -> str:
    return re.sub(r'( COLOR="#[0-9A-F]{6})"', r'\g<1>00"', line)


def _forward(label: Callable[[str], str]) -> Callable[[str], str]:
    """An edge without its way back."""

    def look(line: str) -> str:
        both = f'color="{FORWARD}:{BACKWARD}"'
        return label(line).replace(both, f'color="{FORWARD}"').replace("dir=both", "dir=forward")

    return look
