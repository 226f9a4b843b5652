"""The layer view: which module's call an operation belongs to, how deep to look, and what modules are called."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import FrameType, ModuleType
from typing import Any

from ..core.node import Node
from ..core.primitive import pick
from ..core.state import Scope
from ..ops import arithmetic, linalg, shape
from .model import Cluster
from .text import clean

_PACKAGE = __name__.partition(".")[0]
_SIGNS: dict[Any, str] = {
    arithmetic.add: "+",
    arithmetic.subtract: "\N{MINUS SIGN}",
    arithmetic.multiply: "*",
    arithmetic.divide: "/",
    linalg.matmul: "@",
    shape.permute_dims: "transpose",
}
MOST_STEPS = 3  # operations that a step between layers is named by


class Layers:
    """The calls of modules that a graph was recorded in.

    `view` "layer": a call is one box if no other module's call is inside it, if it is `depth` calls deep (the
    outermost is 1), or if it is a layer of ours with parameters of its own (attention, say, whose projection is a
    module too). In the other views calls are frames only, around what the user's own modules compute.
    """

    def __init__(self, recorded: Iterable[Node], view: str, depth: int | None, frame: FrameType | None) -> None:
        self.view = view
        self.depth = depth
        self.names = module_names(frame)
        self.calls: dict[Scope | None, tuple[Scope, ...]] = {None: ()}
        for node in recorded:
            self._calls(node.scope)
        self.inner = {s for calls in self.calls.values() for s in calls[:-1]}  # those with calls inside
        self.cuts = {scope: self._cut(calls) for scope, calls in self.calls.items()}
        self.clusters: dict[Scope, Cluster] = {}
        self.paths: dict[int, dict[int, str]] = {}  # by the id of a module: what it calls those inside

    def _calls(self, scope: Scope | None) -> tuple[Scope, ...]:
        """The calls of modules around a scope, outermost first."""
        found = self.calls.get(scope)
        if found is None and scope is not None:
            is_call = scope.owner is not None and not scope.transparent and not self._ours_in_statement(scope)
            found = self.calls[scope] = self._calls(scope.parent) + ((scope,) if is_call else ())
        return found or ()

    def _ours_in_statement(self, scope: Scope) -> bool:
        """A module of this package is part of a statement, unless layers are drawn."""
        return self.view != "layer" and type(scope.owner).__module__.startswith(_PACKAGE)

    def _cut(self, calls: tuple[Scope, ...]) -> int | None:
        """Which of the calls is a box; None if the operation stands between layers."""
        if self.view == "layer":
            for i, call in enumerate(calls):
                if i + 1 == self.depth or call not in self.inner or _closed(call.owner):
                    return i
        return None

    def unit(self, node: Node) -> Scope | None:
        """The call that is one box with this operation in it."""
        i = self.cuts[node.scope]
        return None if i is None else self.calls[node.scope][i]

    def region(self, node: Node) -> Scope | None:
        """The call whose operations may share a box with this one."""
        calls = self.calls[node.scope]
        return self.unit(node) or (calls[-1] if calls else None)

    def cluster(self, node: Node) -> Cluster | None:
        """The innermost frame around an operation."""
        calls = self.calls[node.scope]
        found: Cluster | None = None
        for i, call in enumerate(calls[: self.cuts[node.scope]]):
            if call not in self.clusters:
                self.clusters[call] = Cluster("", self.title(calls[: i + 1]), found)
            found = self.clusters[call]
        return found

    def title(self, calls: tuple[Scope, ...]) -> str:
        """`encoder.0: Block`, the last of these calls as the one around it calls the module."""
        name, kind = self.name(calls), clean(type(calls[-1].owner).__name__, 40)
        return f"{name}: {kind}" if name and name != kind else kind

    def name(self, calls: tuple[Scope, ...]) -> str:
        """The path of a module inside the one that called it, or what the program calls it; "" if nothing does."""
        if not calls:
            return ""
        owner = calls[-1].owner
        for outer in reversed(calls[:-1]):
            if id(outer.owner) not in self.paths:
                self.paths[id(outer.owner)] = _paths(outer.owner)
            path = self.paths[id(outer.owner)].get(id(owner))
            if path:
                return clean(path, 40)
        return clean(self.names.get(id(owner), ""), 40)

    def name_of(self, call: Scope) -> str:
        """What to call the call of a function or module of ours."""
        return self.name(self._calls(call)) or (
            call.name if call.owner is None else clean(type(call.owner).__name__, 40)
        )

    def parameter(self, x: Node, user: Node) -> str:
        """What the layer that `user` belongs to calls its parameter `x`: `weight`, `0.bias`; "" if it has none such."""
        unit = self.unit(user)
        named = getattr(unit.owner, "named_parameters", None) if unit is not None else None
        return next((clean(path, 40) for path, p in named() if p is x), "") if named is not None else ""

    def whole(self) -> set[Cluster]:
        """Frames that say nothing: the one module that everything happens in."""
        outermost = {c for c in self.clusters.values() if c.parent is None}
        return outermost if len(outermost) == 1 else set()


def _closed(owner: object) -> bool:
    """Whether a module of ours is a layer with parameters of its own, whose inside is nobody's business."""
    ours = type(owner).__module__.startswith(_PACKAGE)
    return ours and any(isinstance(x, Node) for x in vars(owner).values())


def _paths(module: Any) -> dict[int, str]:
    named: Callable[[], Iterable[tuple[str, Any]]] | None = getattr(module, "named_modules", None)
    return {id(m): path for path, m in named()} if named is not None else {}


def module_names(frame: FrameType | None) -> dict[int, str]:
    """What the variables of a frame call modules, by id: `fc1`, `net.fc1`."""
    found: dict[int, str] = {}
    for variables in (frame.f_locals, frame.f_globals) if frame is not None else ():
        for name, value in list(variables.items()):
            if name.startswith("_") or isinstance(value, type | ModuleType) or not hasattr(value, "named_modules"):
                continue
            for i, path in _paths(value).items():
                found.setdefault(i, f"{name}.{path}" if path else name)
    return found


def step_name(nodes: Iterable[Node], around: Scope | None) -> str:
    """What a few operations between layers do: `+`, `relu`, `reshape, max_pool2d`."""
    words = list(dict.fromkeys(_word(n, around) for n in nodes if n.op is not None and n.op is not pick))
    return clean(", ".join(words[:MOST_STEPS]), 60) + (", \N{HORIZONTAL ELLIPSIS}" if len(words) > MOST_STEPS else "")


def _word(node: Node, around: Scope | None) -> str:
    """The outermost of our functions inside `around` that the operation is part of, or the operation itself."""
    found, scope = None, node.scope
    while scope is not None and scope is not around:
        found, scope = (scope if scope.owner is None and not scope.transparent else found), scope.parent
    return found.name if found is not None else _SIGNS.get(node.op) or node.op.name  # type: ignore[union-attr]
