"""Which recorded operations belong in one box: those of one run of one statement that lead to one result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..core.node import Node
from ..core.position import enclosing
from ..core.primitive import pick
from ..core.state import Scope
from .layers import Layers

_PACKAGE = __name__.partition(".")[0]
MOST_RESULTS = 4  # of a call whose steps are shown with each of them


def call_scope(node: Node) -> Scope | None:
    """The package's function or module that the user's instruction called, if that is what made `node`."""
    calls = calls_of_ours(node)
    return calls[-1] if calls else None


def calls_of_ours(node: Node) -> list[Scope]:
    """The calls of the package's functions and modules that made `node`, innermost first."""
    scope, found = node.scope, []
    while scope is not None and not _around(scope):
        found.append(scope)
        scope = scope.parent
    return found


def _around(scope: Scope) -> bool:
    """Whether a scope stands around code of the user's: a module of the user's own, a ``with`` block."""
    mine = scope.owner is None or type(scope.owner).__module__.startswith(_PACKAGE)
    return scope.transparent or not mine


def same_call(a: Node, b: Node) -> bool:
    """Whether two operations belong to one call in the user's program: one instruction, run once."""
    if a.code is not b.code or a.lasti != b.lasti:
        return False
    scope = call_scope(a)
    return (scope is not None and scope is call_scope(b)) or (b.op is pick and b.inputs[0] is a)


def runs(recorded: Iterable[Node]) -> dict[Node, int]:
    """The run of a statement that each operation (oldest first) belongs to.

    A statement runs anew when another statement of the same function came between, or when its instructions start
    again: each is reached once a run, unless several operations belong to one call.
    """
    latest: dict[Any, tuple[Any, Node, int]] = {}  # by code object: statement, last operation, run
    found: dict[Node, int] = {}
    for count, node in enumerate(recorded):
        where = enclosing(node.code, node.lasti) if node.code is not None else None
        run = count
        if where is not None:
            before = latest.get(id(node.code))
            goes_on = before is not None and (node.lasti > before[1].lasti or same_call(before[1], node))
            if before is not None and before[0] is where and goes_on:
                run = before[2]
            latest[id(node.code)] = (where, node, run)
        found[node] = run
    return found


def group(recorded: Sequence[Node], output: Node, layers: Layers) -> dict[Node, tuple[Node, ...]]:
    """For each operation (oldest first) the boxes it is in; a box is named by its result.

    A module's call that is one box has all its operations. Another operation joins the box of its users if they are all
    in one, in its own run, and in the same module's call. So no path can leave a box and come back, whatever the
    program did. What several results of one call are computed from is in the box of each.
    """
    run, region = runs(recorded), layers.region
    result: dict[Node, tuple[Node, ...]] = {}
    last: dict[Scope, Node] = {}  # the youngest operation of a call that is one box
    users: dict[Node, dict[Node, None]] = {}  # the boxes that use a node
    for node in reversed(recorded):
        boxes = tuple(users.pop(node, ()))
        alone = len(boxes) == 1 and run[boxes[0]] == run[node] and region(boxes[0]) is region(node)
        unit = layers.unit(node)
        if unit is not None:
            boxes = (last.setdefault(unit, node),)
        elif node is output or not (alone or _makes_all(node, boxes)):
            boxes = (node,)
        result[node] = boxes
        for x in node.inputs:
            if isinstance(x, Node) and x in run:
                users.setdefault(x, {}).update(dict.fromkeys(boxes))
    return result


def _makes_all(node: Node, boxes: Sequence[Node]) -> bool:
    """Whether a node is a step of one call on the way to each of a few results, or carries the results of one."""
    if type(node.value) is tuple:
        return True
    return 1 < len(boxes) <= MOST_RESULTS and all(same_call(node, box) for box in boxes)


def single(recorded: Sequence[Node]) -> dict[Node, tuple[Node, ...]]:
    """Each operation in a box of its own; one with several results in the box of each of them."""
    result = {n: (n,) for n in recorded if type(n.value) is not tuple}
    picks: dict[Node, list[Node]] = {}
    for node in recorded:
        if node.op is pick:
            picks.setdefault(node.inputs[0], []).append(node)
    return result | {n: tuple(found) for n, found in picks.items()}
