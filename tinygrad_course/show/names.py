"""What to call each value, found in the program itself: names given, targets assigned, variables, operands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from types import FrameType, ModuleType
from typing import Any

import numpy as np

from ..core.node import Node
from . import source
from .statements import call_scope, same_call
from .text import clean, code_text, simple

LONGEST = 40
SHORT = 12  # an expression up to this long can stand for itself
_MANY = 1000  # elements of a container that are looked at for a name


def namespace(frame: FrameType | None, wanted: set[int]) -> dict[int, str]:
    """The variables of a frame, by the id of their value: only the `wanted` ones, in containers and attributes too."""
    found: dict[int, str] = {}
    if frame is None:
        return found
    scopes = [frame.f_locals] if frame.f_locals is frame.f_globals else [frame.f_locals, frame.f_globals]
    for variables in scopes:
        for name, value in list(variables.items()):
            if not name.startswith("_"):
                for text, part in _parts(name, value):
                    if id(part) in wanted:
                        found.setdefault(id(part), text)
    return found


def _parts(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A variable, and what it holds one level down."""
    if isinstance(value, Node | np.ndarray):
        yield name, value
    elif type(value) in (list, tuple):
        yield from ((f"{name}[{i}]", v) for i, v in enumerate(value[:_MANY]))
    elif type(value) is dict:
        yield from ((f"{name}[{k!r}]", v) for k, v in list(value.items())[:_MANY] if isinstance(k, str | int))
    elif isinstance(getattr(value, "__dict__", None), dict) and not isinstance(value, type | ModuleType):
        prefix = "" if name == "self" else name + "."
        yield from ((prefix + k, v) for k, v in list(vars(value).items())[:_MANY])


class Names:
    """Names for the values of one graph; every name is asked for once, in topological order."""

    def __init__(
        self,
        variables: Mapping[int, str],
        parameters: Mapping[int, str],
        uses: Mapping[int, tuple[Node, int]],
        leaves: list[Any],
    ) -> None:
        self.variables = variables
        self.parameters = parameters
        self.uses = uses  # id of a leaf -> the first operation that uses it, and as which operand
        self.made = Counter((id(x.code), x.lasti) for x in leaves if isinstance(x, Node) and x.code is not None)
        self.temporaries = 0

    def leaf(self, x: Any, role: str) -> str:
        """A leaf's name: given, assigned where it was made, a variable's, or as the program first refers to it."""
        if isinstance(x, Node):
            if x.name:
                return tidy(self.parameters.get(id(x)) or x.name)
            if x.code is not None:
                name = source.assigned(x)
                if name and (self.made[id(x.code), x.lasti] == 1 or id(x) not in self.variables):
                    return tidy(name)
        if self.variables.get(id(x), "").isidentifier():
            return tidy(self.variables[id(x)])
        tree = source.operand(*self.uses[id(x)]) if id(x) in self.uses else None
        row = self._row(x)
        if row is not None:
            return tidy(row)
        if not isinstance(x, Node) and tree is not None and source.is_reference(tree):
            return tidy(source.reference_text(tree))
        if id(x) in self.variables:
            return tidy(self.variables[id(x)])
        if tree is not None:
            return code_text(source.reference_text(tree), LONGEST)
        return role

    def _row(self, x: Any) -> str | None:
        """`x[3]`, where an array is that part of an array that a variable holds."""
        whole = x.base if isinstance(x, np.ndarray) else None
        name = self.variables.get(id(whole), "")
        if not isinstance(whole, np.ndarray) or not name.isidentifier() or x.shape != whole.shape[1:]:
            return None
        step = whole.strides[0]
        if x.strides != whole.strides[1:] or step <= 0:
            return None
        return f"{name}[{(x.ctypes.data - whole.ctypes.data) // step}]"

    def result(self, node: Node, inside: bool) -> tuple[str, bool, bool]:
        """A result's name; whether it is a name rather than just its source; whether it had to be made up.

        `inside`: the same call goes on to compute more, so what the source names is not this node.
        """
        known = not inside and node.code is not None
        name = node.name or unpacked(node) or (source.assigned(node) if known else None) or self.variables.get(id(node))
        name = name or (source.returned(node) if known else None)
        if name:
            return tidy(name), True, False
        text = code_text(source.source_text(node)) if known else ""
        if text and len(text) <= SHORT:
            return text, False, False
        self.temporaries += 1
        return f"t{self.temporaries}", True, True


def unpacked(node: Node) -> str | None:
    """What one of the results of a module's call is assigned to."""
    results = getattr(call_scope(node), "results", ())
    place = _place(results, node.order) if results else None
    return source.unpacked(node, place) if place is not None else None


def _place(results: tuple[Any, ...], order: int) -> tuple[int, ...] | None:
    """Where a number stands in nested tuples."""
    for i, part in enumerate(results):
        inner = _place(part, order) if type(part) is tuple else () if part == order else None
        if inner is not None:
            return (i, *inner)
    return None


def parameter_names(frame: FrameType | None, leaves: list[Any]) -> dict[int, str]:
    """Longer names for parameters whose own do not tell: of several models, or of a Sequential, `net.0.weight`."""
    wanted = {id(x): x for x in leaves if isinstance(x, Node) and x.requires_grad and x.name}
    found: dict[int, tuple[str, str]] = {}
    for variables in (frame.f_locals, frame.f_globals) if frame is not None else ():
        for variable, value in list(variables.items()):
            if (
                variable.startswith("_")
                or isinstance(value, type | ModuleType)
                or not hasattr(value, "named_parameters")
            ):
                continue
            for path, p in value.named_parameters():
                if id(p) in wanted and p.name == path:
                    found.setdefault(id(p), (variable, path))
    several = len({variable for variable, _ in found.values()}) > 1
    return {key: f"{name}.{path}" for key, (name, path) in found.items() if several or path[0].isdigit()}


def tidy(name: str) -> str:
    return clean(name, LONGEST) or "?"


def d_name(name: str) -> str:
    """`dz`, or `d(w*x)`: the differential of something."""
    return f"d{name}" if simple(name) else f"d({name})"


def names_of_the_notes(box: Any, boxes: Mapping[int, Any]) -> None:
    """W1 and b1 for the parameters of the layer that computes Z1, where it has the notes' layout (columns)."""
    scope = box.result.scope
    owner = scope.owner if scope is not None else None
    if getattr(owner, "examples", None) != "columns":
        return
    index = re.fullmatch(r"[zZ](\w*)", box.name)
    for letter, attribute in (("W", "weight"), ("b", "bias")):
        parameter = getattr(owner, attribute)
        leaf = boxes.get(id(parameter))
        if leaf is not None and parameter.name in (None, attribute):  # the user gave it no other
            leaf.name = letter + (index[1] if index is not None else "")


def partial(node: Node, users: list[Node]) -> bool:
    """Whether a user of `node` belongs to the same call: then `node` is only a step inside it."""
    return any(same_call(node, user) for user in users)


def unique(names: list[str], leaves: list[bool]) -> list[str]:
    """`names`, those that several values share numbered in order: `h0` (a leaf), `h1`, `h2`; or `x1#1`, `x1#2`."""
    total, seen = Counter(names), Counter[str]()
    plain = {n for n, k in total.items() if k > 1 and n.isidentifier() and not n[-1].isdigit()}
    plain -= {n for n in plain if any(f"{n}{i}" in total for i in range(total[n] + 1))}
    answer = []
    made = {name for name, leaf in zip(names, leaves, strict=True) if not leaf}
    for name, leaf in zip(names, leaves, strict=True):
        if name not in seen and leaf and name in made:
            seen[name] -= 1  # what a loop starts from is number 0
        seen[name] += 1
        mark = "" if name in plain else "#"
        answer.append(f"{name}{mark}{seen[name]}" if total[name] > 1 else name)
    return answer
