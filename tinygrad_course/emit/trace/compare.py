"""Whether two traces of one function are the same program: what differs between them was no constant after all."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.node import Node
from ..program import Program, primitive_of


def difference(old: Program, new: Program) -> str | None:
    """Where two programs differ, in words; None if not. An array may be a constant in one, an input in the other."""
    if len(old.steps) != len(new.steps) or len(old.outputs) != len(new.outputs):
        return f"it took {len(old.steps)} operations the first time and {len(new.steps)} the second"
    numbers: tuple[dict[Node, Any], dict[Node, Any]] = ({}, {})
    for i, (a, b) in enumerate(zip(old.steps, new.steps, strict=True)):
        if primitive_of(a).name != primitive_of(b).name or not _alike(a.params, b.params):
            return f"{primitive_of(a).name} ({a.where}) was {primitive_of(b).name} the second time ({b.where})"
        pairs = zip(a.inputs, b.inputs, strict=False)
        if len(a.inputs) != len(b.inputs) or not all(_same_operand(x, y, numbers) for x, y in pairs):
            return f"an operand of {primitive_of(b).name} was another the second time ({b.where})"
        numbers[0][a] = numbers[1][b] = i
    for x, y in zip(old.outputs, new.outputs, strict=True):
        if not _same_operand(x, y, numbers):
            return "an output was another the second time"
    return None


def interchangeable(old: Program, new: Program) -> bool:
    """Whether what was compiled for `old` serves for `new`, in which `difference` found nothing.

    The inputs must be the same in the same order (an array may have turned from a constant into one), each with the
    shape, dtype and layout that it had, and the operations the very same objects, not only of the same names.
    """
    if len(old.inputs) != len(new.inputs):
        return False
    numbers = [{x: i for i, x in enumerate((*program.inputs, *program.steps))} for program in (old, new)]
    pairs = [*zip(old.outputs, new.outputs, strict=True)]
    for a, b in zip(old.steps, new.steps, strict=True):
        if a.op is not b.op:
            return False
        pairs += [(x, y) for x, y in zip(a.inputs, b.inputs, strict=True) if isinstance(x, Node)]
    return all(numbers[0].get(x) == numbers[1].get(y) for x, y in pairs)


def _same_operand(x: Any, y: Any, numbers: tuple[dict[Node, Any], dict[Node, Any]]) -> bool:
    p = numbers[0].get(x) if isinstance(x, Node) else None
    q = numbers[1].get(y) if isinstance(y, Node) else None
    if p is not None or q is not None:
        return p is not None and q is not None and bool(p == q)
    a, b = _given(x), _given(y)
    if a is None and b is None:  # two inputs: they must be the same ones, each time
        return _paired(x, y, numbers)
    a, b = (x.value if isinstance(x, Node) else x), (y.value if isinstance(y, Node) else y)
    return same_constant(a, b)


def _given(x: Any) -> Any:
    """The value of a constant operand, wrapped; None for an input."""
    return None if isinstance(x, Node) and x.requires_grad else (x,)


def _paired(x: Node, y: Node, numbers: tuple[dict[Node, Any], dict[Node, Any]]) -> bool:
    token = object()
    numbers[0][x] = numbers[1][y] = token
    return np.shape(x.value) == np.shape(y.value) and bool(x.value.dtype == y.value.dtype)


def same_constant(a: Any, b: Any) -> bool:
    """Whether two constants are the same, to the bit."""
    if isinstance(a, np.ndarray | np.generic) and isinstance(b, np.ndarray | np.generic):
        alike = a.dtype == b.dtype and a.shape == b.shape
        return a is b or (bool(alike) and a.tobytes() == b.tobytes())
    return bool(type(a) is type(b) and repr(a) == repr(b))


def _alike(a: dict[str, Any], b: dict[str, Any]) -> bool:
    if a is b:
        return True
    try:
        return a.keys() == b.keys() and all(bool(a[k] == b[k]) for k in a)
    except ValueError:  # arrays
        return repr(a) == repr(b)
