"""What flows between boxes: edges, the local derivatives on them, and how they add up."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.node import Node
from . import expr
from .boxes import Fold
from .expr import Expr, Number
from .formula import Local, locals_of
from .model import Box, Edge
from .source import place
from .text import ELLIPSIS, MINUS, number

_BROKEN = re.compile(rf"(?<!\w){ELLIPSIS}")  # a part of the formula was too long, where no name of the user's is cut
MOST_FORMULAS = 2000  # boxes; a larger graph is drawn with values and derivatives only


def d_symbol(box: Box) -> Expr:
    return box.d


class Flow:
    """The edges between the boxes of a picture."""

    def __init__(self, fold: Fold, order: Sequence[Box], members: dict[Box, list[Box]], derivatives: bool) -> None:
        self.fold = fold
        self.members = members  # the boxes that a folded one was made of
        self.place = {box: i for i, box in enumerate(order)}
        self.derivatives = derivatives
        self.formulas = derivatives and len(order) <= MOST_FORMULAS and fold.view != "layer"
        self.last = fold.boxes.get(id(fold.output))
        self.edges: list[Edge] = []
        for box in order:
            if box.nodes:
                self.edges += self._into_folded(box) if box in members else self._into(box, box)
        if derivatives:
            self._add_up()

    def _into(self, box: Box, target: Box) -> list[Edge]:
        """The edges into `box`, or into the `target` that it was folded into."""
        reached = self.derivatives and box.derivative is not None
        local = self._locals(box) if reached and self.formulas else {}
        edges: list[Edge] = []
        seen: dict[Box, tuple[Edge, Any]] = {}
        for _, _, x in self.fold.operands[id(box.result)]:
            source = self.fold.boxes.get(id(x))
            if source not in self.place:
                continue
            known = local.get(id(x))
            if source in seen and source.repeat is not None:  # one edge for all turns: their formula, if it is the same
                edge, formula = seen[source]
                edge.local = edge.local if known and formula == known[0].formula else None
                continue
            if source in seen and len(box.nodes) > 1:
                continue
            needs = reached and isinstance(x, Node) and x.requires_grad and source.derivative is not None
            edge = Edge(source, target, needs, carried=self.place[source] >= self.place[target])
            seen[source] = edge, known[0].formula if known else None
            if needs and known and source.kind != "shared":
                _fill(edge, known.pop(0), target is self.last)
            edges.append(edge)
        return edges

    def _locals(self, box: Box) -> dict[int, list[Local]]:
        found: dict[int, list[Local]] = defaultdict(list)
        for entry in locals_of(box, self.fold.naming, d_symbol(self.fold.boxes[id(box.result)]), self.fold.part):
            found[id(entry.source)].append(entry)
        return found

    def _into_folded(self, target: Box) -> list[Edge]:
        """One edge for each source: its formula is that of a single turn."""
        members = self.members[target]
        shown = dict.fromkeys((1, 0, len(members) - 1))  # the box is like its second member
        found: dict[Box, Edge] = {}
        for i in shown:
            for edge in self._into(members[i], target):
                found.setdefault(edge.source, edge)
        for box in members:
            for _, _, x in self.fold.operands[id(box.result)]:
                source = self.fold.boxes.get(id(x))
                if source in self.place and source not in found:
                    needs = self.derivatives and isinstance(x, Node) and x.requires_grad
                    found[source] = Edge(source, target, needs, carried=self.place[source] >= self.place[target])
        return list(found.values())

    def _add_up(self) -> None:
        leaving: dict[Box, list[Edge]] = defaultdict(list)
        for edge in self.edges:
            if edge.differentiable:
                leaving[edge.source].append(edge)
        for box, out in leaving.items():
            self._close(box, out)
            _total(box, out, box in self.fold.open)

    def _close(self, box: Box, out: Sequence[Edge]) -> None:
        """What flows back from a folded loop to a number is what the other paths leave of the derivative."""
        unknown = [e for e in out if e.contribution is None]
        if len(unknown) == 1 and box.single and box.repeat is None and unknown[0].target.repeat is not None:
            rest = sum(e.contribution for e in out if e.contribution is not None)
            unknown[0].contribution = box.derivative - rest


def _fill(edge: Edge, local: Local, last: bool) -> None:
    """The local derivative and what flows back along an edge."""
    edge.local = local.formula if local.formula is None or not _BROKEN.search(local.formula.text) else None
    target = edge.target
    folded = target.repeat is not None or edge.source.repeat is not None
    if not folded and target.single and edge.source.single and local.value is not None:
        edge.slope = local.value
        zero = target.derivative == 0  # even where the slope is infinite: the engine's convention
        with np.errstate(all="ignore"):
            edge.contribution = edge.flow = target.derivative if zero else target.derivative * local.value
        return
    if not folded and local.value is not None:
        with np.errstate(all="ignore"):
            edge.flow = target.derivative * local.value if target.single else local.value
    if target.single and edge.local is not None and not last:
        edge.local = expr.multiply(d_symbol(target), edge.local)


def _total(box: Box, out: Sequence[Edge], elsewhere: bool) -> None:
    """How the derivative of a value adds up over the places that use it; `elsewhere`: some are not in the picture."""
    if box.single and all(e.contribution is not None for e in out):
        if len(out) > 1 or elsewhere:
            shown = [f"{number(e.contribution)} via {_via(e.target)}" for e in out[:4]]
            more = f" + {len(out) - 4} more" if len(out) > 4 else ""
            if elsewhere:
                rest = box.derivative - sum(e.contribution for e in out)
                more += f" + {number(rest)} outside this picture"
            joined = " + ".join(shown).replace(f"+ {MINUS}", f"{MINUS} ")
            box.paths = f"{joined}{more} = {number(box.derivative)}"
        return
    if box.repeat is not None:
        out = _of_one_turn(out)
    if all(e.local is not None for e in out):
        shares = [_share(e) for e in out] + ([Expr(ELLIPSIS)] if elsewhere else [])
        total = expr.add(*shares)
        box.formula = total.text if box.repeat is None or total != box.d else ""


def _of_one_turn(out: Sequence[Edge]) -> list[Edge]:
    """Without the edges that only the last of the folded turns has: to the next turn, which is drawn in full."""
    folded = {place(e.target.result) for e in out if e.target.repeat is not None}
    return [e for e in out if e.target.repeat is not None or place(e.target.result) not in folded]


def _via(box: Box) -> str:
    return box.repeat.span if box.repeat is not None else box.name


def _share(edge: Edge) -> Expr:
    """What an edge adds to the derivative of its source; for many turns of a loop, what they add together."""
    local = edge.local if edge.local is not None else Expr(ELLIPSIS)
    one = local if edge.slope is None else expr.multiply(_rate(edge), local)
    if edge.target.repeat is None or edge.source.repeat is not None:
        return one
    return Expr(f"sum({one.text} over {edge.target.repeat.span})")


def _rate(edge: Edge) -> Expr:
    return Number(1) if edge.target.role == "output" else d_symbol(edge.target)
