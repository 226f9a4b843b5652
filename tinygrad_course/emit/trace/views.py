"""Views: nodes whose arrays share their memory with one that the traced function writes to.

A program computes with values, so that a write reaches what it is written to, and nothing else. In plain Python it also
reaches every view. What would make a difference is refused: writing to a view of something, and using a view of what
has been written to since.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...core.errors import TraceError
from ...core.node import Node
from .tracer import Tracer, told


def shared(node: Node) -> str:
    """The complaint about a node that shares memory with what is written to."""
    return (
        f"jit: {told(node)} shares its memory with an array that the function writes to (it is a view, or detached): "
        "a compiled run computes with values and would not see it. Write to the whole array, or use a copy"
    )


def stale_views(tracer: Tracer) -> dict[Node, int]:
    """The nodes that a write has reached besides the one written to, and the tick of the first such write."""
    members: dict[int, list[tuple[Node, Any]]] = {}
    for node, value in _held(tracer):
        if isinstance(value, np.ndarray):
            members.setdefault(id(base(value)), []).append((node, value))
    stale: dict[Node, int] = {}
    for now, array, old in tracer.replaced:
        if not isinstance(old, np.ndarray):
            continue
        own = {array, *(tensor for tensor, held in tracer.holds.items() if any(x is array for _, x in held))}
        first = 0 if array in tracer.origin else min(node.order for node in own)
        for node, value in members[id(base(old))]:
            if node in own or node in tracer.snapshots or node.order > now or not np.may_share_memory(value, old):
                continue
            if node.order < first:
                raise TraceError(shared(array))
            if not tracer.is_old(node) and node not in tracer.origin:
                stale.setdefault(node, now)
    return stale


def _held(tracer: Tracer) -> Iterator[tuple[Node, Any]]:
    """All nodes of a trace with the arrays that they had."""
    operations = [*((node, node.inputs) for node in tracer.recorded)]
    operations += [(node, inputs) for node, (_, inputs, _) in tracer.history.items()]
    nodes = {*tracer.origin, *tracer.holds, *tracer.same, *tracer.same.values()}
    for node, inputs in operations:
        nodes.add(node)
        nodes.update(x for x in inputs if isinstance(x, Node))
    yield from ((node, node.value) for node in nodes)
    yield from ((array, old) for _, array, old in tracer.replaced)


def base(array: Any) -> Any:
    """The array that owns the memory of `array`."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
