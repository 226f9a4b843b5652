"""Only a part of a graph: what is on a path from one value to another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from ..core.errors import GraphError
from ..core.node import Node
from .boxes import Fold
from .model import Box


def restrict(fold: Fold, first: Any, last: Any) -> None:
    """Keep only what is on a path from `first` to `last`; formulas go on naming the rest."""
    users: dict[Box, list[Box]] = defaultdict(list)
    sources: dict[Box, list[Box]] = defaultdict(list)
    for key, operands in fold.operands.items():
        for box in (fold.boxes[id(x)] for _, _, x in operands if id(x) in fold.boxes):
            users[box].append(fold.boxes[key])
            sources[fold.boxes[key]].append(box)
    start, fold.end = _box_of(fold, first, "first"), _box_of(fold, last, "second")
    path = _reached(start, users) & _reached(fold.end, sources)
    if not path:
        raise GraphError(f"between: {fold.end.name} was not computed from {start.name}: there is no path to draw")
    fold.open = {box for box in path if box is not fold.end and any(user not in path for user in users[box])}
    for key, box in list(fold.boxes.items()):
        if box not in path:
            fold.hidden[key] = fold.boxes.pop(key)
            fold.operands.pop(key, None)


def _box_of(fold: Fold, x: Any, which: str) -> Box:
    """The box that has a value in it."""
    box = fold.boxes.get(id(x))
    for result in fold.results.get(x, ()) if isinstance(x, Node) else ():
        box = box or fold.boxes[id(result)]
    for user in fold.computed() if id(x) in fold.hidden else ():
        box = box or (user if fold.hidden[id(x)] in user.parameters else None)
    if box is None:
        raise GraphError(f"between: nothing in this picture is the {which} of the two; give Tensors that it draws")
    return box


def _reached(start: Box, neighbours: Mapping[Box, list[Box]]) -> set[Box]:
    found, stack = {start}, [start]
    while stack:
        for box in neighbours.get(stack.pop(), ()):
            if box not in found:
                found.add(box)
                stack.append(box)
    return found
