"""Reading and adding up at places that are data: take, choose, their adjoints."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.node import Node
from ..program import primitive_of
from .lowering import Lowering, lazy, rule, supported
from .planner import Unsupported
from .reductions import mapped
from .shapes import zero
from .values import At, Index, Value, fitted, identity


def checked(low: Lowering, indices: Value, size: int, node: Node) -> None:
    """Leave with an error, before anything is written, if an index is out of bounds."""
    if indices.dtype is None or indices.dtype.kind not in "iu":
        raise Unsupported(f"indices of {indices.dtype}")
    bad = mapped(lambda i: f"uint8(pick(({i} >= {size}) | ({i} < {-size}), 1, 0))", indices, np.dtype(np.uint8))
    flag = low.reduced(bad, tuple(range(len(indices.shape))), "{0} | {1}", "uint8(0)", np.dtype(np.uint8))
    assert flag.view is not None
    where = f" ({node.where})" if node.where else ""
    text = f"{primitive_of(node).name}: an index is out of bounds for an axis of size {size}{where}"
    low.failures.append((text, len(low.steps)))
    low.call(["if peek({0}, 0) != uint8(0):", f"    return {len(low.failures) + 1}"], [flag.view])


def place(loop: Any, indices: Value, index: Index, size: int) -> At:
    """The position that an index names, counted from 0."""
    name = loop.read(indices, index)
    return At(((loop.let(f"pick({name} < 0, int64({name}) + {size}, int64({name}))"), 1),))


@rule("take")
def _take(low: Lowering, node: Node) -> Value:
    x, indices = low.operands(node)
    axis = node.params["axis"]
    if axis is None or indices.number is not None:
        raise Unsupported("take from a flattened array")
    axis %= len(x.shape)
    return _taken(low, x, indices, axis, node)


def _taken(low: Lowering, x: Value, indices: Value, axis: int, node: Node) -> Value:
    size, width = x.shape[axis], len(indices.shape)
    checked(low, indices, size, node)
    low.memory(x)

    def define(loop: Any, index: Index) -> str:
        at = place(loop, indices, index[axis : axis + width], size)
        return str(loop.read(x, (*index[:axis], at, *index[axis + width :])))

    return lazy(define, np.shape(node.value), x.dtype, 3, [indices])


@rule("choose")
def _choose(low: Lowering, node: Node) -> Value:
    x, indices = low.operands(node)
    axis = node.params["axis"]
    checked(low, indices, x.shape[axis], node)
    low.memory(x)

    def define(loop: Any, index: Index) -> str:
        at = place(loop, indices, index, x.shape[axis])
        return str(loop.read(x, (*index[:axis], at, *index[axis:])))

    return lazy(define, np.shape(node.value), x.dtype, 3, [indices])


@rule("put_chosen")
def _put_chosen(low: Lowering, node: Node) -> Value:
    values, indices = low.operands(node)
    axis, size, dtype = node.params["axis"], node.params["size"], supported(node.value)
    checked(low, indices, size, node)

    def define(loop: Any, index: Index) -> str:
        rest = (*index[:axis], *index[axis + 1 :])
        (chosen, _), *_ = place(loop, indices, rest, size).terms
        value = loop.read(values, fitted(rest, values.shape))
        return str(loop.let(f"pick({loop.position_of(index[axis])} == {chosen}, {value}, {dtype}(0))"))

    return lazy(define, np.shape(node.value), dtype, 3, [values, indices])


@rule("one_hot")
def _one_hot(low: Lowering, node: Node) -> Value:
    (indices,) = low.operands(node)
    dtype = supported(node.value)
    if dtype.kind == "b":
        raise Unsupported("one_hot of bool")

    def define(loop: Any, index: Index) -> str:
        name = loop.read(indices, index[:-1])
        return str(loop.let(f"pick({loop.position_of(index[-1])} == {name}, {dtype}(1), {dtype}(0))"))

    return lazy(define, np.shape(node.value), dtype, 2, [indices])


@rule("take_along_axis")
def _take_along(low: Lowering, node: Node) -> Value:
    x, indices = low.operands(node)
    axis = node.params["axis"]
    if indices.shape[:axis] + indices.shape[axis + 1 :] != x.shape[:axis] + x.shape[axis + 1 :]:
        raise Unsupported("take_along_axis that broadcasts")
    checked(low, indices, x.shape[axis], node)
    low.memory(x)

    def define(loop: Any, index: Index) -> str:
        at = place(loop, indices, index, x.shape[axis])
        return str(loop.read(x, (*index[:axis], at, *index[axis + 1 :])))

    return lazy(define, np.shape(node.value), x.dtype, 3, [indices])


# --- adding up --------------------------------------------------------------------------------------------------------


@rule("scatter_add")
def _scatter(low: Lowering, node: Node) -> Value:
    g, indices = low.operands(node)
    axis = node.params["axis"]
    if axis is None or indices.number is not None:
        raise Unsupported("scatter_add into a flattened array")
    return added_up(low, g, indices, axis % len(np.shape(node.value)), node)


def added_up(low: Lowering, g: Value, indices: Value, axis: int, node: Node) -> Value:
    """Zeros with the slices of `g` added at `indices` along `axis`, one after the other."""
    out = low.new(node)
    assert out.view is not None
    size, width = out.shape[axis], len(indices.shape)
    checked(low, indices, size, node)
    zero(low, out)
    loop = low.loop_for(lazy(lambda at, index: at.let(at.read(g, index)), g.shape, g.dtype, 1, [g]), alone=True)
    index = identity(g.shape)
    name = loop.read(g, index)
    at = place(loop, indices, index[axis : axis + width], size)
    loop.add_up(name, out.view, (*index[:axis], at, *index[axis + width :]))
    loop.sealed = True
    out.ready = loop.position
    return out


def gathered(low: Lowering, node: Node) -> Value:
    """``x[indices]`` with one array of integers first, or among full slices."""
    x, indices, axis = _one_array(low, node)
    return _taken(low, x, indices, axis, node)


def scattered_rows(low: Lowering, node: Node) -> Value:
    """The adjoint of `gathered`."""
    g, indices, axis = _one_array(low, node)
    return added_up(low, g, indices, axis, node)


def _one_array(low: Lowering, node: Node) -> tuple[Value, Value, int]:
    key, operands = node.params["key"], low.operands(node)
    plain = [part for part in key if isinstance(part, slice) and part == slice(None)]
    if len(operands) != 2 or len(plain) != len(key) - 1 or operands[1].dtype is None:
        raise Unsupported("indexing with several arrays")
    if operands[1].dtype.kind not in "iu" or operands[1].number is not None:
        raise Unsupported(f"indexing with {operands[1].dtype}")
    axis = next(i for i, part in enumerate(key) if not isinstance(part, slice))
    return operands[0], operands[1], axis
