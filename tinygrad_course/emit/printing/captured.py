"""Arrays that a recorded function uses without taking them: they become inputs of its program, and get names."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from ...core.node import Node, leaf
from ...core.position import statement, statements
from ...show import source as written
from ...tensor import Tensor
from ..program import Program, value_of
from .around import Around
from .derived import Derived
from .helpers import pattern_text
from .naming import Names, identifier

MOST_WRITTEN = 8  # elements of an array that is written into the text; one with a name is never written there
MOST_TEXT = 100  # characters of an expression in the docstring


def gather(made: Derived, around: Around) -> None:
    """Make inputs of the arrays that the forward pass takes from outside."""
    linked = Program.of([], made.outputs).steps  # with what data comes back by that left the graph
    _Gathering(made, around).go(dict.fromkeys([*made.forward, *linked]))


def gather_constants(made: Derived) -> None:
    """Make inputs of the large arrays that the rules of the backward pass bring along."""
    forward = {*made.forward, *made.inputs}
    _Gathering(made, None).go(node for node in made.program().steps if node not in forward)


class _Gathering:
    def __init__(self, made: Derived, around: Around | None) -> None:
        self.made = made
        self.around = around
        self.inputs = set(made.inputs)
        self.paths = dict(around.names) if around is not None else {}
        self.leaves: dict[int, Node] = {}  # by the id of the array
        self.stand_ins: dict[Node, str] = {x: self.paths.get(key, "") for key, x in made.stand_ins.items()}
        self.keep: list[Any] = []  # so that ids stay theirs

    def go(self, nodes: Iterable[Node]) -> None:
        for node in nodes:
            if type(node.inputs) is tuple and any(self._outside(x) for x in node.inputs):
                node.inputs = tuple(self._led(x, node, i) for i, x in enumerate(node.inputs))
        self.made.outputs = [self._led(y, y, 0) for y in self.made.outputs]
        if self.around is None:
            return
        used = set(Program.of([], self.made.outputs).constants)
        self.made.data = [x for x in self.made.data if x in used]
        for x in self.made.captured:
            self.made.paths[x] = self.around.parameters.get(id(x), "")

    def _outside(self, x: Any) -> bool:
        if isinstance(x, Node):
            return x.op is None and x not in self.inputs and (x in self.stand_ins or not x.requires_grad)
        return isinstance(x, np.ndarray)

    def _led(self, x: Any, user: Node, i: int) -> Any:
        """The input that stands for an operand from outside; a number or a short array stays what it is."""
        if not self._outside(x):
            return x
        if id(x) not in self.leaves:
            held = isinstance(x, Node) and x in self.stand_ins
            path = self.stand_ins[x] if held else self.paths.get(id(x), "")
            short = not path and is_short(value_of(x))
            if short and np.size(value_of(x)) <= 1:
                return x
            self.leaves[id(x)] = x if held else _leaf(x)
            self.keep.append(x)
            local = self.made.locals.get(id(x), ("",))[0]
            if short:
                self.made.constants.append(self.leaves[id(x)])
            else:
                self._note(self.leaves[id(x)], local if _is_numbered(path) and local else path or local)
            if not path and not short:
                self.made.origins[self.leaves[id(x)]] = user, i
        return self.leaves[id(x)]

    def _note(self, node: Node, path: str) -> None:
        self.inputs.add(node)
        self.made.data.append(node)
        self.made.paths[node] = path


def _is_numbered(path: str) -> bool:
    """Whether a path ends with a number, ``data[0]``, which says less than a variable."""
    return re.search(r"\[\d+\]$", path) is not None


def _leaf(x: Any) -> Node:
    node = object.__new__(Tensor)
    leaf(node, value_of(x), True, None, None)
    return node


def is_short(value: Any) -> bool:
    """Whether an array reads well where it is used: few elements, or ones, zeros, a range, an identity."""
    if type(value) is tuple or np.size(value) <= MOST_WRITTEN:
        return True
    return pattern_text(np.asarray(value)) is not None


# --- names ------------------------------------------------------------------------------------------------------------


def captured_names(made: Derived, names: Names, called: dict[Node, str]) -> dict[Node, str]:
    """A name for each input that is no argument: the end of its path if that says which, else all of it; ``c1``.

    `called`: what the program calls its values.
    """
    found = [*made.captured, *made.data]
    ends = {x: _end(x, made.paths.get(x, "")) for x in found} | notes_names(made, called)
    count = Counter(ends.values())
    answer = {}
    for x in found:
        whole = identifier(made.paths.get(x, ""))
        clash = count[ends[x]] > 1 or ends[x] in names.taken
        answer[x] = names.fresh(whole if clash and whole else ends[x]) if ends[x] else names.made_up("c")
    return answer


def _end(x: Node, path: str) -> str:
    """What a leaf is called, without the object that holds it: its own name, ``fc1_weight`` for ``net.fc1.weight``."""
    own = identifier(x.name or "")
    if own or not path:
        return own or (identifier(x.called) if x.requires_grad and x.code is not None else "")
    return identifier(path.partition(".")[2]) or identifier(path)


def origin(node: Node, i: int, variable: str) -> str:
    """Where an array that was computed outside the graph comes from: the user's expression, and the line."""
    found = statement(node.code, node.lasti) if node.code is not None else None
    if found is None or node.code is None:
        return "(on a line that is not at hand)"
    tree = written.operand(node, i)
    line = found.line
    for before in statements(node.code.co_filename) if variable else ():
        names = [t.id for t in getattr(before, "targets", ()) if isinstance(t, ast.Name)]
        if variable in names and node.code.co_firstlineno <= before.lineno <= found.line:
            assert isinstance(before, ast.Assign)
            tree, line = before.value, before.lineno
    text = " ".join(ast.unparse(tree).split()) if tree is not None else ""
    plain = text and len(text) <= MOST_TEXT and "\\" not in text and '"' not in text  # it stands in a docstring
    return f"= {text} (line {line})" if plain else f"(line {line})"


def notes_names(made: Derived, called: dict[Node, str]) -> dict[Node, str]:
    """W1 and b1 for the parameters of a layer in the notes' layout (examples in columns) that computes Z1."""
    found: dict[Node, str] = {}
    parameters = set(made.captured)
    for node, name in called.items():
        owner = node.scope.owner if node.scope is not None else None
        index = re.fullmatch(r"[zZ](\w*)", name)
        if index is None or getattr(owner, "examples", None) != "columns":
            continue
        for letter, attribute in (("W", "weight"), ("b", "bias")):
            x = getattr(owner, attribute, None)
            if isinstance(x, Node) and x in parameters and x.name in (None, attribute):
                found.setdefault(x, letter + index[1])
    return found
