"""The largest value in sliding windows, where it came from, and windows added up."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from ...core.node import Node
from .lowering import Lowering, lazy, rule, supported
from .planner import Unsupported
from .shapes import zero
from .values import At, Index, Value, fitted, identity, order_of, packed

MOST = 32  # places in a window that are written out one by one


def _places(index: Index, slide: dict[str, Any]) -> list[Index]:
    """For each place inside a window the index of what a window at `index` has there."""
    axis = slide["axis"]
    found = []
    for position in product(*map(range, slide["size"])):
        at = list(index)
        for k, (i, stride, dilation) in enumerate(zip(position, slide["stride"], slide["dilation"], strict=True)):
            at[axis + k] = at[axis + k].scaled(stride, i * dilation)
        found.append(tuple(at))
    return found


def _slide(node: Node) -> dict[str, Any]:
    slide = {name: node.params[name] for name in ("size", "stride", "dilation", "axis")}
    if np.prod(slide["size"]) > MOST:
        raise Unsupported(f"windows of {slide['size']}")
    return slide


@rule("window_max")
def _window_max(low: Lowering, node: Node) -> Value:
    (x,), slide, dtype = low.operands(node), _slide(node), supported(node.value)
    if dtype.kind != "f":
        raise Unsupported(f"window_max of {dtype}")
    low.memory(x)

    def define(loop: Any, index: Index) -> str:
        first, *others = (loop.read(x, at) for at in _places(index, slide))
        for name in others:
            first = loop.let(f"larger({first}, {name})")
        return str(first)

    return lazy(define, np.shape(node.value), dtype, 2 * int(np.prod(slide["size"])), [], node.value)


def _hits(loop: Any, x: Value, y: Value, index: Index, slide: dict[str, Any]) -> tuple[list[Index], list[str], str]:
    """The places inside the window at `index`, whether each holds its largest value, and how many do."""
    dtype = x.dtype
    places = _places(index, slide)
    top = loop.read(y, index)
    hits = [loop.let(f"pick({loop.read(x, at)} == {top}, {dtype}(1.0), {dtype}(0.0))") for at in places]
    ties = loop.let(f"larger({' + '.join(hits)}, {dtype}(1.0))")
    return places, hits, ties


def _apart(slide: dict[str, Any]) -> bool:
    """Whether no element is in two windows."""
    spans = (d * (k - 1) + 1 for k, d in zip(slide["size"], slide["dilation"], strict=True))
    return all(s >= r for s, r in zip(slide["stride"], spans, strict=True))


def _covered(shape: tuple[int, ...], windows: tuple[int, ...], slide: dict[str, Any]) -> bool:
    """Whether windows that lie apart leave no element out."""
    axis = slide["axis"]
    return all(
        shape[axis + k] == windows[axis + k] * n and s == n and (d == 1 or n == 1)
        for k, (n, s, d) in enumerate(zip(slide["size"], slide["stride"], slide["dilation"], strict=True))
    )


@rule("to_winners")
def _to_winners(low: Lowering, node: Node) -> Value:
    (g, x, y), slide, dtype = low.operands(node), _slide(node), supported(node.value)
    if x.dtype != dtype or g.dtype != dtype:
        raise Unsupported("to_winners of several dtypes")
    out = low.new(node)
    assert out.view is not None
    out.view = packed(out.view.buffer, out.shape, order_of(node.value))
    for value in (x, y):
        low.memory(value)
    if not (_apart(slide) and _covered(x.shape, y.shape, slide)):
        zero(low, out)
    whole = lazy(lambda loop, index: loop.let(loop.read(g, fitted(index, g.shape))), y.shape, dtype, 1, [g])
    loop = low.loop_for(whole, alone=True)
    index = identity(y.shape)
    places, hits, ties = _hits(loop, x, y, index, slide)
    share = loop.let(f"{loop.read(whole, index)} / {ties}")
    for at, hit in zip(places, hits, strict=True):
        part = loop.let(f"{share} * {hit}")
        if _apart(slide):
            loop.write(part, out.view, at)
        else:
            loop.add_up(part, out.view, at)
    loop.sealed = True
    out.ready = loop.position
    return out


@rule("from_winners")
def _from_winners(low: Lowering, node: Node) -> Value:
    (c, x, y), slide, dtype = low.operands(node), _slide(node), supported(node.value)
    if x.dtype != dtype or c.dtype != dtype:
        raise Unsupported("from_winners of several dtypes")
    for value in (c, x, y):
        low.memory(value)

    def define(loop: Any, index: Index) -> str:
        places, hits, ties = _hits(loop, x, y, index, slide)
        terms = [f"{loop.read(c, at)} * {hit}" for at, hit in zip(places, hits, strict=True)]
        return str(loop.let(f"({' + '.join(terms)}) / {ties}"))

    return lazy(define, np.shape(node.value), dtype, 50, [], node.value)


@rule("overlap_add")
def _overlap_add(low: Lowering, node: Node) -> Value:
    (g,), p = low.operands(node), node.params
    out = low.new(node)
    assert out.view is not None
    out.view = packed(out.view.buffer, out.shape, order_of(node.value))
    zero(low, out)
    whole = lazy(lambda loop, index: loop.let(loop.read(g, index)), g.shape, g.dtype, 1, [g])
    loop = low.loop_for(whole, alone=True)
    index = identity(g.shape)
    count, axis = len(p["size"]), p["axis"]
    at: list[At] = list(index[count:])
    for k, (stride, dilation) in enumerate(zip(p["stride"], p["dilation"], strict=True)):
        at[axis + k] = at[axis + k].scaled(stride).plus(index[k].scaled(dilation))
    loop.add_up(loop.read(whole, index), out.view, tuple(at))
    loop.sealed = True
    out.ready = loop.position
    return out
