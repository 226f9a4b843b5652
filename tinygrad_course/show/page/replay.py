"""The recorded operations of a graph run again, on other numbers: what nudges and gradient checks are measured with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...core.node import Node
from ...core.primitive import pick
from ...core.reverse import ancestors
from ..model import Picture

CALL = 300  # what calling an operation costs, in elements of an array


class Replay:
    """The operations that lead to `output`, in double precision whatever they were recorded in.

    `trouble` says why they cannot be run again, or that they give something else each time; empty if all is well.
    `cost` is how many elements each operation reads and writes, `spent` how many were so far.
    """

    def __init__(self, output: Node) -> None:
        self.output = output
        self.recorded = ancestors([output])[0][::-1]
        self.cost = {node: CALL + sum(_size(_value(x)) for x in (node, *node.inputs)) for node in self.recorded}
        self.spent = 0
        self.before: dict[Node, Any] = {}
        self.trouble = self._trouble()

    def _trouble(self) -> str:
        for node in self.recorded:
            if _frozen(node):
                return f"{node.op.name} keeps no recipe to run it again ({node.where})"  # type: ignore[union-attr]
        try:
            self.before = self.run({})
        except Exception as error:  # a user's own operation may do anything
            return f"running the graph again failed: {error}"
        for node, value in self.before.items():
            if not _same(value, node.value):
                name = node.op.name  # type: ignore[union-attr]
                return f"{name} gives another result when it is run again ({node.where})"
        return ""

    def run(self, moved: Mapping[Node, Any]) -> dict[Node, Any]:
        """The new value of every operation that the `moved` nodes change; of every operation, if none is given."""
        found: dict[Node, Any] = dict(moved)
        with np.errstate(all="ignore"):
            for node in self.recorded:
                if node in moved or (moved and not any(isinstance(x, Node) and x in found for x in node.inputs)):
                    continue
                operands = [found[x] if isinstance(x, Node) and x in found else self.held(x) for x in node.inputs]
                self.spent += self.cost[node]
                found[node] = node.op.forward(*operands, **node.params)  # type: ignore[union-attr]
        return found

    def held(self, x: Any) -> Any:
        """An operand that nothing moved, in double precision."""
        return self.before[x] if isinstance(x, Node) and x in self.before else double(_value(x))

    def record(self, leaves: Mapping[Node, Node]) -> Node:
        """The output computed again from other `leaves`, recorded."""
        found: dict[Node, Any] = dict(leaves)
        for node in self.recorded:
            if node in leaves:
                continue
            operands = [found[x] if isinstance(x, Node) and x in found else self.held(x) for x in node.inputs]
            self.spent += self.cost[node]
            op: Any = node.op
            # The node of an operation with several results is hidden: calling it gives the results picked from it.
            found[node] = operands[0][node.params["index"]] if op is pick else op(*operands, **node.params)
        answer: Node = found[self.output]
        return answer


def double(value: Any) -> Any:
    """Real numbers in float64, anything else as it is."""
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind == "f":
        return np.asarray(value, np.float64)[()]
    return tuple(double(v) for v in value) if type(value) is tuple else value


def seed(picture: Picture) -> Any:
    """Where the backward pass starts: 1, or what `gradient=` says."""
    given = picture.output.derivative
    return np.asarray(1.0 if given is None else given, np.float64)


def objective(value: Any, picture: Picture) -> float:
    """The one number whose derivatives the picture shows: the output, or the sum that `gradient=` makes of it."""
    return float(np.sum(np.asarray(value, np.float64) * seed(picture)))


def _size(value: Any) -> int:
    return sum(map(np.size, value)) if type(value) is tuple else np.size(value)


def _value(x: Any) -> Any:
    return x.value if isinstance(x, Node) else x


def _frozen(node: Node) -> bool:
    """Whether the operation hands out results that it was given: `checkpoint`, whose rule runs the function itself."""
    return getattr(node.op.forward, "__module__", "").endswith(".checkpoint")  # type: ignore[union-attr]


def _same(new: Any, old: Any) -> bool:
    if type(old) is tuple:
        parts: Sequence[Any] = new
        return len(parts) == len(old) and all(map(_same, parts, old))
    new, old = np.asarray(new), np.asarray(old)
    if new.shape != old.shape:
        return False
    exact = old.dtype.kind != "f" or old.dtype.itemsize >= 8
    return bool(np.allclose(new, old, rtol=1e-12 if exact else 1e-2, atol=0 if exact else 1e-2, equal_nan=True))
