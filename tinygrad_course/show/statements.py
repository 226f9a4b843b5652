"""Which recorded operations belong in one box: those of one run of one statement that lead to one result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..core.node import Node
from ..core.position import enclosing
from ..core.primitive import pick
from ..core.state import Scope

_PACKAGE = __name__.partition(".")[0]


def call_scope(node: Node) -> Scope | None:
    """The package's function or module that the user's instruction called, if that is what made `node`."""
    scope, found = node.scope, None
    while scope is not None and not _around(scope):
        found, scope = scope, scope.parent
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


def group(recorded: Sequence[Node], output: Node) -> dict[Node, Node]:
    """For each operation (oldest first) the one whose box it is in: the box is named by its result.

    A box has a single result: an operation joins the box of its users if they are all in one, and in its own run.
    So no path can leave a box and come back, whatever the program did.
    """
    run = runs(recorded)
    result: dict[Node, Node] = {}
    users: dict[Node, Node | None] = {}  # the one box that uses a node; None once there are two
    for node in reversed(recorded):
        box = users.pop(node, None)
        if node is output or box is None or run[box] != run[node]:
            box = node
        result[node] = box
        for x in node.inputs:
            if isinstance(x, Node) and x in run:
                users[x] = box if users.get(x, box) is box else None
    return result
