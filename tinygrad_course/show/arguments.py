"""Arrays that appear only inside a call of ours: which argument of the call each of them is, and how it was given."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.node import Node
from . import expr, source
from .expr import Expr, Number
from .model import Box
from .reading import constant
from .statements import call_scope, calls_of_ours
from .text import code_text

if TYPE_CHECKING:
    from .boxes import Fold

MOST_READ = 50  # operations of a box whose source is looked at


class Arguments:
    """The arguments of the calls of ours in one graph, on their way to being named."""

    def __init__(self, fold: Fold, variables: Mapping[int, str], frame: FrameType | None) -> None:
        self.fold = fold
        self.variables = variables
        self.local = dict(frame.f_locals) if frame is not None else {}
        self.recorded = {name for name, x in self.local.items() if isinstance(x, Node) and x.op is not None}
        self.named: dict[Any, set[str]] = defaultdict(set)  # by call: the arguments that were found

    def name_all(self) -> None:
        """Name arrays after the arguments that they were made from; one that the call made itself has no box."""
        fold = self.fold
        for key, operands in fold.operands.items():
            known = [(x, fold.boxes[id(x)]) for _, _, x in operands if id(x) in fold.boxes]
            for node, _, x in operands:
                if id(x) in fold.uses or id(x) in self.variables or id(x) not in fold.boxes or not anonymous(x):
                    continue
                others = [b for other, b in known if other is not x and b.name]
                missing = self._missing(fold.boxes[key], node, others)
                layer = fold.view == "layer" and fold.layers.unit(node) is not None
                fed = any(map(_feeds, others))
                if fold.boxes[id(x)].name in self.named[call_scope(node)]:
                    continue
                call = call_scope(node)
                if missing and call is not None and not (layer and fed):
                    self.named[call].add(missing[0])
                    if self._changed(x, missing[0], node):
                        fold.boxes[id(x)].name = f"made in {fold.layers.name_of(call)}"
                    else:
                        self._give(fold.boxes[id(x)], missing[0], node)
                elif len(operands) > 1 and (fed or not layer):
                    self._spell_out(x, others)

    def _missing(self, box: Box, node: Node, others: list[Box]) -> list[str]:
        """The arguments of a call that nothing among the operands is known to be."""
        made = [*box.nodes[:MOST_READ], *(b.result for b in others if b.nodes)]
        taken = {b.name for b in others} | {code_text(source.source_text(n), 40) for n in made}
        taken |= self.named[call_scope(node)]
        taken |= {a for a in source.arguments(node) if id(self.local.get(a)) in self.fold.boxes}
        given = source.arguments(node)
        return [a for a, tree in given.items() if a not in taken and not source.variables(tree) & self.recorded]

    def _changed(self, x: Any, name: str, node: Node) -> bool:
        """Whether a call made `x` of its argument by more than laying it out: normalised it, say."""
        given: Any = self.local.get(name)
        shape = self._shape(name, node, given.value if isinstance(given, Node) else given)
        return isinstance(x, Node) and x.scope in calls_of_ours(node) and shape == np.shape(x.value)

    def _spell_out(self, x: Any, others: list[Box]) -> None:
        """No box for what a call made itself: ``1 - y``, or an array without a name."""
        value = x.value if isinstance(x, Node) else x
        like = [b for b in others if b.name != b.role and np.array_equal(value, _complement(b.value))]
        self.fold.folded[id(x)] = expr.subtract(Number(1), Expr(like[0].name)) if like else constant(value)
        del self.fold.boxes[id(x)]

    def _give(self, box: Box, name: str, node: Node) -> None:
        """Name an array, and show it as the user gave it."""
        box.name = name
        given: Any = self.local.get(name)
        given = given.value if isinstance(given, Node) else given
        shape = self._shape(name, node, given)
        if shape is None or shape == box.shape:
            box.note = "as the call lays it out" if shape is None and len(box.shape) > 2 else ""
            return
        box.given_shape = shape
        if isinstance(given, np.ndarray) and given.shape == shape:
            box.given = given
        elif math.prod(shape) == np.size(box.laid_out) and shape[-1:] == np.shape(box.laid_out)[-1:]:
            box.given = np.reshape(box.laid_out, shape)

    def _shape(self, name: str, node: Node, given: Any) -> tuple[int, ...] | None:
        """The shape of an argument: as the module's call noted it, or that of the variable."""
        noted = getattr(call_scope(node), "given", ())
        place = list(source.arguments(node)).index(name)
        if place < len(noted):
            return noted[place]  # type: ignore[no-any-return]
        return np.shape(given) if isinstance(given, np.ndarray) else None


def as_laid_out(box: Box) -> Expr:
    """What a formula calls an argument that a call lays out in its own way: another shape, or its windows."""
    shape = np.shape(box.laid_out)
    if math.prod(box.shape) != math.prod(shape):
        return expr.call("windows", [Expr(box.name)])
    return expr.call("reshape", [Expr(box.name), Expr(str(shape))])


def anonymous(x: Any) -> bool:
    """Whether a leaf is a bare array, or a Tensor that an operation without a gradient made: nobody gave it a name."""
    return not isinstance(x, Node) or not (x.requires_grad or x.code is not None or x.name)


def _feeds(box: Box) -> bool:
    """Whether a box is what a layer computes from, rather than a parameter."""
    return bool(box.nodes) or not (isinstance(box.result, Node) and box.result.requires_grad)


def _complement(value: Any) -> Any:
    return None if type(value) is tuple else 1 - np.asarray(value)
