"""Folding: turns of a loop and layers alike, found by their place in the source, drawn as one."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Hashable, Sequence
from itertools import pairwise

from ..core.node import Node
from . import source
from .boxes import Fold
from .expr import Expr
from .model import Box, Repeat
from .names import tidy
from .reading import from_source
from .runs import Run, repeated
from .text import ELLIPSIS
from .turns import Frames, Item, Turn, share


class Folding:
    """The folding of one graph: which boxes become one, and the frames around turns.

    `least`: how many turns are worth folding; `keep`: how many at either end are drawn in full. `shapes`: whether
    only arrays of the same shape are alike. `anywhere`: fold what the same source made even if it is no loop.
    """

    def __init__(
        self, fold: Fold, least: int, keep: tuple[int, int], *, shapes: bool = True, anywhere: bool = False
    ) -> None:
        self.fold = fold
        self.keep = keep
        self.least = max(least, keep[0] + max(keep[1], 1) + 2)
        self.shapes = shapes
        self.turns: list[Turn] = []
        self.places: dict[tuple[int, int], Hashable] = {}
        self.members: dict[Box, list[Box]] = {}
        self.items = [Item([box], self._kind(box)) for box in fold.computed()]
        while self._fold_runs():
            pass
        if anywhere:
            self._fold_alike()
        folded = [item for item in self.items if len(item.boxes) > 1]
        for item in folded:
            self._replace(item.boxes, None)
        for item in folded:
            self._fold_leaves(item.boxes)
        self.frames = Frames(fold, self.members, self.turns)
        share(fold)

    def _kind(self, box: Box) -> Hashable:
        """Two boxes are alike if this is equal: the same source, operations, module classes and shapes."""
        node: Node = box.result
        calls = tuple(type(c.owner) for c in self.fold.layers.calls[node.scope])
        ops = tuple(n.op.name for n in box.nodes[:100] if n.op is not None)
        here = (box.kind, self._place(node), calls, ops, len(box.nodes))
        return (here, box.shape, tuple(p.shape for p in box.parameters)) if self.shapes else here

    def _place(self, node: Node) -> Hashable:
        key = id(node.code), node.lasti
        if key not in self.places:
            self.places[key] = source.place(node)
        return self.places[key]

    # --- runs -------------------------------------------------------------------------------------------------------

    def _fold_runs(self) -> bool:
        numbers: dict[Hashable, int] = {}
        kinds = [numbers.setdefault(item.kind, len(numbers)) for item in self.items]
        runs = repeated(kinds, self.least, self._joins())
        found: list[Item] = []
        done = 0
        for run in runs:
            found += self.items[done : run.start]
            found += self._fold_run(run)
            done = run.stop
        self.items = found + self.items[done:]
        return bool(runs)

    def _joins(self) -> list[int] | None:
        """How many calls of modules each item shares with the one before it; None if there are no modules."""
        calls = [self.fold.layers.calls[item.boxes[0].result.scope] for item in self.items]
        if not any(calls):
            return None
        return [0] + [sum(a is b for a, b in zip(x, y, strict=False)) for x, y in pairwise(calls)]

    def _fold_run(self, run: Run) -> list[Item]:
        turns = [self.items[i : i + run.period] for i in range(run.start, run.stop, run.period)]
        number = self._number(run)
        total = number + run.turns - 1
        head, tail = self.keep
        if any(box.role == "output" for item in turns[-1] for box in item.boxes):
            tail = max(tail, 1)
        middle = turns[head : run.turns - tail]
        folded = [
            Item([box for item in same for box in item.boxes], ("folded", same[0].kind, len(middle)))
            for same in zip(*middle, strict=True)
        ]
        made = [*turns[:head], folded, *turns[run.turns - tail :]]
        for i, items in enumerate(made):
            each = [[box for item in turn for box in item.boxes] for turn in (middle if items is folded else [items])]
            first = number + i if i <= head else total - (len(made) - 1 - i)
            self.turns.append(Turn(items, each, first, total))
        return [item for items in made for item in items]

    def _number(self, run: Run) -> int:
        """The number in the loop of the run's first turn: turns before it may have had other shapes."""
        place = self._place(self.items[run.start].boxes[0].result)
        i, number = run.start - run.period, 1
        while i >= 0 and self._place(self.items[i].boxes[0].result) == place:
            i, number = i - run.period, number + 1
        return number

    def _fold_alike(self) -> None:
        same: dict[Hashable, list[Box]] = defaultdict(list)
        for item in self.items:
            same[item.kind] += item.boxes
        self.items = [Item(boxes, kind) for kind, boxes in same.items()]

    # --- boxes ------------------------------------------------------------------------------------------------------

    def _replace(self, boxes: Sequence[Box], name: str | None) -> Box:
        """One box in the place of several."""
        fold, like = self.fold, boxes[1]
        plain = {fold.plain.get(b, b.name) for b in boxes}
        names = tuple(b.name for b in boxes)
        if name is None:
            name = plain.pop() if len(plain) == 1 else f"{names[0]} {ELLIPSIS} {names[-1]}"
        one = Box("", "computed" if like.nodes else like.role, name, like.rest, like.result, like.nodes)
        tree = source.of(like.result) if not like.titled else None
        one.symbol = from_source(tree) if isinstance(tree, ast.expr) else Expr(name)
        one.kind, one.titled, one.where = like.kind, like.titled, like.where
        one.parameters = tuple(_several(same) for same in zip(*(b.parameters for b in boxes), strict=True))
        one.cluster, one.note, one.module, one.computes = like.cluster, like.note, like.module, like.computes
        for box in boxes:
            box.symbol = one.symbol
        one.repeat = Repeat(tuple(b.result for b in boxes), names)
        for box in boxes:
            keys = [id(n) for n in box.nodes if fold.boxes.get(id(n)) is box] or [id(box.result)]
            fold.boxes.update(dict.fromkeys(keys, one))
        for known in (fold.steps, fold.between_layers):
            if like in known:
                known.add(one)
        self.members[one] = list(boxes)
        return one

    def _fold_leaves(self, boxes: Sequence[Box]) -> None:
        """Leaves of which each turn has one of its own, at the same place."""
        fold = self.fold
        operands = [fold.operands[id(b.result)] for b in boxes]
        if len({len(found) for found in operands}) > 1:
            return
        for same in zip(*operands, strict=True):
            found = [fold.boxes.get(id(x)) for _, _, x in same]
            leaves = list(dict.fromkeys(b for b in found if b is not None and not b.nodes and b.repeat is None))
            if len(leaves) > 1 and len({(b.role, b.shape if self.shapes else ()) for b in leaves}) == 1:
                tree = source.operand(*fold.uses[id(leaves[1].result)]) if id(leaves[1].result) in fold.uses else None
                named = tree is not None and source.is_reference(tree)
                self._replace(leaves, tidy(source.reference_text(tree)) if named and tree is not None else None)


def _several(leaves: Sequence[Box]) -> Box:
    """A parameter of a folded layer: the same one always, or one of each."""
    if len(set(leaves)) == 1:
        return leaves[0]
    like = leaves[1]
    repeat = Repeat(tuple(p.result for p in leaves), tuple(p.name for p in leaves))
    return Box("", like.role, repeat.span, "", like.result, repeat=repeat)
