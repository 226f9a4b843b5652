"""The arrays that a function finds around it, by the names that it reaches them by: globals, closures, attributes.

NumPy code such as ``1 - Y`` on an array from outside leaves no trace in the graph. So while the function is recorded a
stand-in, a Tensor, takes the place of each such array, as a mock does in a test, and all that is computed from it is
recorded. Afterwards everything is put back.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import CellType, CodeType, FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from ...core.node import Node, leaf
from ...core.primitive import Primitive
from ...core.tree import flatten, paths
from ...tensor import Tensor
from ..trace.world import is_foreign

_PACKAGE = __name__.partition(".")[0]
_MANY = 1000  # leaves of a container that are looked at


class Spot(NamedTuple):
    """Where arrays are held: ``holder[key]`` (the content of a closure's cell), an array or a structure of arrays."""

    holder: Any
    key: str
    tree: Any

    def now(self) -> Any:
        return self.holder.cell_contents if isinstance(self.holder, CellType) else self.holder.get(self.key)

    def put(self, value: Any) -> None:
        if isinstance(self.holder, CellType):
            self.holder.cell_contents = value
        else:
            self.holder[self.key] = value


class Around:
    """All arrays, and Tensors without a gradient, that `f` may reach without taking them: `names`, by id.

    `parameters`: the same for Tensors that require a gradient.
    """

    def __init__(self, f: Any) -> None:
        self.spots: list[Spot] = []
        self.names: dict[int, str] = {}
        self.parameters: dict[int, str] = {}
        self._data: dict[int, Any] = {}
        self._seen: dict[int, Any] = {}
        self._stack: list[tuple[str, Any]] = [("self", getattr(f, "__self__", f)), ("", f)]
        while self._stack:
            name, x = self._stack.pop(0)
            if id(x) not in self._seen:
                self._seen[id(x)] = x
                self._follow(name, x)

    def stand_ins(self) -> dict[int, Node]:
        """A leaf in place of each array, by the array's id: all that is computed from it is recorded."""
        return {key: _stand_in(x) for key, x in self._data.items()}

    @contextmanager
    def replaced(self, stand_ins: dict[int, Node]) -> Iterator[None]:
        """Hold the stand-ins in place of the arrays."""
        new = []
        try:
            for spot in self.spots:
                leaves, rebuild = flatten(spot.tree)
                new.append(rebuild([stand_ins.get(id(x), x) for x in leaves]))
                spot.put(new[-1])
            yield
        finally:
            for spot, value in zip(self.spots, new, strict=False):
                if spot.now() is value:  # else the function has put something of its own there
                    spot.put(spot.tree)

    # --- what there is ------------------------------------------------------------------------------------------------

    def _follow(self, name: str, x: Any) -> None:
        if isinstance(x, FunctionType):
            self._function(x)
        elif isinstance(x, MethodType):
            self._stack += [(name, x.__self__), ("", x.__func__)]
        elif _is_open(x):
            for key, value in list(vars(x).items()):
                self._found(f"{name}.{key}", value, vars(x), key)
            members = [vars(kind) for kind in type(x).__mro__ if not _belongs_elsewhere(kind)]
            self._stack += [("", f) for d in members for f in d.values() if isinstance(f, FunctionType)]

    def _function(self, f: FunctionType) -> None:
        for key, cell in zip(f.__code__.co_freevars, f.__closure__ or (), strict=True):
            try:
                self._found(key, cell.cell_contents, cell, key)
            except ValueError:  # not filled yet
                continue
        if is_foreign(f.__code__.co_filename):
            return
        space = f.__globals__
        names = _names(f.__code__)
        for key in sorted(names & space.keys()):
            x = space[key]
            if not isinstance(x, ModuleType):
                self._found(key, x, space, key)
            elif not is_foreign(getattr(x, "__file__", None) or "<frozen"):
                for inner in sorted(names & vars(x).keys()):
                    self._found(f"{key}.{inner}", vars(x)[inner], vars(x), inner)

    def _found(self, name: str, tree: Any, holder: Any, key: str) -> None:
        """What a namespace, cell or object holds under a name."""
        if isinstance(tree, tuple | list | dict) and len(tree) > _MANY:
            return
        leaves = flatten(tree)[0]
        here = False
        for path, x in zip(paths(tree), leaves, strict=True):
            if isinstance(x, Node) and x.requires_grad:
                self.parameters.setdefault(id(x), name + path)
            elif _is_data(x):
                here = True
                self.names.setdefault(id(x), name + path)
                self._data[id(x)] = x
            else:
                self._stack.append((name + path, x))
        if here:
            self.spots.append(Spot(holder, key, tree))


def _is_data(x: Any) -> bool:
    """Whether it is an array of numbers, or a Tensor that nothing recorded made."""
    if isinstance(x, Node):
        return x.op is None
    return isinstance(x, np.ndarray) and x.ndim > 0 and x.dtype.kind in "biuf" and type(x) is np.ndarray


def _stand_in(x: Any) -> Node:
    node = object.__new__(type(x) if isinstance(x, Node) else Tensor)
    leaf(node, x.value if isinstance(x, Node) else x, True, None, None)
    return node


def _names(code: CodeType) -> set[str]:
    """The names that a function's code and the functions inside it use."""
    found, stack = set(code.co_names), [code]
    while stack:
        inner = [c for c in stack.pop().co_consts if isinstance(c, CodeType)]
        stack += inner
        found.update(n for c in inner for n in c.co_names)
    return found


def _is_open(x: Any) -> bool:
    """Whether it is an object with attributes whose class is the user's, or of this package (a model)."""
    if isinstance(x, type | ModuleType | Primitive) or not isinstance(getattr(x, "__dict__", None), dict):
        return False
    return isinstance(x, SimpleNamespace) or type(x).__module__.startswith(_PACKAGE) or not _belongs_elsewhere(type(x))


def _belongs_elsewhere(kind: type) -> bool:
    """Whether a class is NumPy's, the standard library's, this package's or another library's."""
    if kind.__module__ == "builtins":
        return True
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return file is not None and is_foreign(file)
