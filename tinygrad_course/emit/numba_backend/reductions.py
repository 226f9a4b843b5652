"""Sums, means, extremes and what is made of them: softmax and its relatives, variances, sums back to a shape."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core.node import Node
from .lowering import Lowering, cast, element, lazy, literal, rule, supported
from .planner import Unsupported
from .render import start_of
from .shapes import reshape
from .values import Index, Shape, Value

HOW = {"sum": "plus({0}, {1})", "prod": "times({0}, {1})", "any": "{0} | {1}", "all": "{0} & {1}"}


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """An `axis` parameter as axes counted from 0."""
    if axis is None:
        return tuple(range(ndim))
    return tuple(a % ndim for a in ((axis,) if isinstance(axis, int) else axis))


def reduced(low: Lowering, x: Value, kind: str, axes: tuple[int, ...], dtype: np.dtype[Any]) -> Value:
    """`x`, brought to `dtype`, reduced over `axes`, which stay with size 1."""
    how = HOW.get(kind) or _extreme(kind, dtype)
    if x.number is not None:
        raise Unsupported(f"{kind} of a constant")
    if dtype.kind == "b":
        operand = mapped(lambda name: f"uint8(pick({cast(name, x.dtype, dtype)}, 1, 0))", x, np.dtype(np.uint8))
        total = low.reduced(operand, axes, how, start_of(kind, dtype), np.dtype(np.uint8))
        return mapped(lambda name: f"{name} != 0", total, dtype)
    operand = x if x.dtype == dtype else mapped(lambda name: cast(name, x.dtype, dtype), x, dtype)
    return low.reduced(operand, axes, how.replace("T(", f"{dtype}("), start_of(kind, dtype), dtype)


def _extreme(kind: str, dtype: np.dtype[Any]) -> str:
    if dtype.kind == "f":
        return "larger({0}, {1})" if kind == "max" else "smaller({0}, {1})"
    return f"{kind}({{0}}, {{1}})"


def mapped(text: Any, x: Value, dtype: np.dtype[Any], cost: int = 1) -> Value:
    """A value made of each element of `x` by itself."""
    return lazy(lambda loop, index: loop.let(text(loop.read(x, index))), x.shape, dtype, cost, [x])


def combined(text: str, values: list[Value], shape: Shape, dtype: np.dtype[Any], cost: int) -> Value:
    """A value made of elements of several, which broadcast; `T(` and `#` in the text as in `elementwise`."""
    filled = text.replace("#", str(dtype.itemsize * 8)).replace("T(", f"{dtype}(")

    def define(loop: Any, index: Index) -> str:
        return str(loop.let(filled.format(*(element(loop, v, index, dtype) for v in values))))

    return lazy(define, shape, dtype, cost, values)


@rule("sum", "prod", "max", "min", "any", "all")
def _reduction(low: Lowering, node: Node) -> Value:
    assert node.op is not None
    x, dtype = low.operand(node.inputs[0]), supported(node.value)
    axes = axes_of(node.params["axis"], len(x.shape))
    return reshape(low, reduced(low, x, node.op.name, axes, dtype), np.shape(node.value))


@rule("mean")
def _mean(low: Lowering, node: Node) -> Value:
    x, dtype = low.operand(node.inputs[0]), supported(node.value)
    axes = axes_of(node.params["axis"], len(x.shape))
    return reshape(low, mean(low, x, axes, dtype), np.shape(node.value))


def mean(low: Lowering, x: Value, axes: tuple[int, ...], dtype: np.dtype[Any]) -> Value:
    """The mean over `axes`, which stay with size 1."""
    count = math.prod(x.shape[a] for a in axes)
    if not count:
        raise Unsupported("a mean of nothing")
    total = reduced(low, x, "sum", axes, dtype)
    return mapped(lambda name: f"{name} / {literal(float(count), dtype)}", total, dtype)


@rule("sum_to")
def _sum_to(low: Lowering, node: Node) -> Value:
    x, shape = low.operand(node.inputs[0]), node.params["shape"]
    extra = len(x.shape) - len(shape)
    axes = (*range(extra), *(i + extra for i, n in enumerate(shape) if n == 1 and x.shape[i + extra] != 1))
    if not axes:
        return x
    return reshape(low, reduced(low, x, "sum", axes, supported(node.value)), shape)


@rule("centered")
def _centered(low: Lowering, node: Node) -> Value:
    x, dtype = low.operand(node.inputs[0]), supported(node.value)
    return centered(low, x, axes_of(node.params["axis"], len(x.shape)), dtype)


def centered(low: Lowering, x: Value, axes: tuple[int, ...], dtype: np.dtype[Any]) -> Value:
    """``x - mean(x)`` measured from the first element, as eager code does it: 0 where all are equal."""
    from .shapes import sliced

    low.memory(x)
    first = sliced(low, x, tuple(slice(0, 1) if a in axes else slice(None) for a in range(len(x.shape))))
    d = combined("{0} - {1}", [x, first], x.shape, dtype, 1)
    middle = mean(low, d, axes, dtype)
    return combined("{0} - {1}", [d, middle], x.shape, dtype, 1)


@rule("var", "std")
def _var(low: Lowering, node: Node) -> Value:
    assert node.op is not None
    x, dtype = low.operand(node.inputs[0]), supported(node.value)
    axes = axes_of(node.params["axis"], len(x.shape))
    left = math.prod(x.shape[a] for a in axes) - node.params["ddof"]
    if left <= 0:
        raise Unsupported("a variance of nothing")
    d = centered(low, x, axes, dtype)
    total = reduced(low, combined("{0} * {0}", [d], x.shape, dtype, 1), "sum", axes, dtype)
    text = f"{{0}} / {literal(float(left), dtype)}"
    y = combined(f"root({text})" if node.op.name == "std" else text, [total], total.shape, dtype, 5)
    return reshape(low, y, np.shape(node.value))


# --- exponentials that share a sum ------------------------------------------------------------------------------------


def _shift(low: Lowering, x: Value, axes: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[Value, Value]:
    """The largest element over `axes`, and what is taken off before exp: that, or 0 where it is infinite."""
    top = reduced(low, x, "max", axes, dtype)
    return top, combined("pick(magnitude({0}) == T(inf), T(0.0), {0})", [top], top.shape, dtype, 2)


@rule("logsumexp")
def _logsumexp(low: Lowering, node: Node) -> Value:
    x, dtype = low.operand(node.inputs[0]), supported(node.value)
    axes = axes_of(node.params["axis"], len(x.shape))
    top = reduced(low, x, "max", axes, dtype)
    shift = combined("pick(magnitude({0}) < T(inf), {0}, T(0.0))", [top], top.shape, dtype, 2)
    total = reduced(low, combined("exp#({0} - {1})", [x, shift], x.shape, dtype, 13), "sum", axes, dtype)
    y = combined("log#({0}) + {1}", [total, shift], total.shape, dtype, 15)
    return reshape(low, y, np.shape(node.value))


@rule("log_softmax")
def _log_softmax(low: Lowering, node: Node) -> Value:
    x, dtype = low.operand(node.inputs[0]), supported(node.value)
    axes = axes_of(node.params["axis"], len(x.shape))
    top = reduced(low, x, "max", axes, dtype)
    z = combined("{0} - {1}", [x, top], x.shape, dtype, 1)
    total = reduced(low, combined("exp#({0})", [z], x.shape, dtype, 12), "sum", axes, dtype)
    logarithm = combined("log#({0})", [total], total.shape, dtype, 14)
    return combined("{0} - {1}", [z, logarithm], x.shape, dtype, 1)


@rule("softmax")
def _softmax(low: Lowering, node: Node) -> Value:
    x, dtype = low.operand(node.inputs[0]), supported(node.value)
    axes = axes_of(node.params["axis"], len(x.shape))
    top, shift = _shift(low, x, axes, dtype)
    text = "pick(magnitude({1}) == T(inf), pick({0} == T(inf), T(1.0), T(0.0)), exp#({0} - {2}))"
    e = combined(text, [x, top, shift], x.shape, dtype, 15)
    total = reduced(low, e, "sum", axes, dtype)
    scale = combined("T(1.0) / pick({0} == T(0.0), T(1.0), {0})", [total], total.shape, dtype, 5)
    return combined("{0} * {1}", [e, scale], x.shape, dtype, 1)


@rule("winners")
def _winners(low: Lowering, node: Node) -> Value:
    x, y = low.operands(node)
    dtype, shape = supported(node.value), np.shape(node.value)
    axes = axes_of(node.params["axis"], len(x.shape))
    kept = tuple(1 if a in axes else n for a, n in enumerate(x.shape))
    top = reshape(low, y, kept)
    hit = combined("pick({0} == {1}, T(1.0), T(0.0))", [x, top], shape, dtype, 1)
    ties = reduced(low, hit, "sum", axes, dtype)
    share = combined("T(1.0) / {0}", [ties], ties.shape, dtype, 4)
    return combined("{0} * {1}", [hit, share], shape, dtype, 1)
