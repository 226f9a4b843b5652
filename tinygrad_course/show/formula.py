"""Local derivatives of a box, as formulas and as numbers: its rules applied to placeholders.

The operations of one box are laid out again over placeholder nodes that carry the recorded values and the user's
names. The reverse pass over those *records* what it does, and that recording, read as a formula, is the derivative.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.node import Node, leaf, tick
from ..core.reverse import reverse
from ..core.state import recording_everything
from ..ops import arithmetic
from .expr import Expr, Number, add, multiply
from .model import Box
from .reading import Symbols, formula
from .recognise import recognised

Naming = Callable[[Node, int, Any], Expr | None]  # (operation, position, operand) -> what a formula calls the operand
Part = Callable[[Node, int], Expr | None]  # (operation with several results, index) -> what a formula calls that one


@dataclass(slots=True)
class Local:
    """The derivative of a box's result with respect to one of its inputs."""

    source: Node
    formula: Expr | None
    value: Any


def placeholder(value: Any, kind: type[Node]) -> Node:
    """A leaf with a recorded value. All real ones are differentiable, so that whatever is done to them is recorded."""
    node = object.__new__(kind)
    real = type(value) is tuple or getattr(value, "dtype", np.dtype(float)).kind == "f"
    leaf(node, value, real, None, None)
    return node


class Replay:
    """One box laid out over placeholders."""

    def __init__(self, box: Box, naming: Naming, part: Part | None = None) -> None:
        self.symbols: Symbols = {}
        self.kind = box.result.result_class
        self.single = len(box.nodes) == 1  # then each operand is a path of its own: x * x has two
        self.stands: dict[Any, Node] = {}
        self.sources: list[tuple[Node, Node]] = []  # differentiable inputs and their placeholders
        self.uses = Counter[int]()
        self.naming = naming
        inner: dict[Node, Node] = {}
        for node in box.nodes:
            inputs = tuple(
                inner[x] if isinstance(x, Node) and x in inner else self._stand(node, i, x)
                for i, x in enumerate(node.inputs)
            )
            copy = placeholder(node.value, self.kind)
            copy.op, copy.inputs, copy.params, copy.requires_grad = node.op, inputs, node.params, True
            copy.order = tick()
            inner[node] = copy
        self.result = inner[box.result]
        for node in box.nodes:
            if type(node.value) is tuple and part is not None:
                for i in range(len(node.value)):
                    name = part(node, i)
                    if name is not None:
                        self.symbols[id(inner[node]), i] = name
        self.symbols[id(self.result)] = box.symbol

    def _stand(self, node: Node, position: int, x: Any) -> Any:
        """The placeholder for an operand from outside the box; operands that are no real arrays stay as they are."""
        name = self.naming(node, position, x)
        key = (id(x), position if self.single else -1)
        if not isinstance(x, Node):
            if name is not None and isinstance(x, np.ndarray):
                self.symbols[id(x)] = name
            if name is None or not _real(x):
                return x
            x = node.value.dtype.type(x) if isinstance(x, int | float) else x
        if key not in self.stands:
            stand = self.stands[key] = placeholder(x.value if isinstance(x, Node) else x, self.kind)
            if name is not None:
                self.symbols[id(stand)] = name
            if isinstance(x, Node) and x.requires_grad and type(x.value) is not tuple:
                self.sources.append((x, stand))
        self.uses[id(self.stands[key])] += 1
        return self.stands[key]


def _real(x: Any) -> bool:
    return type(x) in (int, float) or (isinstance(x, np.ndarray | np.floating) and x.dtype.kind == "f")


def locals_of(box: Box, naming: Naming, upstream: Expr, part: Part | None = None) -> list[Local]:
    """The derivative of `box` for each of its inputs (for each operand, where the box is a single operation).

    For a result that is one number: the derivative itself. For an array: the contribution to the input's derivative,
    in terms of `upstream`, the derivative of the array. `part` names the results of an operation that has several.
    """
    replay = Replay(box, naming, part)
    value = box.value
    if box.single:
        seed = placeholder(value.dtype.type(1), replay.kind)
        replay.symbols[id(seed)] = Number(1)
    else:
        seed = placeholder(np.ones_like(value) if box.derivative is None else box.derivative, replay.kind)
        replay.symbols[id(seed)] = upstream
    targets = [stand for _, stand in replay.sources]
    try:
        with recording_everything():
            found = reverse([replay.result], [seed], targets, record=True)
        answer = [_local(x, found.get(stand), replay.uses[id(stand)], replay.symbols) for x, stand in replay.sources]
        return _recognised(box, answer, replay, upstream)
    except Exception:  # a user's rule that works on arrays only still has a number, though no formula
        numbers = reverse([replay.result], [seed.value], targets)
        return [Local(source, None, numbers.get(stand)) for source, stand in replay.sources]


def _recognised(box: Box, found: list[Local], replay: Replay, upstream: Expr) -> list[Local]:
    """`found`, with the slope that people know where the box computes a well-known function in its own way."""
    known = recognised(box)
    if known is None or len(found) != 1:
        return found
    (only,) = found
    slope = known.slope(box.symbol, replay.symbols[id(replay.sources[0][1])])
    only.formula = slope if box.single else multiply(upstream, slope)
    return found


def _local(source: Node, gradient: Any, uses: int, symbols: Symbols) -> Local:
    if gradient is None:
        return Local(source, Number(0), np.zeros_like(source.value)[()] if type(source.value) is not tuple else None)
    if not isinstance(gradient, Node):
        return Local(source, None, None)
    return Local(source, add(*(formula(part, symbols) for part in _paths(gradient, uses))), gradient.value)


def _paths(gradient: Node, uses: int) -> list[Node]:
    """The parts that the reverse pass added up for a value used in several places, in the order of the program."""
    parts = []
    while uses > 1 and gradient.op is arithmetic.add:
        gradient, part = gradient.inputs  # the pass meets the last use first
        parts.append(part)
        uses -= 1
    return [*parts, gradient]


def outside(box: Box) -> list[tuple[Node, int, Any]]:
    """Every operand from outside the box: the operation, the position, the operand."""
    if len(box.nodes) == 1:
        node = box.nodes[0]
        return [(node, i, x) for i, x in enumerate(node.inputs)]
    own = set(box.nodes)
    return [(n, i, x) for n in box.nodes for i, x in enumerate(n.inputs) if not (isinstance(x, Node) and x in own)]
