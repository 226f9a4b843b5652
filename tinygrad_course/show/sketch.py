"""The boxes of a picture in order, and its frames: folded until a layout will end."""

from __future__ import annotations

from dataclasses import dataclass
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from ..core.node import Node
from .between import restrict
from .boxes import Fold
from .budget import MOST, cost
from .model import Box, Cluster, Direction, Notation
from .render import DrawError
from .repeats import Folding
from .turns import gather

MOST_UNFOLDED = 40  # boxes of a picture that is drawn in full unless folding is asked for
MOST_CROSSED = 100  # what they and the columns that their edges cross may come to; see `cost`
MOST_PARAMETERS, FEW_PARAMETERS = 6, 2  # of one statement with a box each; in a large picture
LEAST_TURNS = 3
LONGEST_LINE, LONGEST_LOOP = 5, 12  # boxes in a line from left to right; in a longer one values flow down


@dataclass(frozen=True, slots=True)
class Options:
    """What a caller of `draw` chose: see there."""

    view: str = "statement"
    depth: int | None = None
    fold: bool | int | None = None
    keep: tuple[int, int] | None = None
    between: tuple[Any, Any] | None = None
    direction: Direction | None = None
    derivatives: bool = True
    brief: bool = False
    gradient: Any = None
    title: str | None = None
    notation: Notation | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if self.direction not in (None, "LR", "TB", "BT"):
            raise DrawError(f'direction is {self.direction!r}; it must be "LR", "TB" or "BT"')
        if self.depth is not None and not _counts(self.depth, 1):
            raise DrawError(f"depth is {self.depth!r}; it must be a whole number from 1, the outermost modules")
        if self.fold is not None and not isinstance(self.fold, bool) and not _counts(self.fold, 2):
            raise DrawError(
                f"fold is {self.fold!r}; it must be True, False, or how many turns are worth folding, from 2"
            )
        if self.keep is not None and not (_pair(self.keep) and all(_counts(n, 0) for n in self.keep)):
            raise DrawError(
                f"keep is {self.keep!r}; give how many turns to draw in full at the start and the end: (1, 1)"
            )
        if self.between is not None and not _pair(self.between):
            raise DrawError("between needs two Tensors: between=(x, y) draws the paths from x to y")


def _counts(x: Any, least: int) -> bool:
    return isinstance(x, int | np.integer) and not isinstance(x, bool) and bool(x >= least)


def _pair(x: Any) -> bool:
    return isinstance(x, tuple | list) and len(x) == 2


class Effort(NamedTuple):
    """How hard to fold; see `Folding`."""

    shapes: bool
    anywhere: bool


_EFFORTS = (Effort(True, False), Effort(False, False), Effort(False, True))


def sketch(output: Node, options: Options, frame: FrameType | None) -> tuple[Fold, Folding | None, list[Box]]:
    """The boxes of a graph in order, folded further and further until a layout will end."""
    for effort in _EFFORTS:
        fold = Fold(output, options.view, frame, options.depth)
        if options.between is not None:
            restrict(fold, *options.between)
        folding = _folded(fold, options, effort)
        if options.fold is not False:
            gather(fold, MOST_PARAMETERS if len(set(fold.boxes.values())) <= MOST_UNFOLDED else FEW_PARAMETERS)
        order = in_order(fold)
        if folding is None or cost(order, fold.pairs()) <= MOST:
            break
    return fold, folding, order


def _folded(fold: Fold, options: Options, effort: Effort) -> Folding | None:
    """Fold what repeats itself, if that was asked for or the picture is large."""
    if options.fold is False:
        return None
    layer = options.view == "layer"
    if options.fold is None and not layer and _fits(fold):
        return None
    least = LEAST_TURNS if options.fold is None or options.fold is True else options.fold
    keep = options.keep if options.keep is not None else (0, 0) if layer else (1, 1)
    return Folding(fold, least, keep, shapes=effort.shapes, anywhere=effort.anywhere)


def _fits(fold: Fold) -> bool:
    """Whether a picture in full is one that people can look at."""
    return len(fold.boxes) <= MOST_UNFOLDED and cost(in_order(fold), fold.pairs()) <= MOST_CROSSED


def direction_of(order: list[Box], fold: Fold) -> Direction:
    """To the right, as people write and time goes; but down where the longest way through the boxes is too long."""
    turns = any(box.cluster is not None and box.cluster.turn for box in order)
    place = {box: i for i, box in enumerate(order)}
    reach = dict.fromkeys(order, 1)
    for a, b in sorted(fold.pairs(), key=lambda pair: place.get(pair[1], 0)):
        if a.nodes and a in place and b in place and place[a] < place[b]:
            reach[b] = max(reach[b], reach[a] + 1)
    return "LR" if max(reach.values()) <= (LONGEST_LOOP if turns else LONGEST_LINE) else "TB"


def in_order(fold: Fold) -> list[Box]:
    """Boxes in the order in which the output's source would compute them: topological, operands left to right.

    What goes from one turn of a folded loop to the next goes against it.
    """
    sources: dict[Box, list[Box]] = {}
    for key, operands in fold.operands.items():  # oldest first
        known = sources.setdefault(fold.boxes[key], [])
        known += [fold.boxes[id(x)] for _, _, x in operands if id(x) in fold.boxes]
    age = {fold.boxes[key]: i for i, key in enumerate(fold.operands)}  # a folded box is as old as its last turn
    found: dict[Box, None] = {}
    # A box that only older ones use, as folded boxes may, cannot be reached from the output.
    for start in (fold.end or fold.boxes[id(fold.output)], *reversed(sources)):
        stack = [(start, iter(sources.get(start, ())))] if start not in found else []
        while stack:
            box, rest = stack[-1]
            for source in rest:
                if source not in found and age.get(source, -1) < age[box]:
                    stack.append((source, iter(sources.get(source, ()))))
                    break
            else:
                stack.pop()
                found.setdefault(box)
    for i, box in enumerate(found):
        box.key = f"n{i}_" + "".join(c for c in box.name if c.isascii() and c.isalnum())[:20]
    return list(found)


def frames_of(order: list[Box]) -> list[Cluster]:
    """The frames that have a box in them, outer ones first."""
    found: dict[Cluster, None] = {}
    for box in sorted(order, key=lambda b: not b.nodes):
        if box.cluster is not None:
            for cluster in reversed(box.cluster.around):
                found.setdefault(cluster)
    for i, cluster in enumerate(found):
        cluster.key = f"c{i}"
    return list(found)
