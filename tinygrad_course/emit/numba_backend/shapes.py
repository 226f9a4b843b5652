"""Operations that only move elements: views of memory where there is some, else indices written differently."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from ...core.node import Node
from .lowering import Lowering, lazy, rule, supported
from .places import parts_of
from .planner import Unsupported
from .values import START, At, Index, Shape, Value, View, broadcast_strides, fitted, packed, reshaped

Axes = tuple[int, ...]


def moved(low: Lowering, x: Value, shape: Shape, remap: Any, view: Any, node: Node | None = None) -> Value:
    """A value whose element at `index` is that of `x` at ``remap(index)``; `view` does the same to memory."""
    if x.number is not None:
        return Value(shape, x.dtype, number=x.number) if not shape else _spread(x, shape)
    if x.view is not None:
        seen = view(x.view)
        if seen is not None:
            return Value(shape, x.dtype, view=seen, ready=x.ready, home=None)
    if remap is None:
        seen = view(low.memory(x))
        if seen is None:
            x = _copied(x)
            seen = view(low.memory(x))
        return Value(shape, x.dtype, view=seen, ready=x.ready)
    assert x.dtype is not None
    value = lazy(lambda loop, index: loop.read(x, remap(index)), shape, x.dtype, 0, [x])
    value.order = None
    return value


def _spread(x: Value, shape: Shape) -> Value:
    assert x.dtype is not None
    return lazy(lambda loop, index: loop.read(x, ()), shape, x.dtype, 0, [x])


def _copied(x: Value) -> Value:
    """The same elements, to be laid out anew in row-major order."""
    assert x.dtype is not None
    return lazy(lambda loop, index: loop.let(loop.read(x, index)), x.shape, x.dtype, 1, [x])


def permuted(low: Lowering, x: Value, axes: Axes) -> Value:
    """`x` with its axes in another order."""
    axes = tuple(a % len(x.shape) for a in axes)
    shape = tuple(x.shape[a] for a in axes)

    def remap(index: Index) -> Index:
        found = [START] * len(axes)
        for at, a in zip(index, axes, strict=True):
            found[a] = at
        return tuple(found)

    def view(v: View) -> View:
        return View(v.buffer, shape, tuple(v.strides[a] for a in axes), v.offset)

    return moved(low, x, shape, remap, view)


def split_axes(old: Shape, new: Shape) -> list[list[int]] | None:
    """For each old axis the new ones it is cut into, if no old axes are merged; None otherwise."""
    groups: list[list[int]] = []
    rest = [a for a, n in enumerate(new) if n != 1]
    for n in old:
        group: list[int] = []
        size = 1
        while size < n and rest:
            group.append(rest.pop(0))
            size *= new[group[-1]]
        if size != n:
            return None
        groups.append(group)
    return groups if not rest else None


def reshape(low: Lowering, x: Value, shape: Shape) -> Value:
    """`x` in another shape."""
    if x.shape == shape:
        return x
    groups = split_axes(x.shape, shape)

    def remap(index: Index) -> Index:
        assert groups is not None
        found = []
        for group in groups:
            at, step = START, 1
            for a in reversed(group):
                at = at.plus(index[a].scaled(step))
                step *= shape[a]
            found.append(at)
        return tuple(found)

    if x.view is None and groups is None and x.number is None:
        x.order = None  # row-major memory, so that the new shape is a view of it
        if x.home is not None:
            x = _copied(x)
    seen = moved(low, x, shape, remap if groups is not None else None, lambda v: reshaped(v, shape))
    return seen


@rule("permute_dims")
def _permute(low: Lowering, node: Node) -> Value:
    return permuted(low, low.operand(node.inputs[0]), node.params["axes"])


@rule("reshape", "squeeze", "expand_dims")
def _reshape(low: Lowering, node: Node) -> Value:
    return reshape(low, low.operand(node.inputs[0]), np.shape(node.value))


@rule("broadcast_to")
def _broadcast(low: Lowering, node: Node) -> Value:
    x, shape = low.operand(node.inputs[0]), np.shape(node.value)
    return moved(low, x, shape, lambda index: fitted(index, x.shape), lambda v: broadcast_strides(v, shape))


def flipped(low: Lowering, x: Value, axes: Axes) -> Value:
    """`x` with the elements along `axes` in reverse order."""
    back = {a % len(x.shape) for a in axes}

    def remap(index: Index) -> Index:
        return tuple(
            at.scaled(-1, n - 1) if a in back else at for a, (at, n) in enumerate(zip(index, x.shape, strict=True))
        )

    def view(v: View) -> View:
        offset = v.offset + sum(v.strides[a] * (x.shape[a] - 1) for a in back)
        return View(v.buffer, x.shape, tuple(-s if a in back else s for a, s in enumerate(v.strides)), offset)

    return moved(low, x, x.shape, remap, view)


@rule("flip")
def _flip(low: Lowering, node: Node) -> Value:
    x, axis = low.operand(node.inputs[0]), node.params["axis"]
    axes = tuple(range(len(x.shape))) if axis is None else (axis,) if isinstance(axis, int) else axis
    return flipped(low, x, axes)


# --- slices -----------------------------------------------------------------------------------------------------------


def sliced(low: Lowering, x: Value, key: Any) -> Value:
    """``x[key]`` for a key of integers, slices, None and ``...``."""
    steps = _steps(x.shape, key)
    shape = tuple(n for _, _, n, kind in steps if kind != "int")

    def remap(index: Index) -> Index:
        rest = iter(index)
        found = []
        for start, step, _, kind in steps:
            if kind == "new":
                next(rest)
            else:
                found.append(At((), start) if kind == "int" else next(rest).scaled(step, start))
        return tuple(found)

    def view(v: View) -> View:
        strides = iter(v.strides)
        offset, found = v.offset, []
        for start, step, _, kind in steps:
            if kind == "new":
                found.append(0)
                continue
            stride = next(strides)
            offset += start * stride
            if kind != "int":
                found.append(step * stride)
        return View(v.buffer, shape, tuple(found), offset)

    return moved(low, x, shape, remap, view)


def _steps(shape: Shape, key: Any) -> list[tuple[int, int, int, str]]:
    """For each part of a key: where it begins, its step, how many it takes, and what kind it is."""
    if any(isinstance(part, bool) for part in key):
        raise Unsupported("indexing with a truth")
    given = sum(1 for part in key if part is not None and part is not Ellipsis)
    full: list[Any] = []
    for part in key:
        full.extend([slice(None)] * (len(shape) - given) if part is Ellipsis else [part])
    full.extend([slice(None)] * (len(shape) - sum(1 for p in full if p is not None)))
    axes = iter(shape)
    found = []
    for part in full:
        if part is None:
            found.append((0, 0, 1, "new"))
        elif isinstance(part, slice):
            taken = range(*part.indices(next(axes)))
            found.append((taken.start, taken.step, len(taken), "slice"))
        else:
            found.append((int(part) % max(next(axes), 1), 0, 1, "int"))
    return found


def placed(low: Lowering, g: Value, shape: Shape, key: Any, node: Node) -> Value:
    """Zeros of `shape` with `g` at ``[key]``: memory that is filled twice, first with zeros."""
    out = low.new(node, shape)
    zero(low, out)
    target = sliced(low, out, key).view
    assert target is not None
    low.put(g, target)
    out.ready = len(low.steps) - 1
    return out


def zero(low: Lowering, out: Value) -> None:
    """Fill new memory with zeros."""
    fill(low, out, 0)


def fill(low: Lowering, out: Value, number: Any) -> None:
    """Fill new memory with a number."""
    assert out.dtype is not None
    number_value = Value((), out.dtype, number=out.dtype.type(number))
    low.put(number_value, low.memory(out))


@rule("getitem")
def _getitem(low: Lowering, node: Node) -> Value:
    if len(node.inputs) > 1:
        from .gathers import gathered

        return gathered(low, node)
    return sliced(low, low.operand(node.inputs[0]), node.params["key"])


@rule("index_add")
def _index_add(low: Lowering, node: Node) -> Value:
    if len(node.inputs) > 1:
        from .gathers import scattered_rows

        return scattered_rows(low, node)
    return placed(low, low.operand(node.inputs[0]), np.shape(node.value), node.params["key"], node)


@rule("pad")
def _pad(low: Lowering, node: Node) -> Value:
    x, out = low.operand(node.inputs[0]), low.new(node)
    widths, number = node.params["pad_width"], node.params["constant_values"]
    if not isinstance(number, int | float):
        raise Unsupported("several constants")
    assert out.view is not None
    if isinstance(node.value, np.ndarray):
        out.view = packed(out.view.buffer, out.shape, _same_order(x, node))
    fill(low, out, number)
    key = tuple(slice(before, before + n) for (before, _), n in zip(widths, x.shape, strict=True))
    target = sliced(low, out, key).view
    assert target is not None
    low.put(x, target)
    out.ready = len(low.steps) - 1
    return out


def _same_order(x: Value, node: Node) -> tuple[int, ...] | None:
    from .values import order_of

    return order_of(node.value)


# --- joining and cutting ----------------------------------------------------------------------------------------------


@rule("concat", "stack")
def _joined(low: Lowering, node: Node) -> Value:
    """What is not there yet is computed where it belongs (`places`), the rest is copied."""
    whole = low.places[node]
    for x, part in zip(low.operands(node), parts_of(node, whole), strict=True):
        if x.view is None and x.place == part:
            low.memory(x)
        if x.view != part:
            low.put(x, part)
    return Value(whole.shape, supported(node.value), view=whole, ready=len(low.steps) - 1)


@rule("split")
def _split(low: Lowering, node: Node) -> Value:
    x, axis = low.operand(node.inputs[0]), node.params["axis"]
    keys = [(*(slice(None),) * axis, slice(*ends)) for ends in pairwise(node.params["cuts"])]
    return Value((), None, parts=[sliced(low, x, key) for key in keys])


@rule("unstack")
def _unstack(low: Lowering, node: Node) -> Value:
    x, axis = low.operand(node.inputs[0]), node.params["axis"]
    return Value((), None, parts=[sliced(low, x, (*(slice(None),) * axis, i)) for i in range(x.shape[axis])])


@rule("pick")
def _pick(low: Lowering, node: Node) -> Value:
    part: Value = low.operand(node.inputs[0]).parts[node.params["index"]]
    return part


# --- windows ----------------------------------------------------------------------------------------------------------


@rule("windows")
def _windows(low: Lowering, node: Node) -> Value:
    x, p = low.operand(node.inputs[0]), node.params
    count, axis = len(p["size"]), p["axis"]
    slides = list(zip(p["stride"], p["dilation"], strict=True))
    shape = np.shape(node.value)

    def remap(index: Index) -> Index:
        inside, rest = index[:count], list(index[count:])
        for k, (stride, dilation) in enumerate(slides):
            rest[axis + k] = rest[axis + k].scaled(stride).plus(inside[k].scaled(dilation))
        return tuple(rest)

    def view(v: View) -> View:
        strides = list(v.strides)
        inside = []
        for k, (stride, dilation) in enumerate(slides):
            inside.append(v.strides[axis + k] * dilation)
            strides[axis + k] = v.strides[axis + k] * stride
        return View(v.buffer, shape, (*inside, *strides), v.offset)

    return moved(low, x, shape, remap, view)
