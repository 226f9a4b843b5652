"""Which rule of calculus a step uses, by name, and why: read off the operations between two boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...core.node import Node
from ..model import Edge
from ..recognise import recognised
from ..statements import call_scope

_SILENT = ("add", "subtract", "negative", "positive", "cast", "copy", "pick")  # a slope of 1 or -1 needs no rule
_NAMES = {
    "multiply": "product rule",
    "divide": "quotient rule",
    "reciprocal": "power rule",
    "pow": "power rule",
    "square": "power rule",
    "matmul": "product rule for matrices",
    "sum": "sum rule",
    "mean": "rule for a mean",
    "held_log": "chain rule through log",
}
_MOVED = {
    "reshape": "shape", "ravel": "shape", "squeeze": "shape", "expand_dims": "shape", "permute_dims": "order of axes",
    "flip": "order", "roll": "order", "concat": "place", "stack": "place", "split": "place", "unstack": "place",
}  # fmt: skip
_TAKEN = ("getitem", "take", "take_along_axis", "choose", "diagonal")
_PICKED = ("max", "min", "median", "sort", "window_max")


@dataclass(frozen=True, slots=True)
class Rule:
    """`name` as in "product rule"; `kind` is what a sentence about it turns on; `broadcast` the axes summed over."""

    name: str
    kind: str
    broadcast: tuple[int, ...] = ()


def rule_of(edge: Edge) -> Rule:
    """The rule by which what flows back into the target of `edge` goes on to its source."""
    path = _path(edge) or list(edge.target.nodes)  # a turn of a folded loop need not be the one that used the source
    axes = _broadcast(edge, path)
    names = list(dict.fromkeys(node.op.name for node in path if node.op is not None and node.op.name not in _SILENT))
    name, kind = _named(edge, path, names)
    if axes:
        over = f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"
        added = f"sum over {over}, because {edge.source.name} was broadcast"
        name = f"{name}; {added}" if names else added
        kind = kind if names else "broadcast"
    return Rule(name, kind, axes)


def _named(edge: Edge, path: list[Node], names: list[str]) -> tuple[str, str]:
    if not names:
        return "sum rule", "sum"
    known = recognised(edge.target)
    if known is not None:
        return f"chain rule through {known.name}", "elementwise"
    scope = call_scope(path[0])
    if scope is not None and len(names) > 1 and scope is call_scope(edge.target.result):
        return f"chain rule through {scope.name}", "call"
    if len(names) > 1:
        shown = [n.removeprefix("held_") for n in names if n != "sum"][:4]
        return f"chain rule through {_listed(shown)}", "several"
    (name,) = names
    if name == "multiply" and _constant(edge, path):
        return "constant factor rule", "constant"
    if name in _MOVED:
        return f"only the {_MOVED[name]} changes", "moved"
    if name in _TAKEN:
        return "only what was taken counts", "taken"
    if name in _PICKED:
        return f"chain rule through {name}: only what was picked counts", "picked"
    op = next(n.op for n in path if n.op is not None and n.op.name == name)
    kind = name if name in _NAMES else "elementwise" if op.elementwise else "other"
    return _NAMES.get(name, f"chain rule through {name}"), kind


def _path(edge: Edge) -> list[Node]:
    """The operations of the target's box that depend on the source, oldest first."""
    reached: dict[Any, None] = {}
    for node in edge.target.nodes:
        if any(x is edge.source.result or (isinstance(x, Node) and x in reached) for x in node.inputs):
            reached[node] = None
    return list(reached)


def _constant(edge: Edge, path: list[Node]) -> bool:
    """Whether a product multiplies by numbers only."""
    products = [node for node in path if node.op is not None and node.op.name == "multiply"]
    return all(
        sum(np.ndim(getattr(x, "value", x)) == 0 and not isinstance(x, Node) for x in n.inputs) for n in products
    )


def _broadcast(edge: Edge, path: list[Node]) -> tuple[int, ...]:
    """The axes of the first operation's result along which the source was repeated."""
    small = edge.source.shape
    first = next((n for n in path if n.op is not None and n.op.elementwise), None)
    if first is None or not any(x is edge.source.result for x in first.inputs):
        return ()
    large = np.shape(first.value)
    extra = len(large) - len(small)
    return (*range(extra), *(i + extra for i, n in enumerate(small) if n == 1 and large[i + extra] != 1))


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
