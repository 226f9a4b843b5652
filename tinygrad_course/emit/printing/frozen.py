"""A second look at a recorded function: is anything built into its program that belongs to the example data?

What a function computes outside the graph (``np.asarray``, ``.item()`` in a helper, a mask drawn at random) becomes a
constant of the recorded program, and would be wrong for other data without a sign of it. So the function is recorded
once more, on slightly different data: whatever then differs between the two programs, and should not, is reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ...core.errors import GraphError
from ...core.node import Node
from ...ops.index import _indexed, index_add
from ...ops.join import _repeat_each
from ..program import Program, primitive_of

SMALL = 2.0**-10
Origins = Mapping[Node, tuple[Node, int]]  # what was found outside -> which operation uses it, as which operand


def nudged(value: Any) -> Any:
    """Data like `value`: floats a little closer to 0 (so that a probability stays one), others in another order."""
    a = np.asarray(value)
    if a.dtype.kind != "f":
        return np.roll(a, 1)[()]
    if not a.any():
        return (a + a.dtype.type(SMALL * SMALL))[()]
    shares = np.random.default_rng(0).random(a.shape)
    return (a * (1 - SMALL * shares)).astype(a.dtype)[()]


def refuse_frozen(name: str, first: Program, second: Program) -> None:
    """Raise if two recordings of one function on different data differ in more than the data."""
    numbers = [{x: i for i, x in enumerate((*p.inputs, *p.steps))} for p in (first, second)]
    for a, b in zip(first.steps, second.steps, strict=False):
        if not _alike(a, b) or len(a.inputs) != len(b.inputs) or repr(a.params) != repr(b.params):
            raise GraphError(
                f"source: {name} takes another way for other data of the same shapes ({a.where}); choose with "
                "where(condition, a, b) instead of Python's if, and keep values that steer the program out of the data"
            )
        for x, y in zip(a.inputs, b.inputs, strict=True):
            if _place(x, numbers[0]) != _place(y, numbers[1]) or not _equal(x, y, numbers[0]):
                raise _outside(name, a)
    for x, y in zip(first.outputs, second.outputs, strict=False):
        if _place(x, numbers[0]) != _place(y, numbers[1]) or not _equal(x, y, numbers[0]):
            raise GraphError(f"source: {name} computes a result outside the graph (np.asarray, .data, no_grad)")
    if len(first.steps) != len(second.steps):
        raise GraphError(f"source: {name} takes more or fewer steps for other data of the same shapes")


def refuse_shapes_by_value(name: str, steps: Sequence[Node]) -> None:
    """Raise if how many elements a step has depends on the data: the program has the number built in."""
    for node in steps:
        if list(counting(node)):
            op = primitive_of(node).name
            raise GraphError(
                f"source: in {name}, the data say how many elements {op} gives ({node.where}), "
                "and the printed text would have their number built in; use where(mask, x, 0) in place of x[mask], "
                "or divide by the sum of the mask"
            )


def counting(node: Node) -> Iterator[Node]:
    """The operands of a step that say how many elements it gives: masks, numbers of repetitions."""
    found = node.inputs[1:] if node.op in (_indexed, index_add, _repeat_each) else ()
    for x in found:
        given = isinstance(x, Node) and x.requires_grad
        if given and (node.op is _repeat_each or (x.value.dtype == bool and x.value.ndim)):
            yield x


def _alike(a: Node, b: Node) -> bool:
    """Whether two steps have the same operation; a function may make one anew each time it is called."""
    p, q = primitive_of(a), primitive_of(b)
    return p is q or (p.name == q.name and getattr(p.forward, "__code__", p) is getattr(q.forward, "__code__", q))


def _outside(name: str, node: Node) -> GraphError:
    return GraphError(
        f"source: an operand of {primitive_of(node).name} is not the same for other data ({node.where}): {name} draws "
        "it at random, or computes it from its arguments outside the graph (np.asarray, .data, .item(), no_grad). "
        "Compute it with Tensors, or make it an argument"
    )


def _place(x: Any, numbers: dict[Node, int]) -> int:
    """Which input or step an operand is; -1 for a constant."""
    return numbers.get(x, -1) if isinstance(x, Node) else -1


def _equal(x: Any, y: Any, numbers: dict[Node, int]) -> bool:
    if isinstance(x, Node) and x in numbers:
        return True
    a, b = (v.value if isinstance(v, Node) else v for v in (x, y))
    if isinstance(a, np.ndarray | np.generic) and isinstance(b, np.ndarray | np.generic):
        return same_bits(a, b)
    return type(a) is type(b) and repr(a) == repr(b)


def same_bits(a: Any, b: Any) -> bool:
    """Whether two arrays are the same in dtype, shape and every bit."""
    return a is b or (a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())


def refuse_other_constants(name: str, first: Origins, second: Origins) -> None:
    """Raise if an array from outside was another one for other data: it is computed from them."""
    for (x, (node, _)), y in zip(first.items(), second, strict=False):
        if not same_bits(x.value, y.value):
            raise _outside(name, node)
