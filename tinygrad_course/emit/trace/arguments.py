"""The arguments of a traced function: which of them are data, and what a program was traced for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core.errors import DTypeError, TraceError
from ...core.node import Node
from ...core.tree import flatten, paths
from .world import SCALARS

DATA = (Node, np.ndarray, np.generic)
ARRAYS = (np.ndarray, np.memmap)


class Arguments:
    """The leaves of one call's arguments, in order.

    `key`: what a program depends on besides the data: the structure; of arrays and Tensors the kind, shape and dtype,
    whether they require a gradient, and which Tensors are one and the same; all of numbers and texts; of other objects,
    such as a model, which one it is.
    """

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.leaves, self.rebuild = flatten([args, kwargs])
        self.tree = (args, kwargs)
        first: dict[int, int] = {}
        parts = [
            self._part(x, first.setdefault(id(x), i) if isinstance(x, Node) else i) for i, x in enumerate(self.leaves)
        ]
        self.key = (_shape_of_tree([args, kwargs]), tuple(parts))

    @staticmethod
    def _part(x: Any, same: int) -> Any:
        if isinstance(x, Node):
            form = x.value.shape, x.value.strides, x.value.dtype
            return (type(x), *form, x.requires_grad, x.op is None, x._grad is None, same)
        if isinstance(x, np.ndarray | np.generic):
            return (type(x), x.shape, x.strides, x.dtype)
        if isinstance(x, SCALARS):
            return (type(x), repr(x))
        return (type(x), id(x))

    def check(self, name: str) -> None:
        """Raise for arrays that no Tensor can hold, and for Tensors that were computed outside with a history."""
        for where, x in zip(paths([self.tree[0], self.tree[1]]), self.leaves, strict=True):
            if isinstance(x, np.ndarray | np.generic) and x.dtype.kind not in "biuf":
                raise DTypeError(
                    f"jit: {_called(name, where)} is an array of dtype {x.dtype}; arrays of real numbers, integers and "
                    "booleans can be traced. Convert it, or leave it out of the arguments"
                )
            if isinstance(x, np.ndarray) and type(x) not in ARRAYS:  # its arithmetic is not that of arrays
                raise DTypeError(
                    f"jit: {_called(name, where)} is a {type(x).__name__}, which computes otherwise than an array; "
                    "pass np.asarray(x)"
                )

    def check_same(self, tree: Any, leaves: Sequence[Any]) -> None:
        """Raise if the function has changed the lists and dicts in `tree`, which it was given around `leaves`."""
        now, _ = flatten(tree)
        if [*map(id, now)] != [*map(id, leaves)] or _shape_of_tree(tree) != _shape_of_tree([*self.tree]):
            raise TraceError(
                "jit: the function changes a list or dict among its arguments, which a compiled run would not do "
                "again: return the value"
            )

    @property
    def others(self) -> list[tuple[str, Any]]:
        """The arguments that are objects, such as models and optimisers, with what to call them."""
        named = zip(paths([self.tree[0], self.tree[1]]), self.leaves, strict=True)
        return [(_called("", w), x) for w, x in named if not isinstance(x, (*DATA, *SCALARS))]


def _called(name: str, path: str) -> str:
    """`args[0]['x']` for the path of a leaf in the pair of positional and keyword arguments."""
    return f"argument args{path[3:]}" if path.startswith("[0]") else f"argument {path[3:]}"


def _shape_of_tree(tree: Any) -> Any:
    """The structure of nested tuples, lists and dicts, to compare."""
    if isinstance(tree, dict):
        return (type(tree), tuple(tree), tuple(map(_shape_of_tree, tree.values())))
    if isinstance(tree, tuple | list):
        return (type(tree), *map(_shape_of_tree, tree))
    return None if tree is None else 0


def unpack(result: Any) -> tuple[list[Any], Callable[[Sequence[Any]], Any]]:
    """The leaves of what a function returned, and how to put them together again."""
    leaves, rebuild = flatten(result)
    for x in leaves:
        if not isinstance(x, (*DATA, *SCALARS)):
            raise TraceError(
                f"jit: the function returned a {type(x).__name__}; it may return Tensors, arrays, numbers, and tuples, "
                "lists and dicts of them"
            )
    return leaves, rebuild
